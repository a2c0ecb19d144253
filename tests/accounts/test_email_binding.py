"""An email address is somebody's only once a code proved it (J-6, J-7, J-9)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from accounts.models import EmailCode, LoginSession, Notification, User
from accounts.services.delivery import send_pending
from accounts.services.email_codes import request_email_code, spend_email_code
from accounts.services.parameters import change_parameters
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data, refusal

EMAIL, OTHER = "new@example.com", "old@example.com"
STRONG = "Bu-Rong-Yi-88"
WRONG = (400, 11027)


@pytest.fixture(autouse=True)
def _mail_server(settings):
    settings.EMAIL_URL = "smtp://mail.test"


def code_for(email=EMAIL, purpose="bind") -> str:
    EmailCode.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    request_email_code(email, purpose, ip_address="127.0.0.1")
    assert mail.outbox[-1].to == [email]
    return re.search(r"\b[0-9]{6}\b", mail.outbox[-1].body)[0]


def emails() -> set:
    return {(user.pk, user.email) for user in User.objects.all()}


def test_an_address_is_bound_by_the_code_sent_to_it(api, user):
    sent = data(api.post("/email/code", {"email": "New@Example.com", "purpose": "bind"}), 202)
    code = re.search(r"\b[0-9]{6}\b", mail.outbox[0].body)[0]

    data(api.post("/user/email/bind", {"email": EMAIL, "code": code}))

    assert sent == {"expires_in": 300, "retry_after": 60}
    assert (mail.outbox[0].to, mail.outbox[0].subject) == ([EMAIL], "伴心验证码")
    assert "用于绑定邮箱，5 分钟内有效" in mail.outbox[0].body
    assert data(api.get("/users/profile"))["email"] == EMAIL
    assert Notification.objects.get(user=user).template == "email_changed"


def test_changing_takes_a_step_up_and_tells_the_old_address(db):
    user = UserFactory(email=OTHER)
    body = {"email": EMAIL, "code": code_for()}

    refused = Api(user, stepped_up=False).post("/user/email/bind", body)
    assert refusal(refused) == (403, 11100)
    data(Api(user).post("/user/email/bind", body))
    send_pending()

    assert emails() == {(user.pk, EMAIL)}
    assert (mail.outbox[-1].to, mail.outbox[-1].subject) == ([OTHER], "账号邮箱已更换")


def test_J7_no_code_is_kept_and_each_works_once(api, user):
    code = code_for()
    row = EmailCode.objects.get()
    assert code not in str(EmailCode.objects.values().get())
    assert (row.state, row.expires_at - row.created_at > timedelta(minutes=4)) == ("sent", True)

    data(api.post("/user/email/bind", {"email": EMAIL, "code": code}))

    again = Api(UserFactory()).post("/user/email/bind", {"email": EMAIL, "code": code})
    assert refusal(again) == WRONG


def test_J7_after_five_wrong_ones_the_right_one_is_no_use(api, user):
    code = code_for()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        assert refusal(api.post("/user/email/bind", {"email": EMAIL, "code": wrong})) == WRONG

    assert refusal(api.post("/user/email/bind", {"email": EMAIL, "code": code})) == WRONG
    assert emails() == {(user.pk, None)}


def test_J7_a_code_ends_after_five_minutes(api, user):
    code = code_for()
    with time_machine.travel(timezone.now() + timedelta(seconds=301), tick=False):
        fresh = Api(user)
        assert refusal(fresh.post("/user/email/bind", {"email": EMAIL, "code": code})) == WRONG


@pytest.mark.parametrize(("email", "purpose"), [(OTHER, "bind"), (EMAIL, "reset")])
def test_J7_a_code_of_another_address_or_purpose_binds_nothing(api, user, email, purpose):
    body = {"email": EMAIL, "code": code_for(email, purpose)}
    assert refusal(api.post("/user/email/bind", body)) == WRONG
    assert emails() == {(user.pk, None)}


def test_J6_one_a_minute_to_an_address_however_it_is_spelt(anonymous):
    for n, email in enumerate([EMAIL, "NEW@example.com", "New@EXAMPLE.com"]):
        answer = anonymous.post("/email/code", {"email": email, "purpose": "bind"})
        assert (answer.status_code, n) in {(202, 0), (429, 1), (429, 2)}
    assert len(mail.outbox) == EmailCode.objects.count() == 1


@time_machine.travel("2026-11-21T04:00:00Z")  # noon in Shanghai: one day for both
def test_J6_the_days_budget_is_a_live_parameter(anonymous):
    change_parameters({"EMAIL_DAY_BUDGET": 1}, actor=None)
    data(anonymous.post("/email/code", {"email": EMAIL, "purpose": "bind"}), 202)

    refused = anonymous.post("/email/code", {"email": OTHER, "purpose": "bind"})

    assert refusal(refused) == (503, 11162)
    assert len(mail.outbox) == 1


def test_J9_a_taken_address_shows_only_to_who_proves_it(api, user):
    owner = UserFactory(email=EMAIL)
    answers = [
        api.post("/user/email/bind", {"email": email, "code": "000000"}).json() | {"request_id": ""}
        for email in (EMAIL, "nobody@example.com")
    ]
    assert answers[0] == answers[1]

    proved = api.post("/user/email/bind", {"email": EMAIL, "code": code_for()})

    assert refusal(proved) == (409, 11163)
    assert emails() == {(user.pk, None), (owner.pk, EMAIL)}


def test_J9_asking_for_a_code_does_not_tell_who_is_registered(anonymous):
    UserFactory(email=EMAIL)
    answers = [
        anonymous.post("/email/code", {"email": email, "purpose": "reset"}).json()
        for email in (EMAIL, "nobody@example.com")
    ]
    assert answers[0] == answers[1]
    assert len(mail.outbox) == 2


def test_J9_saying_so_is_not_proving_it(api, user):
    assert refusal(api.put("/users/profile", {"email": EMAIL})) == (422, 11019)
    assert emails() == {(user.pk, None)}


def test_a_lost_password_is_set_anew_by_a_code_to_the_address(db):
    user = UserFactory(email=EMAIL, username="alice", password=PASSWORD)
    there = Api(user)
    body = {"email": "NEW@example.com", "code": code_for(purpose="reset"), "password": STRONG}

    data(Api().post("/password/reset", body))

    assert there.get("/users/profile").status_code == 401
    assert not LoginSession.objects.filter(user=user, revoked_at=None).exists()
    assert data(Api().post("/login", {"account": EMAIL, "password": STRONG}))["user"]["id"]


@pytest.mark.parametrize("password", ["12345678", "alice-new"])
def test_a_weak_one_is_refused(db, password):
    user = UserFactory(email=EMAIL, username="alice-new", password=PASSWORD)
    body = {"email": EMAIL, "code": code_for(purpose="reset"), "password": password}

    assert refusal(Api().post("/password/reset", body)) == (400, 11014)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_an_address_of_nobody_resets_nothing(db):
    body = {"email": EMAIL, "code": code_for(purpose="reset"), "password": STRONG}
    assert refusal(Api().post("/password/reset", body)) == WRONG


@pytest.mark.parametrize("body", [{}, {"phone": "13800138000", "email": EMAIL}])
def test_a_reset_is_by_number_or_by_address(anonymous, body):
    body |= {"code": "123456", "password": STRONG}
    assert refusal(anonymous.post("/password/reset", body)) == (400, 10400)


def test_without_a_mail_server_there_is_no_code(anonymous, settings):
    settings.EMAIL_URL = ""
    refused = anonymous.post("/email/code", {"email": EMAIL, "purpose": "bind"})
    assert refusal(refused) == (503, 11162)
    assert not EmailCode.objects.exists()


def test_a_code_that_could_not_be_sent_ends(anonymous, monkeypatch):
    monkeypatch.setattr(EmailBackend, "send_messages", lambda *args: _gone())
    refused = anonymous.post("/email/code", {"email": EMAIL, "purpose": "bind"})

    assert refusal(refused) == (503, 11162)
    row = EmailCode.objects.get()
    assert (row.state, row.error, row.voided_at is not None) == (
        "failed", "ConnectionRefusedError", True,
    )  # fmt: skip


def _gone():
    raise ConnectionRefusedError(EMAIL)


def test_a_disabled_person_binds_nothing(db):
    user, code = UserFactory(), code_for()
    api = Api(user)
    User.objects.filter(pk=user.pk).update(status="disabled")
    assert api.post("/user/email/bind", {"email": EMAIL, "code": code}).status_code == 401
    spend_email_code(EMAIL, "bind", code)  # not used up
