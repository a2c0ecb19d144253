"""Logging in, registering and resetting a password by a code; the WeChat phone number button."""

from datetime import timedelta

import pytest

from accounts.models import (
    CodePurpose,
    LoginLog,
    LoginSession,
    Notification,
    PhoneCode,
    User,
    UserStatus,
    WeChatIdentity,
)
from accounts.services.phone_codes import request_code
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data, refusal

PHONE = "13800138000"
STRONG = "chun-shui-chu-sheng-2026"


@pytest.fixture(autouse=True)
def _fresh_world(sandbox, db):
    sandbox.reset()


def code_for(sandbox, purpose, phone=PHONE) -> str:
    for row in PhoneCode.objects.filter(phone=phone):  # the last one was a minute ago
        PhoneCode.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(minutes=1))
    sandbox.clock(advance=61)
    request_code(phone, purpose, ip_address="127.0.0.1")
    return sandbox.last_sms(phone, purpose=purpose)["params"]["code"]


def test_the_first_login_registers_and_the_second_finds_the_same_person(sandbox):
    first = data(Api().post("/login/phone", {"phone": PHONE, "code": code_for(sandbox, "login")}))
    spelled = {"phone": "+86 138-0013-8000", "code": code_for(sandbox, "login")}
    second = data(Api().post("/login/phone", spelled))

    user = User.objects.get()
    assert first.keys() == {"token", "refresh", "expires_in", "user"}
    assert first["user"] == second["user"]
    assert first["user"] == {
        "id": user.pk, "openid": None, "nickname": "", "avatar": "", "deletes_at": None,
    }  # fmt: skip
    assert (user.phone, user.has_usable_password()) == (PHONE, False)
    assert set(LoginLog.objects.values_list("method", "account", "succeeded")) == {
        ("phone", "138****8000", True)
    }


def test_a_wrong_code_is_refused_logged_and_registers_nobody(sandbox):
    code_for(sandbox, "login")

    assert refusal(Api().post("/login/phone", {"phone": PHONE, "code": "000000"})) in {(400, 11027)}

    assert User.objects.exists() is LoginSession.objects.exists() is False
    assert LoginLog.objects.get().reason == "验证码错误或已失效，请重新获取"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", None])
def test_what_is_no_code_is_a_field_error(sandbox, code):
    response = Api().post("/login/phone", {"phone": PHONE, "code": code})

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == ["code"]


@pytest.mark.parametrize("status", [UserStatus.DISABLED, UserStatus.DELETED])
def test_who_is_disabled_or_deleted_stays_out_on_every_path(sandbox, status):
    user = UserFactory(phone=PHONE, password=PASSWORD, status=status)
    persona = sandbox.persona(phone=PHONE)
    before = user.password
    body = {"phone": PHONE, "code": code_for(sandbox, "login")}
    reset = {"phone": PHONE, "code": code_for(sandbox, "reset"), "password": STRONG}
    button = {
        "code": sandbox.login_code(persona["id"]),
        "phone_code": sandbox.phone_code(persona["id"]),
    }

    assert refusal(Api().post("/login", {"account": PHONE, "password": PASSWORD}))[0] in {401, 403}
    assert refusal(Api().post("/login/phone", body)) == (403, 11002)
    assert refusal(Api().post("/login/wx-phone", button)) == (403, 11002)
    assert refusal(Api().post("/password/reset", reset)) == (403, 11002)
    register = {"phone": PHONE, "code": code_for(sandbox, "register")}
    assert refusal(Api().post("/register", register)) == (409, 11031)

    user.refresh_from_db()
    assert user.password == before
    assert LoginSession.objects.exists() is WeChatIdentity.objects.exists() is False
    assert User.objects.count() == 1


def test_register_by_phone_and_code(sandbox):
    body = {"phone": PHONE, "code": code_for(sandbox, "register"), "nickname": "小林"}

    answer = data(Api().post("/register", body), 201)

    user = User.objects.get()
    assert (user.phone, user.nickname, user.username) == (PHONE, "小林", None)
    assert answer["user"]["id"] == user.pk
    assert user.has_usable_password() is False


def test_register_by_phone_with_a_password_logs_in_by_either(sandbox):
    body = {"phone": PHONE, "code": code_for(sandbox, "register"), "password": STRONG}
    data(Api().post("/register", body), 201)

    data(Api().post("/login", {"account": PHONE, "password": STRONG}))


def test_a_weak_password_does_not_use_up_the_code(sandbox):
    body = {"phone": PHONE, "code": code_for(sandbox, "register"), "password": "12345678"}

    assert refusal(Api().post("/register", body)) == (400, 11014)
    assert PhoneCode.objects.get().used_at is None
    data(Api().post("/register", body | {"password": STRONG}), 201)


def test_only_who_holds_the_number_learns_that_it_is_registered(sandbox):
    UserFactory(phone=PHONE)
    guess = {"phone": PHONE, "code": "000000"}
    stranger = {"phone": "13900139000", "code": "000000"}
    assert refusal(Api().post("/register", guess)) == refusal(Api().post("/register", stranger))

    response = Api().post("/register", {"phone": PHONE, "code": code_for(sandbox, "register")})

    assert refusal(response) == (409, 11031)
    assert response.json()["data"] == {"next": "login"}
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"phone": PHONE}, ["code"]),
        ({"code": "123456"}, ["phone"]),
        ({"username": "xiaolin"}, ["password"]),
        ({}, ["username", "password"]),
    ],
)
def test_half_a_registration_names_what_is_missing(body, missing):
    response = Api().post("/register", body)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == missing


def test_J4_a_reset_sets_the_password_and_ends_every_login(sandbox):
    user = UserFactory(phone=PHONE, password=PASSWORD)
    elsewhere = Api(user)
    code = code_for(sandbox, "reset")

    data(Api().post("/password/reset", {"phone": PHONE, "code": code, "password": STRONG}))

    assert elsewhere.get("/users/profile").status_code == 401
    data(Api().post("/login", {"account": PHONE, "password": STRONG}))
    assert Api().post("/login", {"account": PHONE, "password": PASSWORD}).status_code == 401
    assert Notification.objects.get(user=user).template == "password_changed"


def test_a_reset_without_the_right_code_changes_nothing(sandbox):
    user = UserFactory(phone=PHONE, password=PASSWORD)
    login = code_for(sandbox, "login")
    body = {"phone": PHONE, "code": login, "password": STRONG}

    assert refusal(Api().post("/password/reset", body)) == (400, 11027)

    before = user.password
    user.refresh_from_db()
    assert user.password == before


def test_a_reset_for_a_number_without_account_says_no_more_than_a_wrong_code(sandbox):
    body = {"phone": PHONE, "code": code_for(sandbox, "reset"), "password": STRONG}

    assert refusal(Api().post("/password/reset", body)) == (400, 11027)
    assert User.objects.exists() is False


def button(sandbox, persona) -> dict:
    return {
        "code": sandbox.login_code(persona["id"]),
        "phone_code": sandbox.phone_code(persona["id"]),
    }


def test_the_phone_button_registers_one_person_with_both(sandbox):
    persona = sandbox.persona(phone=PHONE)

    answer = data(Api().post("/login/wx-phone", button(sandbox, persona)))
    again = data(Api().post("/login/wx-phone", button(sandbox, persona)))

    user = User.objects.get()
    assert user.phone == PHONE
    assert WeChatIdentity.objects.get().openid == persona["openid"] == answer["user"]["openid"]
    assert again["user"] == answer["user"]


def test_the_phone_button_binds_the_number_to_a_wechat_that_has_none(sandbox):
    persona = sandbox.persona(phone=PHONE)
    first = data(Api().post("/login/wx", {"code": sandbox.login_code(persona["id"])}))

    data(Api().post("/login/wx-phone", button(sandbox, persona)))

    assert User.objects.get().phone == PHONE
    assert User.objects.get().pk == first["user"]["id"]


def test_the_phone_button_finds_the_account_of_the_number(sandbox):
    user = UserFactory(phone=PHONE)
    persona = sandbox.persona(phone=PHONE)

    answer = data(Api().post("/login/wx-phone", button(sandbox, persona)))

    assert answer["user"]["id"] == user.pk == WeChatIdentity.objects.get().user_id
    assert Notification.objects.get(user=user).template == "wechat_bound"


def test_the_phone_button_moves_nothing_between_two_accounts(sandbox):
    owner, persona = UserFactory(phone=PHONE), sandbox.persona(phone=PHONE)
    data(Api().post("/login/wx", {"code": sandbox.login_code(persona["id"])}))

    response = Api().post("/login/wx-phone", button(sandbox, persona))

    assert refusal(response) == (409, 11031)
    assert response.json()["data"] == {"next": "merge"}
    assert WeChatIdentity.objects.get().user_id != owner.pk
    assert User.objects.get(phone=PHONE) == owner


def test_a_number_of_another_country_is_refused(sandbox):
    persona = sandbox.persona(phone="91234567", country_code="852")

    assert refusal(Api().post("/login/wx-phone", button(sandbox, persona))) == (422, 11034)
    assert User.objects.exists() is False


def test_a_phone_code_works_once_and_a_login_code_is_none(sandbox):
    persona = sandbox.persona(phone=PHONE)
    body = button(sandbox, persona)
    data(Api().post("/login/wx-phone", body))

    again = {"code": sandbox.login_code(persona["id"]), "phone_code": body["phone_code"]}
    assert refusal(Api().post("/login/wx-phone", again)) == (400, 11004)
    swapped = {name: sandbox.login_code(persona["id"]) for name in ("code", "phone_code")}
    assert refusal(Api().post("/login/wx-phone", swapped)) == (400, 11004)
    assert LoginSession.objects.count() == 1


def test_a_number_marked_for_another_app_is_not_taken(sandbox, monkeypatch):
    from accounts.wechat import WeChatError, wechat_client

    persona = sandbox.persona(phone=PHONE)
    code = sandbox.phone_code(persona["id"])
    client = wechat_client()
    monkeypatch.setattr(client, "appid", "wx-another", raising=True)

    with pytest.raises(WeChatError):
        client.get_phone_number(code)


def test_every_purpose_has_a_template(settings):
    for templates in settings.SMS_TEMPLATES.values():
        assert set(CodePurpose.values) < set(templates)
