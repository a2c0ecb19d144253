"""Showing once more that it is you, before what is sensitive (invariants J-4, J-5)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.errors import AccountDisabled, SessionEnded, StepUpRequired
from accounts.models import LoginGuard, LoginSession, OperationLog, PhoneCode, User
from accounts.services.binding import bind_wechat
from accounts.services.parameters import change_parameters, forget_parameters
from accounts.services.phone_codes import request_code
from accounts.services.sessions import revoke_all, revoke_own
from accounts.services.step_up import require_step_up, step_up
from accounts.tokens import BadToken, Login
from accounts.wechat import wechat_client
from tests.factories.accounts import PASSWORD, StaffFactory, UserFactory
from tests.helpers import Api, data, refusal

PHONE, OTHER = "13800138000", "13900139000"
ASKED = (403, 11100)
WRONG, NO_CODE = (400, 11101), (400, 11027)


@pytest.fixture
def bob(db):
    return UserFactory(username="bob")


@pytest.fixture
def admin(db):
    return Api(StaffFactory("admin"), stepped_up=False)


def code_for(sandbox, phone, purpose="step_up") -> str:
    for row in PhoneCode.objects.filter(phone=phone):  # the last one was a minute ago
        PhoneCode.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(minutes=1))
    sandbox.clock(advance=61)
    request_code(phone, purpose, ip_address="127.0.0.1")
    return sandbox.last_sms(phone, purpose=purpose)["params"]["code"]


def confirmed(api) -> bool:
    return LoginSession.objects.get(sid=api.sid).stepped_up_at is not None


def disable(api, bob):
    return api.post(f"/user/{bob.pk}/disable")


def test_a_sensitive_action_asks_first_and_says_what_to_do(admin, bob):
    answer = disable(admin, bob)

    assert refusal(answer) == ASKED
    assert answer.json()["data"] == {"next": "step_up"}
    bob.refresh_from_db()
    assert bob.is_active


def test_the_password_opens_it_for_five_minutes(admin, bob):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        assert data(admin.post("/step-up", {"password": PASSWORD})) == {"expires_in": 300}

        clock.move_to(start + timedelta(seconds=299))
        data(admin.post(f"/user/{bob.pk}/roles", {"role": "customer_service"}))
        clock.move_to(start + timedelta(seconds=300))
        assert refusal(disable(admin, bob)) == ASKED


def test_how_long_it_counts_is_a_live_parameter(admin, bob):
    data(admin.post("/step-up", {"password": PASSWORD}))
    session = LoginSession.objects.filter(sid=admin.sid)
    session.update(stepped_up_at=timezone.now() - timedelta(seconds=61))

    change_parameters({"STEP_UP_SECONDS": 60}, actor=None)
    forget_parameters()  # nothing is committed in a test

    assert refusal(disable(admin, bob)) == ASKED
    assert data(admin.post("/step-up", {"password": PASSWORD})) == {"expires_in": 60}
    data(disable(admin, bob))


def test_another_login_of_the_same_person_is_not_confirmed(admin, bob):
    elsewhere = Api(admin.user, stepped_up=False)

    data(elsewhere.post("/step-up", {"password": PASSWORD}))

    assert refusal(disable(admin, bob)) == ASKED


def test_who_lacks_the_permission_is_not_asked_for_a_password(bob):
    clerk = Api(StaffFactory("customer_service"), stepped_up=False)

    assert refusal(disable(clerk, bob)) == (403, 10403)


def test_a_new_access_token_of_the_login_stays_confirmed(admin, bob):
    data(admin.post("/step-up", {"password": PASSWORD}))

    pair = data(Api().post("/token/refresh", {"refresh": admin.refresh}))
    admin.headers["Authorization"] = f"Bearer {pair['token']}"

    data(disable(admin, bob))


def test_it_ends_with_the_login(admin, bob):
    data(admin.post("/step-up", {"password": PASSWORD}))
    session = LoginSession.objects.get(sid=admin.sid)
    login = Login(session.pk, session.sid)
    require_step_up(login)

    revoke_own(admin.user.pk, session.pk, reason="test")

    with pytest.raises(StepUpRequired):
        require_step_up(login)
    with pytest.raises(SessionEnded):
        step_up(admin.user.pk, login=login, kind="password", proof=PASSWORD)


def test_who_was_disabled_meanwhile_confirms_nothing(admin):
    session = LoginSession.objects.get(sid=admin.sid)
    User.objects.filter(pk=admin.user.pk).update(status="disabled")

    with pytest.raises(AccountDisabled):
        step_up(
            admin.user.pk, login=Login(session.pk, session.sid), kind="password", proof=PASSWORD
        )

    assert not confirmed(admin)


def test_a_change_of_password_ends_it_everywhere(admin, bob):
    data(admin.post("/step-up", {"password": PASSWORD}))
    new = "chun-shui-chu-sheng-2026"

    data(admin.post("/password/change", {"old_password": PASSWORD, "new_password": new}))

    assert not confirmed(admin)
    assert refusal(disable(admin, bob)) == ASKED
    assert refusal(admin.post("/step-up", {"password": PASSWORD})) == WRONG
    data(admin.post("/step-up", {"password": new}))


def test_wrong_passwords_are_counted_and_the_sixth_is_not_looked_at(admin, bob):
    for _ in range(5):
        assert refusal(admin.post("/step-up", {"password": "wrong"})) == WRONG

    answer = admin.post("/step-up", {"password": PASSWORD})

    assert refusal(answer) == (429, 11040)
    assert int(answer.headers["Retry-After"]) > 800
    assert not confirmed(admin)
    assert refusal(Api(admin.user).post("/step-up", {"password": PASSWORD})) == (429, 11040)


def test_wrong_proofs_of_all_kinds_count_together(sandbox, db):
    sandbox.reset()
    api = Api(UserFactory(phone=PHONE, password=PASSWORD), stepped_up=False)
    stranger = sandbox.persona()["id"]
    code = code_for(sandbox, PHONE)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    tries = [
        ({"code": wrong}, 11027), ({"password": "wrong"}, 11101), ({"code": wrong}, 11027),
        ({"wx_code": sandbox.login_code(stranger)}, 11101), ({"password": "wrong"}, 11101),
    ]  # fmt: skip
    for body, number in tries:
        assert refusal(api.post("/step-up", body)) == (400, number)

    assert refusal(api.post("/step-up", {"code": code})) == (429, 11040)
    assert not confirmed(api)


def test_a_right_one_forgets_the_wrong_ones(admin):
    for _ in range(4):
        admin.post("/step-up", {"password": "wrong"})

    data(admin.post("/step-up", {"password": PASSWORD}))

    assert LoginGuard.objects.get(key=f"u{admin.user.pk}!").failures == 0


def test_a_code_to_ones_own_number_does_without_a_password(sandbox, db):
    sandbox.reset()
    api = Api(UserFactory(phone=PHONE), stepped_up=False)
    sent = data(Api().post("/sms/code", {"phone": PHONE, "purpose": "step_up"}), 202)
    code = sandbox.last_sms(PHONE, purpose="step_up")["params"]["code"]

    assert sent["retry_after"] == 60
    data(api.post("/step-up", {"code": code}))

    assert confirmed(api)
    assert refusal(api.post("/step-up", {"code": code})) == NO_CODE


@pytest.mark.parametrize(("phone", "purpose"), [(OTHER, "step_up"), (PHONE, "login")])
def test_a_code_to_another_number_or_for_another_purpose_does_not(sandbox, db, phone, purpose):
    sandbox.reset()
    api = Api(UserFactory(phone=PHONE), stepped_up=False)

    assert refusal(api.post("/step-up", {"code": code_for(sandbox, phone, purpose)})) == (
        400,
        11027,
    )

    assert not confirmed(api)


def test_who_has_no_number_cannot_use_a_code(api):
    api = Api(api.user, stepped_up=False)

    assert refusal(api.post("/step-up", {"code": "000000"})) == WRONG


def test_a_fresh_code_of_ones_own_wechat_does(sandbox, user):
    sandbox.reset()
    persona = sandbox.persona()["id"]
    person = wechat_client().code2session(sandbox.login_code(persona))
    bind_wechat(user.pk, appid=wechat_client().appid, person=person)
    api = Api(user, stepped_up=False)
    code = sandbox.login_code(persona)

    data(api.post("/step-up", {"wx_code": code}))

    assert confirmed(api)
    assert refusal(api.post("/step-up", {"wx_code": code})) == (400, 11004)


@pytest.mark.parametrize(
    "body", [{}, {"password": PASSWORD, "code": "123456"}, {"code": "12345"}, {"wx_code": ""}]
)
def test_one_proof_at_a_time(admin, body):
    assert refusal(admin.post("/step-up", body)) == (400, 10400)


def test_changing_the_number_asks_first_the_first_number_does_not(sandbox, db):
    sandbox.reset()
    api = Api(UserFactory(password=PASSWORD), stepped_up=False)
    body = {"phone": OTHER, "code": code_for(sandbox, OTHER, "bind")}
    data(api.post("/user/phone/bind", body))
    body = {"phone": PHONE, "code": code_for(sandbox, PHONE, "change")}

    assert refusal(api.post("/user/phone/bind", body)) == ASKED
    data(api.post("/step-up", {"password": PASSWORD}))
    data(api.post("/user/phone/bind", body))  # the refusal spent no code

    api.user.refresh_from_db()
    assert api.user.phone == PHONE


def test_a_cookie_of_the_back_office_confirms_no_token_and_is_confirmed_by_none(admin, bob):
    browser = Client()
    browser.force_login(admin.user)
    session = browser.session
    session["confirmed"] = {"at": timezone.now().timestamp(), "hash": "x"}
    session.save()

    answer = browser.post(
        f"/api/v1/user/{bob.pk}/disable", {}, content_type="application/json", headers=admin.headers
    )

    assert refusal(answer) == ASKED
    assert browser.post("/api/v1/step-up", {"password": PASSWORD}).status_code == 401


def test_right_and_wrong_are_logged_without_the_proof(admin, monkeypatch):
    events = []
    monkeypatch.setattr(
        "accounts.services.step_up.security_event",
        lambda kind, **detail: events.append((kind, detail)),
    )
    session = LoginSession.objects.get(sid=admin.sid)

    admin.post("/step-up", {"password": "wrong-canary"})
    admin.post("/step-up", {"password": PASSWORD})

    assert events == [
        ("step_up_failed",
         {"user": admin.user.pk, "session": session.pk, "by": "password", "code": 11101}),
        ("step_up", {"level": 20, "user": admin.user.pk, "session": session.pk, "by": "password"}),
    ]  # fmt: skip
    rows = OperationLog.objects.filter(operation="session:confirm").order_by("pk")
    assert [(row.status, row.request_params) for row in rows] == [
        ("failed", {"password": "***"}), ("success", {"password": "***"}),
    ]  # fmt: skip


def test_whoever_is_logged_out_elsewhere_is_refused_at_once(admin):
    revoke_all(admin.user.pk, reason="test")

    assert admin.post("/step-up", {"password": PASSWORD}).status_code == 401
    with pytest.raises(BadToken):
        tokens.authenticate(admin.access)
