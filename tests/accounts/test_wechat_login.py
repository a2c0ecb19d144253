"""POST /login/wx and /users/login against the sandbox on the wire."""

import httpx
import pytest
from django.conf import settings

from accounts.models import LoginLog, LoginSession, User, UserStatus, WeChatIdentity
from tests.helpers import Api, data, refusal

LOGIN = "/users/login"


@pytest.fixture(autouse=True)
def _fresh_world(sandbox, db):
    sandbox.reset()


def login(sandbox, persona, path=LOGIN):
    return Api().post(path, {"code": sandbox.login_code(persona["id"])})


def test_the_first_login_registers_and_the_second_finds_the_same_person(sandbox):
    persona = sandbox.persona(nickname="小林", unionid="union-1")

    first = data(login(sandbox, persona))
    second = data(login(sandbox, persona, "/login/wx"))

    user = User.objects.get()
    assert first.keys() == {"token", "refresh", "expires_in", "user"}
    assert first["expires_in"] == 900
    assert first["user"] == {
        "id": user.pk, "openid": persona["openid"], "nickname": "", "avatar": "",
        "deletes_at": None,
    }  # fmt: skip
    assert second["user"] == first["user"]
    assert second["token"] != first["token"]
    identity = WeChatIdentity.objects.get()
    assert (identity.openid, identity.unionid) == (persona["openid"], "union-1")
    assert user.has_usable_password() is False


def test_a_known_person_costs_no_write_but_the_session_and_the_login_log(
    sandbox, django_assert_num_queries
):
    persona = sandbox.persona()
    data(login(sandbox, persona))
    code = sandbox.login_code(persona["id"])

    # identity; savepoint, lock, session, refresh token, release; log
    with django_assert_num_queries(7) as statements:
        data(Api().post(LOGIN, {"code": code}))

    writes = [s["sql"].split()[2].strip('`"') for s in statements if s["sql"].startswith("INSERT")]
    assert writes == ["accounts_loginsession", "accounts_refreshtoken", "accounts_loginlog"]
    assert not [s for s in statements if s["sql"].startswith("UPDATE")]


def test_the_token_opens_the_profile(sandbox):
    persona = sandbox.persona()
    body = data(login(sandbox, persona))
    client = Api()
    client.headers["Authorization"] = f"Bearer {body['token']}"

    assert data(client.get("/users/profile"))["openid"] == persona["openid"]


def test_J8_a_code_works_once(sandbox):
    persona = sandbox.persona()
    code = sandbox.login_code(persona["id"])
    data(Api().post(LOGIN, {"code": code}))

    for _ in range(5):
        assert refusal(Api().post(LOGIN, {"code": code})) == (400, 11004)

    assert LoginSession.objects.count() == 1
    assert User.objects.count() == 1


def test_J8_openids_that_differ_in_case_are_two_people(sandbox):
    upper = sandbox.persona(openid="oABCDEFGHIJKLMNOPQRSTUVWXYZ1")
    lower = sandbox.persona(openid="oabcdefghijklmnopqrstuvwxyz1")

    first, second = data(login(sandbox, upper)), data(login(sandbox, lower))

    assert first["user"]["id"] != second["user"]["id"]
    assert first["user"]["openid"] == "oABCDEFGHIJKLMNOPQRSTUVWXYZ1"
    assert second["user"]["openid"] == "oabcdefghijklmnopqrstuvwxyz1"


def test_J8_an_openid_in_the_body_changes_nothing(sandbox):
    victim, thief = sandbox.persona(), sandbox.persona()
    data(login(sandbox, victim))

    body = {"code": sandbox.login_code(thief["id"]), "openid": victim["openid"], "user_id": 1}
    answer = data(Api().post(LOGIN, body))

    assert answer["user"]["openid"] == thief["openid"]
    assert User.objects.count() == 2


def test_J8_session_key_and_secret_are_in_no_answer_and_no_log(sandbox, caplog):
    caplog.set_level("DEBUG")
    persona = sandbox.persona()

    response = login(sandbox, persona)
    login(sandbox, persona | {"id": persona["id"]})
    Api().post(LOGIN, {"code": "unknown"})

    texts = response.content.decode() + "".join(
        record.getMessage() for record in caplog.records if record.name.startswith("accounts")
    )
    assert "session_key" not in texts
    assert settings.WX_APPSECRET not in texts


def test_unionid_that_comes_later_is_filled_in(sandbox):
    persona = sandbox.persona()
    data(login(sandbox, persona))
    sandbox.persona(id=persona["id"], unionid="late")

    data(login(sandbox, persona))

    assert WeChatIdentity.objects.get().unionid == "late"


def test_a_unionid_known_from_another_app_is_the_same_person(sandbox, user):
    WeChatIdentity.objects.create(user=user, appid="wx-website", openid="oOther", unionid="u1")
    persona = sandbox.persona(unionid="u1")

    assert data(login(sandbox, persona))["user"]["id"] == user.pk
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("errcode", "expected"),
    [
        ("40029", (400, 11004)),
        ("40163", (400, 11004)),
        ("40226", (403, 11005)),
        ("45011", (429, 11006)),
        ("40013", (503, 11007)),
        ("40125", (503, 11007)),
        ("-1", (503, 11007)),
        ("99999", (503, 11007)),
    ],
)
def test_what_wechat_refuses_has_one_refusal_of_ours(sandbox, errcode, expected):
    persona = sandbox.persona()
    sandbox.fault(f"error:{errcode}", "wx", "jscode2session", times=2)

    assert refusal(login(sandbox, persona)) == expected

    assert User.objects.count() == LoginSession.objects.count() == 0
    log = LoginLog.objects.get()
    assert (log.method, log.succeeded, log.user) == ("wechat", False, None)


def test_a_blocked_person_gets_no_account(sandbox):
    persona = sandbox.persona(risk="blocked")

    assert refusal(login(sandbox, persona)) == (403, 11005)
    assert User.objects.exists() is False


def test_busy_once_is_asked_again(sandbox):
    persona = sandbox.persona()
    sandbox.fault("error:-1", "wx", "jscode2session")

    assert data(login(sandbox, persona))["user"]["openid"] == persona["openid"]


@pytest.mark.parametrize("action", ["status:502", "status:302", "drop", "truncate_body"])
def test_G3_hostile_answers_are_503_and_leave_nothing(sandbox, action):
    persona = sandbox.persona()
    sandbox.fault(action, "wx", "jscode2session", times=2)

    response = login(sandbox, persona)

    assert refusal(response) == (503, 11007)
    assert response.headers["Retry-After"] == "1"
    assert User.objects.exists() is False


def test_wrong_secret_is_an_alarm_in_the_log(sandbox, settings, caplog):
    settings.WX_APPSECRET = "wrong-secret-wrong-secret"

    assert refusal(login(sandbox, sandbox.persona())) == (503, 11007)
    assert [r.levelname for r in caplog.records if r.name == "accounts.services.login"] == ["ERROR"]


def test_nobody_listening_is_503(sandbox, settings):
    settings.WX_API_BASE = "http://127.0.0.1:1"

    assert refusal(login(sandbox, sandbox.persona())) == (503, 11007)


def test_a_disabled_person_is_refused(sandbox):
    persona = sandbox.persona()
    data(login(sandbox, persona))
    User.objects.update(status=UserStatus.DISABLED)
    sessions = LoginSession.objects.count()

    assert refusal(login(sandbox, persona)) == (403, 11002)

    assert LoginSession.objects.count() == sessions
    log = LoginLog.objects.first()
    assert (log.user_id, log.succeeded) == (User.objects.get().pk, False)
    assert persona["openid"] not in log.account


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": "x" * 129}, {"code": ["a"]}])
def test_bad_bodies_name_the_field(sandbox, body):
    response = Api().post(LOGIN, body)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == ["code"]


def test_device_is_taken_from_body_or_headers(sandbox):
    persona = sandbox.persona()
    code = sandbox.login_code(persona["id"])
    body = {"code": code, "device_name": "小林的手机", "platform": "ios"}

    data(Api().post(LOGIN, body, User_Agent="MicroMessenger"))
    headers = {"X-Device-Name": "%E5%B9%B3%E6%9D%BF", "X-Platform": "android"}
    data(Api().post(LOGIN, {"code": sandbox.login_code(persona["id"])}, **headers))

    second, first = LoginSession.objects.all()
    assert (first.device_name, first.platform) == ("小林的手机", "ios")
    assert (first.user_agent, first.ip_address) == ("MicroMessenger", "127.0.0.1")
    assert (second.device_name, second.platform) == ("平板", "android")


def test_the_sandbox_really_speaks_http(sandbox):
    """The twin of the tests above: the code went over the wire, not through a patched client."""
    answer = httpx.get(f"{settings.WX_API_BASE}/sns/jscode2session", params={"js_code": "x"})
    assert answer.json()["errcode"] == 40013
