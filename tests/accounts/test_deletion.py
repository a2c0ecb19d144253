"""Leaving: proved, waited for, stopped by what is open, and then for good (P-8)."""

from datetime import date, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.utils import timezone

from accounts.models import (
    AccountDeletion,
    LoginSession,
    Notification,
    StatusChange,
    User,
    WeChatIdentity,
)
from accounts.services import deletion
from accounts.services.delivery import send_pending
from accounts.services.parameters import change_parameters, forget_parameters
from accounts.services.phone_codes import request_code
from accounts.tasks import finish_deletions
from commerce.models import Order
from commerce.payables import _payable
from counseling.models import ClientProfile
from tests.commerce.payable import KIND, PATH
from tests.factories.accounts import PASSWORD, StaffFactory, UserFactory
from tests.factories.commerce import place
from tests.factories.counseling import (
    CounselorFactory,
    ServiceFactory,
    SlotFactory,
    booked,
    booker,
)
from tests.helpers import Api, data, refusal

PHONE = "13800138000"
COOLING = timedelta(days=15)


@pytest.fixture
def user(db):
    return UserFactory(
        username="xiaoman", nickname="小满", phone=PHONE, email="xiaoman@example.com",
        birthday=date(1995, 5, 20), gender="female", password=PASSWORD,
    )  # fmt: skip


@pytest.fixture
def pending(user) -> AccountDeletion:
    return deletion.request_deletion(user.pk)


@pytest.fixture
def tag_kind(settings):
    """Something to order that is no appointment."""
    settings.PAYABLES = {**settings.PAYABLES, KIND: PATH}
    _payable.cache_clear()


def after(days: float):
    return time_machine.travel(timezone.now() + timedelta(days=days), tick=False)


def told(user) -> list[str]:
    notes = Notification.objects.filter(user=user, channel="sms").order_by("pk")
    return list(notes.values_list("template", flat=True))


def status_of(user) -> str:
    return User.objects.values_list("status", flat=True).get(pk=user.pk)


def test_asking_to_leave_says_when_and_tells_the_person(user, api):
    before = timezone.now()

    answer = data(api.post("/user/deletion", {"reason": "不再使用"}), 201)

    row = AccountDeletion.objects.get()
    assert (answer["status"], answer["cooling_days"], answer["blockers"]) == ("pending", 15, [])
    assert before + COOLING <= row.due_at <= timezone.now() + COOLING
    assert (row.user, row.requested_by, row.reason) == (user, user, "不再使用")
    assert told(user) == ["deletion_requested"]
    assert data(api.get("/user/deletion"))["due_at"] == answer["due_at"]


def test_the_period_is_a_live_parameter(user, api):
    change_parameters({"DELETION_COOLING_DAYS": 3}, actor=None)
    forget_parameters()  # logging in has read them already

    data(api.post("/user/deletion"), 201)

    left = AccountDeletion.objects.get().due_at - timezone.now()
    assert timedelta(days=2, hours=23) < left < timedelta(days=3)


def test_asking_twice_is_one_request(user, api):
    first = data(api.post("/user/deletion"), 201)

    assert data(api.post("/user/deletion"), 201) == first
    assert AccountDeletion.objects.count() == 1
    assert told(user) == ["deletion_requested"]


def test_asking_needs_a_login_that_has_just_shown_who_it_is(user):
    api = Api(user, stepped_up=False)

    assert refusal(api.post("/user/deletion")) == (403, 11100)
    assert not AccountDeletion.objects.exists()
    data(api.post("/step-up", {"password": PASSWORD}))
    assert data(api.post("/user/deletion"), 201)["status"] == "pending"


def test_one_may_log_in_meanwhile_and_sees_it(pending, user):
    answer = data(Api().post("/login", {"account": "xiaoman", "password": PASSWORD}))

    shown = data(Api(user).get("/user/deletion"))
    assert answer["user"]["deletes_at"] == shown["due_at"] is not None


def test_withdrawing_keeps_everything(pending, user, api):
    assert data(api.delete("/user/deletion")) == {}

    pending.refresh_from_db()
    assert (pending.status, pending.live_user) == ("cancelled", None)
    assert data(api.get("/user/deletion"))["status"] == "none"
    with after(16):
        assert finish_deletions() == 0
    user.refresh_from_db()
    assert (user.status, user.phone, user.deletes_at) == ("active", PHONE, None)
    assert told(user) == ["deletion_requested", "deletion_cancelled"]


def test_withdrawing_nothing_is_refused(api):
    assert refusal(api.delete("/user/deletion")) == (404, 10404)


def test_one_may_ask_again_after_withdrawing(pending, user, api):
    data(api.delete("/user/deletion"))

    data(api.post("/user/deletion"), 201)

    assert AccountDeletion.objects.count() == 2


def test_nothing_happens_a_second_before_its_time(pending, user):
    with time_machine.travel(pending.due_at - timedelta(seconds=1), tick=False):
        assert finish_deletions() == 0
        assert status_of(user) == "active"
    with time_machine.travel(pending.due_at, tick=False):
        assert finish_deletions() == 1
    assert status_of(user) == "deleted"


def test_the_day_before_there_is_one_more_notice(pending, user):
    with after(13.9):
        finish_deletions()
        assert told(user) == ["deletion_requested"]
    with after(14.1):
        finish_deletions()
        finish_deletions()
    assert told(user) == ["deletion_requested", "deletion_near"]


def test_P8_the_end_leaves_a_pseudonym(pending, user, api):
    WeChatIdentity.objects.create(user=user, appid="wx1", openid="oMine")
    with after(16):
        assert finish_deletions() == 1
        assert finish_deletions() == 0

    user.refresh_from_db()
    assert (user.username, user.phone, user.email, user.birthday) == (None,) * 4
    assert (user.nickname, user.avatar, user.gender) == ("已注销用户", "", "")
    assert (user.status, user.has_usable_password(), user.deletes_at) == ("deleted", False, None)
    assert str(user) == "已注销用户"
    assert not WeChatIdentity.objects.exists()
    assert not LoginSession.objects.exists()
    assert AccountDeletion.objects.get().status == "done"
    moves = StatusChange.objects.filter(model="accounts.user", object_pk=user.pk)
    assert [(move.old, move.new) for move in moves] == [("active", "deleted")]


def test_J4_every_login_ends_with_the_account(
    pending, user, api, django_capture_on_commit_callbacks
):
    data(api.get("/users/profile"))
    with after(16), django_capture_on_commit_callbacks(execute=True):
        finish_deletions()
    assert api.get("/users/profile").status_code == 401
    assert refusal(Api().post("/token/refresh", {"refresh": api.refresh})) == (401, 11003)
    login = {"account": "xiaoman", "password": PASSWORD}
    assert refusal(Api().post("/login", login)) == (401, 11001)


def test_the_number_the_openid_and_the_name_are_free_for_somebody_new(sandbox, pending, user):
    sandbox.reset()
    persona = sandbox.persona()
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid=persona["openid"])
    with after(16):
        finish_deletions()

    request_code(PHONE, "login", ip_address=None)
    code = sandbox.last_sms(PHONE, purpose="login")["params"]["code"]
    by_phone = data(Api().post("/login/phone", {"phone": PHONE, "code": code}))["user"]["id"]
    by_wechat = data(Api().post("/login/wx", {"code": sandbox.login_code(persona["id"])}))
    named = data(Api().post("/register", {"username": "xiaoman", "password": "Bu-Rong-8"}), 201)

    assert len({user.pk, by_phone, by_wechat["user"]["id"], named["user"]["id"]}) == 4
    assert status_of(user) == "deleted"


def test_the_last_notice_goes_where_the_person_was_and_leaves_no_trace(pending, user, settings):
    settings.EMAIL_URL = "smtp://mail.test"
    with after(16):
        finish_deletions()
        send_pending()
        assert [(m.subject, m.to) for m in mail.outbox[-1:]] == [
            ("账号已注销", ["xiaoman@example.com"])
        ]
    with after(16.1):
        finish_deletions()
    assert not Notification.objects.filter(user=user).exists()
    assert AccountDeletion.objects.get().swept_at is not None


def test_what_a_request_under_way_wrote_afterwards_goes_in_the_second_pass(pending, user):
    with after(16):
        finish_deletions()
        ClientProfile.objects.create(user=user, name="林小满", birth_date=date(1995, 5, 20))
    with after(16.02):
        finish_deletions()
        assert ClientProfile.objects.get().name == "林小满"  # not an hour later yet
    with after(16.1):
        finish_deletions()
    left = ClientProfile.objects.get()
    assert (left.name, left.birth_date.year) == ("已注销用户", 1900)


def unpaid(user):
    place(user)
    return "unpaid_orders"


def paid(user):
    Order.objects.filter(pk=place(user).pk).update(status="paid")
    return "open_orders"


def held(user):
    booked(booker(user=user))
    return "appointments"


def published(user):
    CounselorFactory(user=user)
    return "counselor"


def visited(user):
    service = ServiceFactory(counselor=CounselorFactory(user=user))
    booked(slot=SlotFactory(counselor=service.counselor), service=service)
    return "sessions"


@pytest.mark.parametrize("make", [unpaid, paid, held, published, visited])
def test_what_is_open_blocks_and_says_so(user, api, make, tag_kind):
    code = make(user)

    blockers = data(api.get("/user/deletion"))["blockers"]
    refused = api.post("/user/deletion")

    assert code in [blocker["code"] for blocker in blockers]
    assert refusal(refused) == (409, 11160)
    assert refused.json()["data"]["blockers"] == blockers
    assert not AccountDeletion.objects.exists()
    assert told(user) == []


def test_staff_have_to_be_released_first(db):
    clerk, root = StaffFactory("finance"), StaffFactory("super_admin")

    for person, code in ((clerk, "staff"), (root, "super_admin")):
        refused = Api(person).post("/user/deletion")
        assert refusal(refused) == (409, 11160)
        assert [found["code"] for found in refused.json()["data"]["blockers"]] == [code]


def test_what_opened_meanwhile_puts_the_end_off_and_the_person_hears_of_it(pending, user, tag_kind):
    order = place(user)
    with after(16):
        assert finish_deletions() == 0
        user.refresh_from_db()
        pending.refresh_from_db()
        assert (user.status, pending.blocked_by) == ("active", ["unpaid_orders"])
        assert pending.due_at == user.deletes_at == timezone.now() + timedelta(days=1)
    with after(17.1):
        assert finish_deletions() == 0  # the same reason: no second notice
    Order.objects.filter(pk=order.pk).update(status="expired")
    with after(18.2):
        assert finish_deletions() == 1

    assert status_of(user) == "deleted"
    sent = [t for t in told(user) if t == "deletion_postponed"]
    assert sent == []  # with the person their notices went


def test_the_put_off_notice_names_the_reason_once(pending, user, tag_kind):
    place(user)
    with after(16):
        finish_deletions()
    with after(17.1):
        finish_deletions()

    notes = Notification.objects.filter(template="deletion_postponed", channel="in_app")
    assert "有待支付的订单" in notes.get().body
