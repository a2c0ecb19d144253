"""The address book, and what an order copies of it."""

import pytest
from django.db import IntegrityError, connection, transaction

from commerce.models import Address, Order
from commerce.services import addresses
from tests.commerce.books import nothing_changes
from tests.commerce.payable import KIND, TagPayable
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AddressFactory, MerchantFactory, TagFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

BODY = {
    "receiver": "周小舟", "phone": "137 3333 4444", "region": "浙江省 杭州市 西湖区",
    "detail": "文三路 1 号",
}  # fmt: skip


@pytest.fixture
def sent(monkeypatch):
    """Tags are sent to their buyer."""
    monkeypatch.setattr(TagPayable, "fulfilment", "shipping")


def items(*tags) -> dict:
    return {"items": [{"kind": KIND, "target_id": tag.pk} for tag in tags]}


def defaults(user) -> list[int]:
    return list(Address.objects.filter(user=user, is_default=True).values_list("pk", flat=True))


def test_the_first_address_is_the_default(api, user):
    first = data(api.post("/addresses", BODY), 201)
    second = data(api.post("/addresses", BODY | {"receiver": "周小满"}), 201)

    created_at = first.pop("created_at")
    assert created_at.endswith("Z")
    assert first == {
        "id": first["id"], "receiver": "周小舟", "phone": "13733334444",
        "region": "浙江省 杭州市 西湖区", "detail": "文三路 1 号", "is_default": True,
    }  # fmt: skip
    assert second["is_default"] is False
    listed = data(api.get("/addresses"))["list"]
    assert [(row["id"], row["phone"]) for row in listed] == [
        (first["id"], "137****4444"), (second["id"], "137****4444"),
    ]  # fmt: skip
    assert data(api.get(f"/addresses/{first['id']}"))["phone"] == "13733334444"


def test_another_becomes_the_default_and_the_newest_inherits_it(api, user):
    first, second, third = (data(api.post("/addresses", BODY), 201)["id"] for _ in range(3))

    changed = data(api.patch(f"/addresses/{second}", {"is_default": True, "detail": "新路 2 号"}))
    assert (changed["is_default"], changed["detail"], changed["phone"]) == (
        True, "新路 2 号", "13733334444",
    )  # fmt: skip
    assert defaults(user) == [second]

    assert data(api.patch(f"/addresses/{second}", {"is_default": False}))["is_default"] is True

    assert data(api.delete(f"/addresses/{second}")) == {}
    assert defaults(user) == [third]
    assert set(Address.objects.values_list("pk", flat=True)) == {first, third}

    for pk in (first, third):
        data(api.delete(f"/addresses/{pk}"))
    assert Address.objects.count() == 0


def test_the_database_refuses_a_second_default(user):
    AddressFactory(user=user, is_default=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        AddressFactory(user=user, is_default=True)

    AddressFactory(is_default=True)  # somebody else's


def test_a_book_is_full_at_twenty(api, user):
    AddressFactory.create_batch(addresses.MOST, user=user)
    AddressFactory.create_batch(3)

    assert refusal(api.post("/addresses", BODY)) == (409, 14023)

    assert Address.objects.filter(user=user).count() == 20


@pytest.mark.parametrize("change", [
    {"receiver": ""}, {"phone": "12345"}, {"region": ""}, {"detail": "x" * 201},
    {"receiver": "周" * 33},
])  # fmt: skip
def test_addresses_are_checked(api, change):
    assert refusal(api.post("/addresses", BODY | change)) == (400, 10400)
    assert Address.objects.count() == 0


def test_strangers_addresses_do_not_exist(api, user):
    theirs = AddressFactory(is_default=True)

    with nothing_changes():
        assert api.get(f"/addresses/{theirs.pk}").status_code == 404
        assert api.put(f"/addresses/{theirs.pk}", BODY).status_code == 404
        assert api.patch(f"/addresses/{theirs.pk}", {"detail": "x"}).status_code == 404
        assert api.delete(f"/addresses/{theirs.pk}").status_code == 404

    theirs.refresh_from_db()
    assert theirs.detail == "文三路 1 号"
    assert data(api.get("/addresses"))["list"] == []
    assert Api().get("/addresses").status_code == 401


def test_P3_addresses_and_their_copies_are_ciphertext(api, user, sent):
    address = AddressFactory(user=user)
    data(api.post("/order", items(TagFactory()) | {"address_id": address.pk}), 201)

    with connection.cursor() as cursor:
        cursor.execute("SELECT receiver, phone, region, detail FROM commerce_address")
        kept = list(cursor.fetchone())
        cursor.execute(
            "SELECT receiver, receiver_phone, region, address_detail FROM commerce_order"
        )
        copied = list(cursor.fetchone())

    assert not any(
        word in text for text in kept + copied for word in ("周小舟", "1373333", "杭州", "文三路")
    )
    assert set(kept).isdisjoint(copied)  # sealed for its own row
    assert all(kept + copied)


def test_an_order_keeps_a_copy_of_the_address(api, user, sent):
    address = AddressFactory(user=user)
    tag = TagFactory()

    order = data(
        api.post("/order", items(tag) | {"address_id": address.pk, "remark": "放门口"}), 201
    )
    data(api.put(f"/addresses/{address.pk}", BODY | {"detail": "搬家了"}))
    data(api.delete(f"/addresses/{address.pk}"))

    expected = {
        "receiver": "周小舟", "phone": "13733334444", "region": "浙江省 杭州市 西湖区",
        "detail": "文三路 1 号",
    }  # fmt: skip
    assert (order["delivery_address"], order["remark"]) == (expected, "放门口")
    assert order["items"][0]["image_url"] == f"https://cdn.example.com/{tag.pk}.webp"
    again = data(api.get(f"/order/{order['id']}"))
    assert (again["delivery_address"], again["remark"]) == (expected, "放门口")
    listed = data(api.get("/order"))["list"][0]
    assert listed["delivery_address"] == expected | {"phone": "137****4444"}


def test_what_is_not_sent_keeps_no_address(api, user):
    address = AddressFactory(user=user)

    order = data(api.post("/order", items(TagFactory()) | {"address_id": address.pk}), 201)

    assert order["delivery_address"] is None
    row = Order.objects.get()
    assert (row.receiver, row.receiver_phone, row.region, row.address_detail) == ("", "", "", "")


def test_what_is_sent_needs_an_address_of_ones_own(api, user, sent):
    theirs = AddressFactory(user=UserFactory())
    tag = TagFactory()

    with nothing_changes():
        assert refusal(api.post("/order", items(tag))) == (422, 14021)
        assert refusal(api.post("/order", items(tag) | {"address_id": theirs.pk})) == (422, 14022)
        assert refusal(api.post("/order", items(tag) | {"address_id": 10**9})) == (422, 14022)

    tag.refresh_from_db()
    assert tag.is_active  # nothing is held


def test_a_long_remark_is_refused(api):
    assert refusal(api.post("/order", items(TagFactory()) | {"remark": "字" * 201})) == (400, 10400)
    assert Order.objects.count() == 0


def test_an_order_has_the_things_of_one_merchant(api, monkeypatch):
    mine, other = MerchantFactory(), MerchantFactory()
    roses, tulips, honey, talk = TagFactory.create_batch(4)
    merchants = {roses.pk: mine.pk, tulips.pk: mine.pk, honey.pk: other.pk}
    monkeypatch.setattr(TagPayable, "merchants", merchants)

    with nothing_changes():
        assert refusal(api.post("/order", items(roses, honey))) == (422, 14020)
        assert refusal(api.post("/order", items(roses, talk))) == (422, 14020)

    order = data(api.post("/order", items(roses, tulips)), 201)
    assert (order["merchant_id"], order["total_amount"]) == (mine.pk, 240.0)
    assert data(api.post("/order", items(talk)), 201)["merchant_id"] is None
