"""Sending what was bought: who may, what the two sides see, and what is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Notification, StatusChange
from commerce.models import Order, Shipment
from commerce.services.merchants import suspend_merchant
from commerce.services.refunds import request_refund
from config.errors import NotFound
from tests.commerce.payable import KIND, TagPayable
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AddressFactory, MerchantFactory, TagFactory, place, sold
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

PARCEL = {"carrier": "SF", "tracking_number": "SF1234567890"}
BODY = {"parcels": [PARCEL]}


@pytest.fixture
def order(user):
    return sold("shipping", user=user)


@pytest.fixture
def shop(order):
    """The merchant's own client."""
    return Api(order.merchant.user)


def ship(client, order, body=BODY):
    return client.post(f"/merchants/orders/{order.pk}/ship", body)


def nothing_was_sent(order) -> bool:
    order.refresh_from_db()
    return not Shipment.objects.exists() and order.handed_over_at is None


def titles(user) -> list[str]:
    return list(
        Notification.objects.filter(user=user, channel="in_app").order_by("pk")
        .values_list("template", flat=True)
    )  # fmt: skip


# -- how an order comes to be one that is sent


def test_the_payable_says_how_it_reaches_the_buyer(api, user, monkeypatch):
    monkeypatch.setattr(TagPayable, "fulfilment", "shipping")
    address = AddressFactory(user=user)
    body = {"items": [{"kind": KIND, "target_id": TagFactory().pk}], "address_id": address.pk}

    answer = data(api.post("/order", body), 201)

    assert (answer["fulfilment"], answer["status"]) == ("shipping", "pending")
    assert Order.objects.get().fulfilment == "shipping"


def test_parcels_and_what_is_fetched_are_two_orders(api, user, monkeypatch):
    sent, fetched = TagFactory(), TagFactory()
    ways = {sent.pk: "shipping", fetched.pk: "verification"}
    honest = TagPayable.quote
    monkeypatch.setattr(
        TagPayable, "quote",
        lambda self, user, want: honest(
            type("Way", (TagPayable,), {"fulfilment": ways[want.target_id]})(), user, want
        ),
    )  # fmt: skip
    items = [{"kind": KIND, "target_id": tag.pk} for tag in (sent, fetched)]

    assert refusal(api.post("/order", {"items": items})) == (422, 14040)
    assert not Order.objects.exists()


def test_what_its_app_hands_over_itself_stays_as_it_was(user):
    order = place(user)
    assert order.fulfilment == "none"


# -- shipping


def test_the_merchant_ships_and_the_buyer_sees_the_parcel(shop, order, api, user):
    before = timezone.now()

    answer = data(ship(shop, order))

    assert answer["status"] == "shipped"
    assert [parcel["tracking_number"] for parcel in answer["shipments"]] == ["SF1234567890"]
    seen = data(api.get(f"/order/{order.pk}"))
    assert seen["shipments"][0] | {"shipped_at": "", "id": 0} == {
        "id": 0, "carrier": "SF", "carrier_name": "顺丰速运", "tracking_number": "SF1234567890",
        "shipped_at": "",
    }  # fmt: skip
    order.refresh_from_db()
    assert before <= order.handed_over_at <= timezone.now()
    assert order.confirm_by - order.handed_over_at == timedelta(days=15)
    assert order.confirm_by - order.remind_at == timedelta(days=3)
    move = StatusChange.objects.filter(model="commerce.order", new="shipped").get()
    assert (move.old, move.actor) == ("paid", order.merchant.user)
    assert titles(user) == ["order_paid", "order_shipped"]
    assert titles(order.merchant.user) == ["merchant_order_paid"]
    note = Notification.objects.get(user=user, template="order_shipped", channel="in_app")
    assert "顺丰速运 SF1234567890" in note.body


def test_by_its_number_and_several_parcels(shop, order):
    parcels = [PARCEL, {"carrier": "ZTO", "tracking_number": "zto99887766"}]

    answer = data(shop.post(f"/merchants/orders/{order.number}/ship", {"parcels": parcels}))

    assert [(p["carrier"], p["tracking_number"]) for p in answer["shipments"]] == [
        ("SF", "SF1234567890"), ("ZTO", "ZTO99887766"),
    ]  # fmt: skip


@pytest.mark.parametrize("role", ["customer_service", "admin", "finance"])
def test_staff_who_manage_orders_ship_any(staff, order, role):
    assert data(ship(Api(staff(role)), order))["status"] == "shipped"


def test_others_orders_do_not_exist(order, api, staff):
    rival = Api(MerchantFactory(status="approved").user)
    for client in (rival, api, Api(UserFactory()), Api(staff("content_manager"))):
        assert refusal(ship(client, order)) == (404, NotFound.code)
    assert Api().post(f"/merchants/orders/{order.pk}/ship", BODY).status_code == 401
    assert nothing_was_sent(order)
    assert order.status == "paid"


def test_a_suspended_merchant_serves_what_was_sold(shop, order, staff):
    suspend_merchant(order.merchant_id, actor=staff("admin"), reason="投诉")
    assert data(ship(shop, order))["status"] == "shipped"


@pytest.mark.parametrize(
    "status", ["pending", "shipped", "verified", "completed", "cancelled", "expired", "refunding",
               "refunded"],
)  # fmt: skip
def test_only_what_is_paid_is_sent(shop, order, status):
    Order.objects.filter(pk=order.pk).update(status=status)

    assert refusal(ship(shop, order)) == (409, 14041)
    assert nothing_was_sent(order)
    assert order.status == status


@pytest.mark.parametrize("fulfilment", ["none", "verification"])
def test_only_what_is_to_be_sent_is_sent(fulfilment):
    order = sold(fulfilment)
    assert refusal(ship(Api(order.merchant.user), order)) == (409, 14041)
    assert nothing_was_sent(order)


def test_not_while_its_buyer_wants_the_money_back(shop, order, user):
    request_refund(order.pk, user=user, reason_code="other")

    assert refusal(ship(shop, order)) == (409, 14045)
    assert nothing_was_sent(order)
    assert titles(order.merchant.user) == ["merchant_order_paid", "merchant_refund_asked"]


def test_a_number_is_one_parcels(shop, order):
    other = sold("shipping", merchant=order.merchant)
    data(ship(shop, other))

    assert refusal(ship(shop, order)) == (409, 14042)
    assert Shipment.objects.count() == 1
    order.refresh_from_db()
    assert order.status == "paid"
    twice = {"parcels": [PARCEL | {"tracking_number": "SF000000001"}] * 2}
    assert refusal(ship(shop, order, twice)) == (409, 14042)
    assert Shipment.objects.count() == 1


@pytest.mark.parametrize("body", [
    {}, {"parcels": []}, {"parcels": [{}]}, {"parcels": [PARCEL | {"carrier": "PIGEON"}]},
    {"parcels": [PARCEL | {"tracking_number": "12"}]},
    {"parcels": [PARCEL | {"tracking_number": "顺丰1234567"}]},
    {"parcels": [PARCEL | {"tracking_number": "1" * 41}]},
    {"parcels": [PARCEL | {"tracking_number": "SF1234 5678"}]}, {"parcels": [PARCEL] * 11},
])  # fmt: skip
def test_what_is_wrong_in_the_body_is_refused(shop, order, body):
    assert ship(shop, order, body).status_code == 400
    assert nothing_was_sent(order)


# -- a wrong number


def correct(client, order, **parcel):
    shipment = order.shipments.get()
    body = {"shipment_id": shipment.pk, "parcel": PARCEL | parcel}
    return client.post(f"/merchants/orders/{order.pk}/correct", body)


def test_a_wrong_number_is_corrected_and_stays_on_record(shop, order, user):
    data(ship(shop, order))

    answer = data(correct(shop, order, carrier="YTO", tracking_number="YT0000000001"))

    assert answer["shipments"][0]["tracking_number"] == "YT0000000001"
    parcel = Shipment.objects.get()
    assert (parcel.carrier, parcel.wrong_number) == ("YTO", "SF1234567890")
    assert titles(user)[-1] == "order_tracking_corrected"
    data(correct(shop, order, carrier="YTO", tracking_number="YT0000000001"))
    assert Shipment.objects.get().wrong_number == "SF1234567890"  # the same again changes nothing


@pytest.mark.parametrize("status", ["completed", "refunding", "refunded"])
def test_not_when_it_is_over(shop, order, status):
    data(ship(shop, order))
    Order.objects.filter(pk=order.pk).update(status=status)
    assert refusal(correct(shop, order, tracking_number="SF7777777")) == (409, 14043)
    assert Shipment.objects.get().tracking_number == "SF1234567890"


def test_not_to_anothers_number_nor_in_anothers_order(shop, order):
    other = sold("shipping", merchant=order.merchant)
    data(ship(shop, order))
    data(ship(shop, other, {"parcels": [PARCEL | {"tracking_number": "SF0000000002"}]}))

    assert refusal(correct(shop, order, tracking_number="SF0000000002")) == (409, 14042)
    body = {"shipment_id": other.shipments.get().pk, "parcel": PARCEL}
    crossed = shop.post(f"/merchants/orders/{order.pk}/correct", body)
    assert refusal(crossed) == (404, NotFound.code)
    assert sorted(Shipment.objects.values_list("tracking_number", flat=True)) == [
        "SF0000000002", "SF1234567890",
    ]  # fmt: skip
