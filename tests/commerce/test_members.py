"""Who works for a merchant: its owner says, and each may do what the role says."""

import pytest

from commerce.models import Merchant, MerchantMember
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MemberFactory, MerchantFactory, ProductFactory, sold
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
BODY = {"name": "玫瑰", "price": 10}


@pytest.fixture
def shop(user):
    return MerchantFactory(user=user, status="approved", business_name="小满花店")


@pytest.mark.parametrize(("role", "may"), [
    ("manager", True), ("clerk", True), ("verifier", False),
])  # fmt: skip
def test_what_each_role_may_do_with_goods(shop, role, may):
    person = Api(MemberFactory(merchant=shop, role=role).user)
    goods = ProductFactory(merchant=shop)
    path = f"/merchants/products/{goods.pk}"

    assert data(person.get(path))["id"] == goods.pk  # everybody who works there looks
    assert (person.post("/merchants/products", BODY).status_code == 201) == may
    assert (person.patch(path, {"price": 11}).status_code == 200) == may
    assert (person.post(f"{path}/stock", {"change": 1}).status_code == 200) == may
    assert (person.delete(path).status_code == 200) == may


@pytest.mark.parametrize(("role", "may"), [
    ("manager", True), ("clerk", True), ("verifier", False),
])  # fmt: skip
def test_what_each_role_may_do_with_orders(shop, role, may):
    """Who only takes codes on the spot reads no addresses."""
    person = Api(MemberFactory(merchant=shop, role=role).user)
    order = sold("shipping", merchant=shop)
    ours = f"/merchants/orders/{order.pk}"
    parcel = {"parcels": [{"carrier": "SF", "tracking_number": "SF1234567890"}]}

    assert [row["id"] for row in data(person.get("/merchants/orders"))["list"]] == (
        [order.pk] if may else []
    )
    assert person.get(ours).status_code == (200 if may else 404)
    assert person.post(f"{ours}/ship", parcel).status_code == (200 if may else 404)


def test_everybody_who_works_there_takes_codes(shop):
    for role in ("manager", "clerk", "verifier"):
        code = sold("verification", merchant=shop).verification_code.code
        stranger = Api(MemberFactory(role=role).user)
        assert stranger.post("/merchants/orders/verify", {"code": code}).status_code == 404

        person = Api(MemberFactory(merchant=shop, role=role).user)
        assert data(person.post("/merchants/orders/verify", {"code": code}))["status"] == "verified"


def test_members_decide_about_nobody(shop):
    manager, clerk = (MemberFactory(merchant=shop, role=role) for role in ("manager", "clerk"))
    person = Api(manager.user)

    with nothing_changes():
        new = {"user_id": UserFactory().pk, "role": "clerk"}
        assert person.post("/merchants/members", new).status_code == 405
        path = f"/merchants/members/{clerk.pk}"
        assert person.patch(path, {"role": "manager"}).status_code == 404
        assert person.delete(path).status_code == 404
        own = f"/merchants/members/{manager.pk}"
        assert person.patch(own, {"role": "clerk"}).status_code == 404
    assert set(MerchantMember.objects.values_list("pk", "role")) == {
        (manager.pk, "manager"), (clerk.pk, "clerk"),
    }  # fmt: skip


def test_strangers_see_and_change_none(api, shop):
    theirs = MemberFactory(role="clerk")

    with nothing_changes():
        assert data(api.get("/merchants/members"))["list"] == []
        path = f"/merchants/members/{theirs.pk}"
        assert api.patch(path, {"role": "manager"}).status_code == 404
        assert api.delete(path).status_code == 404
    theirs.refresh_from_db()
    assert theirs.role == "clerk"


def test_an_owner_changes_a_role_and_lets_somebody_go(api, shop):
    member = MemberFactory(merchant=shop, role="verifier")
    goods = ProductFactory(merchant=shop)
    person = Api(member.user)
    path = f"/merchants/products/{goods.pk}"
    assert person.patch(path, {"price": 11}).status_code == 404

    assert data(api.patch(f"/merchants/members/{member.pk}", {"role": "clerk"}))["role"] == "clerk"
    assert person.patch(path, {"price": 11}).status_code == 200

    assert data(api.delete(f"/merchants/members/{member.pk}")) == {}
    assert person.get(path).status_code == 404
    assert MerchantMember.objects.count() == 0


def test_who_works_for_a_merchant_opens_none(shop):
    body = {
        "merchant_type": "flower_shop", "business_name": "阿朱花店", "business_license": "913100",
        "contact_person": "阿朱", "contact_phone": "13755556666", "address": "上海市",
    }  # fmt: skip
    member = MemberFactory(merchant=shop)

    with nothing_changes():
        assert refusal(Api(member.user).post("/merchants/register", body)) == (409, 14030)
    assert not Merchant.objects.filter(user=member.user).exists()


def test_a_member_may_leave(shop):
    member = MemberFactory(merchant=shop)

    assert data(Api(member.user).delete(f"/merchants/members/{member.pk}")) == {}

    assert MerchantMember.objects.count() == 0
