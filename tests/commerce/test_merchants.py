"""Merchants: registering, the website's applications, and what staff decide."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import Notification, StatusChange
from commerce.models import Merchant, MerchantApplication
from commerce.services.merchants import approve_merchant, handle_application, suspend_merchant
from config.errors import IllegalTransition
from tests.factories.accounts import UserFactory
from tests.factories.commerce import ApplicationFactory, MerchantFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

BODY = {
    "merchant_type": "farm_owner",
    "business_name": "小满农场",
    "business_license": "91310000MA1FL0000X",
    "contact_person": "林小满",
    "contact_phone": "139 1111 2222",
    "address": "上海市崇明区",
    "description": "散养鸡与羊",
}
WISH = {
    "business_name": "田园花店",
    "contact_person": "周田田",
    "contact_phone": "13922223333",
    "email": "tiantian@example.com",
    "description": "想在平台卖花",
}


@pytest.fixture
def reviewer(staff):
    return Api(staff("admin"))


# -- registering


def test_the_answer_of_registering_field_by_field(api, user):
    answer = data(api.post("/merchants/register", BODY), 201)

    assert answer.pop("id") == Merchant.objects.get().pk
    assert answer.pop("created_at").endswith("Z")
    assert answer.pop("submitted_at").endswith("Z")
    assert answer == BODY | {
        "contact_phone": "13911112222", "user_id": user.pk, "status": "pending",
        "review_note": "", "reviewed_at": None,
    }  # fmt: skip


def test_P3_the_contact_is_sealed_in_the_database(api):
    data(api.post("/merchants/register", BODY), 201)

    with connection.cursor() as cursor:
        cursor.execute("SELECT contact_person, contact_phone FROM commerce_merchant")
        stored = " ".join(cursor.fetchone())
    assert "林小满" not in stored
    assert "13911112222" not in stored


@pytest.mark.parametrize(("changes", "field"), [
    ({"merchant_type": "bank"}, "merchant_type"), ({"business_name": ""}, "business_name"),
    ({"business_name": "名" * 65}, "business_name"), ({"contact_phone": "123"}, "contact_phone"),
    ({"address": None}, "address"), ({"description": "长" * 2001}, "description"),
])  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_written(api, changes, field):
    response = api.post("/merchants/register", BODY | changes)

    assert response.status_code == 400
    assert list(response.json()["data"]) == [field]
    assert not Merchant.objects.exists()


@pytest.mark.parametrize("status", ["pending", "approved", "rejected", "suspended"])
def test_one_per_person(api, user, status):
    MerchantFactory(user=user, status=status)

    response = api.post("/merchants/register", BODY)

    assert refusal(response) == (409, 14016)
    assert response.json()["data"] == {"status": status}
    assert Merchant.objects.count() == 1


def test_ones_own_and_nobody_elses(api, user):
    assert api.get("/merchants/mine").status_code == 404
    MerchantFactory()
    assert api.get("/merchants/mine").status_code == 404
    own = MerchantFactory(user=user)
    assert data(api.get("/merchants/mine"))["id"] == own.pk


def test_everybody_sees_the_approved_ones_without_a_contact(anonymous):
    shop = MerchantFactory(status="approved", merchant_type="flower_shop")
    others = [MerchantFactory(status=s).pk for s in ("pending", "rejected", "suspended")]

    assert [row["id"] for row in data(anonymous.get("/merchants"))["list"]] == [shop.pk]
    assert data(anonymous.get("/merchants?merchant_type=farm_owner"))["list"] == []
    assert set(data(anonymous.get(f"/merchants/{shop.pk}"))) == {
        "id", "merchant_type", "business_name", "address", "description", "created_at",
        "rating", "rating_count",
    }  # fmt: skip
    assert {anonymous.get(f"/merchants/{pk}").status_code for pk in others} == {404}


# -- changing


def test_what_was_rejected_is_submitted_again_by_changing_it(api, user):
    own = MerchantFactory(user=user, status="rejected", review_note="执照不清")

    answer = data(api.patch(f"/merchants/{own.pk}", {"business_license": "新执照"}))

    assert (answer["status"], answer["review_note"]) == ("pending", "")
    assert answer["business_license"] == "新执照"
    assert StatusChange.objects.get(model="commerce.merchant").actor == user


@pytest.mark.parametrize("status", ["approved", "suspended"])
def test_what_was_reviewed_stays_once_it_is_approved(api, user, status):
    own = MerchantFactory(user=user, status=status)

    data(api.patch(f"/merchants/{own.pk}", {"business_name": "别的名字", "address": "新地址"}))

    after = Merchant.objects.get()
    assert (after.business_name, after.address, after.status) == (
        own.business_name, "新地址", status,
    )  # fmt: skip


def test_nobody_changes_anothers(api):
    other = MerchantFactory()
    assert api.patch(f"/merchants/{other.pk}", {"address": "新地址"}).status_code == 404
    assert Merchant.objects.get().address == other.address


# -- review


def test_approval_gives_the_role_and_tells(reviewer):
    merchant = MerchantFactory()

    answer = data(reviewer.post(f"/merchants/{merchant.pk}/approve"))

    assert answer["status"] == "approved"
    assert "contact_phone" not in answer
    assert list(merchant.user.groups.values_list("role__code", flat=True)) == ["merchant"]
    notice = Notification.objects.get(user=merchant.user, template="merchant_approved")
    assert merchant.business_name in notice.body


@pytest.mark.parametrize(("action", "before", "after"), [
    ("reject", "pending", "rejected"), ("suspend", "approved", "suspended"),
])  # fmt: skip
def test_a_no_needs_a_reason_and_says_it(reviewer, action, before, after):
    merchant = MerchantFactory(status=before)
    path = f"/merchants/{merchant.pk}/{action}"

    assert reviewer.post(path, {"reason": " "}).status_code == 400
    assert Merchant.objects.get().status == before
    answer = data(reviewer.post(path, {"reason": "执照不清"}))

    assert (answer["status"], answer["review_note"]) == (after, "执照不清")
    notice = Notification.objects.get(user=merchant.user, template=f"merchant_{after}")
    assert "执照不清" in notice.body


def test_a_suspended_one_loses_the_role_and_gets_it_back(staff):
    actor, merchant = staff("admin"), MerchantFactory()
    approve_merchant(merchant.pk, actor=actor)
    suspend_merchant(merchant.pk, actor=actor, reason="投诉")
    assert not merchant.user.groups.exists()

    approve_merchant(merchant.pk, actor=actor)
    assert merchant.user.groups.exists()


@pytest.mark.parametrize(("action", "status"), [
    ("approve", "rejected"), ("approve", "approved"), ("reject", "approved"),
    ("suspend", "pending"),
])  # fmt: skip
def test_moves_that_are_not_there(reviewer, action, status):
    merchant = MerchantFactory(status=status)
    response = reviewer.post(f"/merchants/{merchant.pk}/{action}", {"reason": "原因"})
    assert refusal(response) == (409, IllegalTransition.code)
    assert not Notification.objects.exists()


# -- the website


def test_the_answer_of_applying_field_by_field(anonymous):
    answer = data(anonymous.post("/website/merchant/apply", WISH), 201)

    assert answer.pop("id") == MerchantApplication.objects.get().pk
    assert answer.pop("created_at").endswith("Z")
    assert answer == WISH | {"status": "pending"}


def test_J6_one_network_leaves_three_an_hour_and_five_a_day(anonymous):
    def leave() -> int:
        return anonymous.post("/website/merchant/apply", WISH).status_code

    assert [leave() for _ in range(4)] == [201, 201, 201, 429]
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert [leave() for _ in range(3)] == [201, 201, 429]
        assert refusal(anonymous.post("/website/merchant/apply", WISH)) == (429, 14018)
    assert MerchantApplication.objects.count() == 5


def test_an_application_is_handled_once(staff):
    row, actor = ApplicationFactory(), staff("admin")

    handle_application(row.pk, actor=actor, accept=True, remark="已电话联系")

    row.refresh_from_db()
    assert (row.status, row.handled_by, row.remark) == ("accepted", actor, "已电话联系")
    with pytest.raises(IllegalTransition):
        handle_application(row.pk, actor=actor, accept=False)


def test_applying_makes_no_account(anonymous):
    before = UserFactory._meta.model.objects.count()
    anonymous.post("/website/merchant/apply", WISH)
    assert UserFactory._meta.model.objects.count() == before
