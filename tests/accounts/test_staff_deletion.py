"""Staff delete people: anonymised, never a cascade, never above themselves (P-8)."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccountDeletion, OperationLog, StatusChange, User
from accounts.services.deletion import request_deletion
from commerce.models import Order
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import booked
from tests.factories.media import FileFactory
from tests.helpers import Api, data, refusal

NO_DATA = {"username": None, "phone": None, "nickname": "已注销用户", "status": "deleted"}


@pytest.fixture
def admin(db):
    return StaffFactory("admin")


def columns(user) -> dict:
    return User.objects.values(*NO_DATA).get(pk=user.pk)


def test_P8_staff_anonymise_somebody_at_once(admin, user):
    person = Api(user)

    assert data(Api(admin).delete(f"/user/{user.pk}", {"reason": "本人来电要求"})) == {}

    assert columns(user) == NO_DATA
    assert person.get("/users/profile").status_code == 401
    row = AccountDeletion.objects.get()
    assert (row.user, row.requested_by, row.status) == (user, admin, "done")
    move = StatusChange.objects.get(model="accounts.user", object_pk=user.pk)
    assert (move.actor, move.old, move.new) == (admin, "active", "deleted")
    assert move.reason == "本人来电要求"
    log = OperationLog.objects.get(operation="user:delete")
    assert (log.target_id, log.status) == (str(user.pk), "success")


def test_somebody_disabled_can_be_deleted_too(admin):
    user = UserFactory(status="disabled")
    data(Api(admin).delete(f"/user/{user.pk}"))
    assert columns(user) == NO_DATA


def test_a_pending_request_ends_with_it(admin, user):
    request_deletion(user.pk)
    data(Api(admin).delete(f"/user/{user.pk}"))
    assert AccountDeletion.objects.get().status == "done"


def test_what_is_open_is_listed_and_nothing_happens(admin):
    appointment = booked()
    before = columns(appointment.user)

    refused = Api(admin).delete(f"/user/{appointment.user_id}")

    assert refusal(refused) == (409, 11160)
    assert refused.json()["data"]["blockers"] == [
        {"code": "appointments", "message": "有尚未结束的预约", "count": 1},
        {"code": "unpaid_orders", "message": "有待支付的订单", "count": 1},
    ]
    assert columns(appointment.user) == before
    assert Order.objects.get().status == "pending"
    assert not AccountDeletion.objects.exists()


def test_nobody_deletes_themselves_or_a_super_admin(admin):
    root = StaffFactory("super_admin")

    assert refusal(Api(admin).delete(f"/user/{admin.pk}")) == (403, 11017)
    assert refusal(Api(admin).delete(f"/user/{root.pk}")) == (403, 11020)
    assert refusal(Api(root).delete(f"/user/{root.pk}")) == (403, 11017)
    assert set(User.objects.values_list("status", flat=True)) == {"active"}


def test_staff_are_released_before_they_are_deleted(admin):
    root, clerk = StaffFactory("super_admin"), StaffFactory("finance")
    other = StaffFactory("super_admin")

    for person in (clerk, other):
        assert refusal(Api(root).delete(f"/user/{person.pk}")) == (409, 11160)
    data(Api(root).delete(f"/user/{clerk.pk}/roles/finance"))
    data(Api(root).delete(f"/user/{clerk.pk}"))

    assert columns(clerk) == NO_DATA


def test_gone_is_gone(admin, user):
    data(Api(admin).delete(f"/user/{user.pk}"))

    assert refusal(Api(admin).delete(f"/user/{user.pk}")) == (409, 10409)
    assert refusal(Api(admin).post(f"/user/{user.pk}/enable")) == (409, 10409)
    assert columns(user) == NO_DATA


def test_only_who_manages_people_deletes(user):
    for role in ("finance", "customer_service", "content_manager"):
        assert refusal(Api(StaffFactory(role)).delete(f"/user/{user.pk}")) == (403, 10403)
    assert columns(user)["status"] == "active"


@pytest.fixture
def office(admin):
    client = Client()
    client.force_login(admin)
    return client


def test_the_back_office_first_shows_what_would_happen(office, user):
    FileFactory(owner=user)
    post = {"action": "delete_people", "_selected_action": [user.pk], "reason": "来电"}

    page = office.post(reverse("admin:accounts_user_changelist"), post).content.decode()

    assert "将保留并去除身份：文件 1" in page
    assert 'value="来电"' in page
    assert columns(user)["status"] == "active"
    assert not OperationLog.objects.filter(operation="user:delete_people").exists()


def test_and_then_does_it(office, admin, user):
    appointment = booked()
    post = {
        "action": "delete_people", "confirmed": "yes", "reason": "来电",
        "_selected_action": [user.pk, appointment.user_id],
    }  # fmt: skip

    page = office.post(reverse("admin:accounts_user_changelist"), post, follow=True)

    assert columns(user) == NO_DATA
    assert columns(appointment.user)["status"] == "active"
    assert "还有未了结的事项" in page.content.decode()
    assert AccountDeletion.objects.get().requested_by == admin


def test_staff_withdraw_somebodys_request(office, user):
    pending = request_deletion(user.pk)
    post = {"action": "cancel", "_selected_action": [pending.pk]}

    office.post(reverse("admin:accounts_accountdeletion_changelist"), post)

    pending.refresh_from_db()
    assert pending.status == "cancelled"
