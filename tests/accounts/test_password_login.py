"""POST /login, /register, /password/change."""

import pytest

from accounts.models import LoginLog, LoginSession, Notification, User, UserStatus
from accounts.services.sessions import Device, open_session
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data, refusal

STRONG = "new-Horse-battery-9"


@pytest.fixture
def alice(db):
    return UserFactory(
        username="alice", nickname="爱丽丝", phone="13800138000", email="a@b.cn", password=PASSWORD
    )


def login(account, password=PASSWORD, **more):
    return Api().post("/login", {"account": account, "password": password} | more)


@pytest.mark.parametrize("account", ["alice", " ALICE ", "13800138000", "a@b.cn", "A@B.CN"])
def test_log_in_by_username_phone_or_email(alice, account):
    body = data(login(account))

    assert body.keys() == {"token", "refresh", "expires_in", "user"}
    assert body["user"] == {
        "id": alice.pk, "openid": None, "nickname": "爱丽丝", "avatar": "", "deletes_at": None,
    }  # fmt: skip
    session = LoginSession.objects.get()
    assert (session.user, session.method, session.ip_address) == (alice, "password", "127.0.0.1")


def test_username_is_another_name_for_account(alice):
    response = Api().post("/login", {"username": "alice", "password": PASSWORD})
    assert data(response)["user"]["id"] == alice.pk


def test_J10_unknown_account_and_wrong_password_are_one_refusal(alice):
    wrong, unknown = login("alice", "not-the-password"), login("nobody", "not-the-password")

    for response in (wrong, unknown):
        assert refusal(response) == (401, 11001)
    same = {"code", "message", "data"}
    assert {k: wrong.json()[k] for k in same} == {k: unknown.json()[k] for k in same}
    assert wrong.json()["message"] == "账号或密码错误"
    assert LoginSession.objects.exists() is False


def test_each_attempt_is_logged_and_masked(alice):
    login("13800138000", User_Agent="phone")
    login("alice", "wrong")
    login("somebody@else.cn", "wrong")

    rows = LoginLog.objects.order_by("pk").values_list("user", "account", "succeeded", "reason")
    assert list(rows) == [
        (alice.pk, "138****8000", True, ""),
        (alice.pk, "al***ce", False, "账号或密码错误"),
        (None, "s***@else.cn", False, "账号或密码错误"),
    ]


def test_a_disabled_person_learns_why_only_with_the_right_password(alice):
    User.objects.update(status=UserStatus.DISABLED)

    assert refusal(login("alice", "wrong")) == (401, 11001)
    assert refusal(login("alice")) == (403, 11002)
    assert LoginSession.objects.exists() is False


def test_somebody_without_a_password_cannot_log_in_by_one(db):
    UserFactory(username="wechat-only")
    for password in ("", "!", "None", "x" * 40):
        assert login("wechat-only", password).status_code in {400, 401}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "password"),
        ({"password": PASSWORD}, "account"),
        ({"account": "alice"}, "password"),
        ({"account": "alice", "password": "x" * 129}, "password"),
        ({"account": "alice", "password": "x" * 1_000_000}, "password"),
        ({"account": "a" * 255, "password": "x"}, "account"),
        ({"account": "a\0lice", "password": "x"}, "account"),
        ({"account": ["alice"], "password": "x"}, "account"),
        ({"account": "alice", "password": {"a": 1}}, "password"),
    ],
)
def test_J10_bad_bodies_name_the_field_and_hash_nothing(alice, monkeypatch, body, field):
    monkeypatch.setattr(User, "check_password", lambda *args: pytest.fail("hashed"))

    response = Api().post("/login", body)

    assert refusal(response) == (400, 10400)
    assert field in response.json()["data"]
    assert LoginLog.objects.exists() is False


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, ["account", "password"]), ({"username": ""}, ["username", "password"]),
     ({"account": None}, ["account", "password"]), ({"password": ""}, ["account", "password"])],
)  # fmt: skip
def test_all_that_is_missing_is_named_at_once(db, body, fields):
    assert list(Api().post("/login", body).json()["data"]) == fields


def test_J10_passwords_that_differ_after_72_bytes_are_different(db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
    long = "密" * 24
    UserFactory(username="long", password=long + "a")

    assert refusal(login("long", long + "b")) == (401, 11001)
    assert login("long", long + "a").status_code == 200


def test_J10_a_hash_of_an_older_kind_is_renewed_at_login(alice, settings):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert alice.password.startswith("md5")

    assert login("alice").status_code == 200

    alice.refresh_from_db()
    assert alice.password.startswith("bcrypt_sha256")


def test_a_login_that_raced_a_password_change_is_refused(alice):
    """The twin of a race: the password changed between checking it and opening the session."""
    stale = User.objects.get(pk=alice.pk)
    alice.set_password("changed-meanwhile-1")
    alice.save(update_fields=["password"])

    with pytest.raises(Exception, match="账号或密码错误"):
        open_session(stale, method="password", device=Device())
    assert LoginSession.objects.exists() is False


def test_register_logs_in(db):
    body = {"username": "New.User-1", "password": STRONG, "nickname": "新人"}

    answer = data(Api().post("/register", body), 201)

    user = User.objects.get()
    assert (user.username, user.nickname, user.is_staff) == ("new.user-1", "新人", False)
    assert answer["user"] == {
        "id": user.pk, "openid": None, "nickname": "新人", "avatar": "", "deletes_at": None,
    }  # fmt: skip
    assert login("new.user-1", STRONG).status_code == 200


def test_privileges_in_the_body_give_nothing(db):
    extras = {"is_staff": True, "is_superuser": True, "status": "deleted", "role": "super_admin",
              "roles": ["admin"], "phone": "13800138000", "id": 7, "token_version": 9}  # fmt: skip

    data(Api().post("/register", {"username": "sneaky", "password": STRONG} | extras), 201)

    user = User.objects.get(username="sneaky")
    assert (user.is_staff, user.is_superuser, user.status) == (False, False, "active")
    assert (user.phone, user.token_version, user.groups.count()) == (None, 1, 0)


@pytest.mark.parametrize("username", ["alice", "ALICE", " Alice ", "ａｌｉｃｅ"])
def test_a_taken_username_is_refused_in_any_spelling(alice, username):
    response = Api().post("/register", {"username": username, "password": STRONG})

    assert refusal(response) == (409, 11013)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "username", ["ab", "1abc", "13800138000", "a@b.cn", "小林小林", "a b", "a/b", "_abc", "а" * 4]
)
def test_a_username_that_could_be_something_else_is_refused(db, username):
    response = Api().post("/register", {"username": username, "password": STRONG})

    assert refusal(response) == (400, 11021)
    assert User.objects.exists() is False


@pytest.mark.parametrize("password", ["short1", "password", "1234567890", "weakling", "weakling1"])
def test_a_weak_password_is_refused_with_reasons(db, password):
    response = Api().post("/register", {"username": "weakling", "password": password})

    assert refusal(response) == (400, 11014)
    assert response.json()["data"]["password"]
    assert User.objects.exists() is False


def change(api, old, new):
    return api.post("/password/change", {"old_password": old, "new_password": new})


def test_changing_the_password_ends_every_other_login(alice):
    here, there = Api(alice), Api(alice)

    assert data(change(here, PASSWORD, STRONG)) == {}

    assert here.get("/users/profile").status_code == 200
    assert refusal(there.post("/token/refresh", {"refresh": there.refresh})) == (401, 11003)
    assert refusal(login("alice")) == (401, 11001)
    assert login("alice", STRONG).status_code == 200
    ended = LoginSession.objects.exclude(revoked_at=None).get()
    assert ended.revoked_reason == "password"
    assert Notification.objects.get().template == "password_changed"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [("wrong", STRONG, (400, 11018)), (PASSWORD, "12345678", (400, 11014))],
)
def test_a_refused_change_changes_nothing(alice, old, new, expected):
    here, there = Api(alice), Api(alice)

    assert refusal(change(here, old, new)) == expected

    assert there.get("/users/profile").status_code == 200
    assert login("alice").status_code == 200


def test_who_has_no_password_cannot_set_one_by_this(api):
    assert refusal(change(api, "", STRONG)) == (400, 10400)
    assert refusal(change(api, "anything", STRONG)) == (400, 11018)
