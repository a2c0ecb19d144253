"""Phone numbers and WeChats move only with proof (invariant J-9)."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounts.models import (
    AccountDeletion,
    LoginSession,
    Notification,
    PhoneCode,
    User,
    UserStatus,
    WeChatIdentity,
)
from accounts.services.delivery import send_pending
from accounts.services.phone_codes import request_code
from tests.factories.accounts import StaffFactory, UserFactory
from tests.helpers import Api, data, refusal

PHONE, OTHER = "13800138000", "13900139000"


@pytest.fixture(autouse=True)
def _fresh_world(sandbox, db):
    sandbox.reset()


def code_for(sandbox, purpose, phone=PHONE) -> str:
    for row in PhoneCode.objects.filter(phone=phone):  # the last one was a minute ago
        PhoneCode.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(minutes=1))
    sandbox.clock(advance=61)
    request_code(phone, purpose, ip_address="127.0.0.1")
    return sandbox.last_sms(phone, purpose=purpose)["params"]["code"]


def phones() -> set:
    return set(User.objects.values_list("pk", "phone"))


def test_the_first_number_is_bound_by_its_code(sandbox, api, user):
    code = code_for(sandbox, "bind")

    data(api.post("/user/phone/bind", {"phone": "+86 138-0013-8000", "code": code}))

    user.refresh_from_db()
    assert user.phone == PHONE
    assert data(api.get("/users/profile"))["phone"] == PHONE
    assert Notification.objects.get(user=user).template == "phone_changed"


def test_changing_takes_a_code_to_the_new_number_and_tells_the_old(sandbox):
    user = UserFactory(phone=OTHER)
    code = code_for(sandbox, "change")

    data(Api(user).post("/user/phone/bind", {"phone": PHONE, "code": code}))
    send_pending()

    assert phones() == {(user.pk, PHONE)}
    assert sandbox.last_sms(OTHER)["params"]["title"] == "账号手机号已更换"


@pytest.mark.parametrize("purpose", ["login", "register", "reset", "change"])
def test_J9_a_code_of_another_purpose_binds_nothing(sandbox, api, user, purpose):
    code = code_for(sandbox, purpose)

    assert refusal(api.post("/user/phone/bind", {"phone": PHONE, "code": code})) == (400, 11027)
    assert phones() == {(user.pk, None)}


def test_J9_the_number_of_another_account_is_not_taken_by_binding(sandbox, api, user):
    owner = UserFactory(phone=PHONE)

    response = api.post("/user/phone/bind", {"phone": PHONE, "code": code_for(sandbox, "bind")})

    assert refusal(response) == (409, 11031)
    assert response.json()["data"] == {"next": "merge"}
    assert phones() == {(user.pk, None), (owner.pk, PHONE)}


def test_J9_claiming_a_victims_number_without_its_code_fails_in_every_way(sandbox, api, user):
    victim = UserFactory(phone=PHONE)
    sandbox.persona(id="thief", phone=OTHER)
    for path in ("/users/profile", "/user/profile"):
        assert refusal(api.put(path, {"phone": PHONE})) == (422, 11019)
        assert refusal(api.patch(path, {"phone": "+86 138 0013 8000"})) == (422, 11019)
    code_for(sandbox, "bind")
    for path in ("/user/phone/bind", "/user/merge", "/login/phone"):
        assert refusal(api.post(path, {"phone": PHONE, "code": "000000"})) == (400, 11027)
    own = code_for(sandbox, "bind", OTHER)
    assert refusal(api.post("/user/merge", {"phone": PHONE, "code": own})) == (400, 11027)
    button = {
        "code": sandbox.login_code("thief"),
        "phone_code": sandbox.phone_code("thief"),
        "phone": PHONE,
    }
    assert data(Api().post("/login/wx-phone", button))["user"]["id"] != victim.pk

    assert (victim.pk, PHONE) in phones()
    assert LoginSession.objects.filter(user=victim).exists() is False


def test_J9_a_refusal_does_not_tell_who_is_registered(sandbox, api):
    UserFactory(phone=PHONE)
    answers = [
        api.post(path, {"phone": phone, "code": "000000"}).json() | {"request_id": ""}
        for path in ("/user/phone/bind", "/user/merge")
        for phone in (PHONE, OTHER)
    ]
    assert answers[0] == answers[1] == answers[2] == answers[3]


def test_merging_moves_the_number_and_logs_the_other_out(sandbox, api, user):
    owner = UserFactory(phone=PHONE)
    there = Api(owner)

    data(api.post("/user/merge", {"phone": PHONE, "code": code_for(sandbox, "bind")}))

    assert phones() == {(user.pk, PHONE), (owner.pk, None)}
    assert there.get("/users/profile").status_code == 401
    for person in (user, owner):
        notes = Notification.objects.filter(user=person, template="identity_moved")
        assert notes.get().body.startswith("手机号已于")


def test_an_account_without_any_way_in_is_left_behind_to_be_deleted(sandbox, api, user):
    owner = UserFactory(phone=PHONE, username=None)

    data(api.post("/user/merge", {"phone": PHONE, "code": code_for(sandbox, "bind")}))

    left = AccountDeletion.objects.get()
    assert (left.user, left.status, left.requested_by) == (owner, "pending", None)
    assert left.due_at > timezone.now() + timedelta(days=14)


def test_an_account_with_a_password_left_is_not(sandbox, api, user):
    UserFactory(phone=PHONE, username="still", password="Bu-Rong-Yi-88")

    data(api.post("/user/merge", {"phone": PHONE, "code": code_for(sandbox, "bind")}))

    assert not AccountDeletion.objects.exists()


def test_merging_moves_a_wechat(sandbox, api, user):
    persona = sandbox.persona()
    data(Api().post("/login/wx", {"code": sandbox.login_code(persona["id"])}))
    other = WeChatIdentity.objects.get().user
    bind = {"code": sandbox.login_code(persona["id"])}
    refused = api.post("/user/wechat/bind", bind)
    assert refusal(refused) == (409, 11032)
    assert refused.json()["data"] == {"next": "merge"}
    assert WeChatIdentity.objects.get().user == other

    data(api.post("/user/merge", {"wx_code": sandbox.login_code(persona["id"])}))

    assert WeChatIdentity.objects.get().user == user
    login = data(Api().post("/login/wx", {"code": sandbox.login_code(persona["id"])}))
    assert login["user"]["id"] == user.pk
    assert LoginSession.objects.filter(user=other, revoked_at=None).exists() is False


def test_binding_a_wechat_lets_it_log_in(sandbox, api, user):
    persona = sandbox.persona(unionid="u-9")

    data(api.post("/user/wechat/bind", {"code": sandbox.login_code(persona["id"])}))
    data(api.post("/user/wechat/bind", {"code": sandbox.login_code(persona["id"])}))

    identity = WeChatIdentity.objects.get()
    assert (identity.user, identity.appid) == (user, settings.WX_APPID)
    assert (identity.openid, identity.unionid) == (persona["openid"], "u-9")
    login = data(Api().post("/login/wx", {"code": sandbox.login_code(persona["id"])}))
    assert login["user"]["id"] == user.pk


def test_one_account_has_one_wechat(sandbox, api):
    first, second = sandbox.persona(), sandbox.persona()
    data(api.post("/user/wechat/bind", {"code": sandbox.login_code(first["id"])}))

    again = {"code": sandbox.login_code(second["id"])}

    assert refusal(api.post("/user/wechat/bind", again)) == (409, 11033)
    merge = {"wx_code": sandbox.login_code(second["id"])}
    assert refusal(api.post("/user/merge", merge)) == (409, 11033)
    assert WeChatIdentity.objects.get().openid == first["openid"]


@pytest.mark.parametrize("status", [UserStatus.DISABLED, UserStatus.DELETED])
def test_what_a_disabled_person_has_is_not_moved(sandbox, api, user, status):
    owner = UserFactory(phone=PHONE, status=status)
    persona = sandbox.persona()
    WeChatIdentity.objects.create(user=owner, appid=settings.WX_APPID, openid=persona["openid"])
    merge = {"phone": PHONE, "code": code_for(sandbox, "bind")}

    assert refusal(api.post("/user/merge", merge)) == (403, 11002)
    wx = {"wx_code": sandbox.login_code(persona["id"])}
    assert refusal(api.post("/user/merge", wx)) == (403, 11002)
    assert phones() == {(user.pk, None), (owner.pk, PHONE)}
    assert WeChatIdentity.objects.get().user == owner


def test_what_staff_has_is_not_moved(sandbox, api, user):
    owner = StaffFactory("finance", phone=PHONE)
    merge = {"phone": PHONE, "code": code_for(sandbox, "bind")}

    assert refusal(api.post("/user/merge", merge)) == (403, 11020)
    assert phones() == {(user.pk, None), (owner.pk, PHONE)}


@pytest.mark.parametrize(
    "body", [{}, {"phone": PHONE}, {"code": "123456"}, {"phone": PHONE, "wx_code": "a"}]
)
def test_a_merge_needs_one_whole_proof(api, body):
    assert refusal(api.post("/user/merge", body)) == (400, 10400)


@pytest.mark.parametrize("path", ["/user/phone/bind", "/user/wechat/bind", "/user/merge"])
def test_binding_is_for_who_is_logged_in(anonymous, path):
    assert anonymous.post(path, {"phone": PHONE, "code": "123456"}).status_code == 401
