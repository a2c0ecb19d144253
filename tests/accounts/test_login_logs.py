"""GET /login-logs: one's own history, and that every way in leaves a row."""

import pytest
from django.test import Client

from accounts.models import LoginLog, RefreshToken
from accounts.services.login_log import Device, log_attempt
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data


@pytest.fixture
def alice(db):
    return UserFactory(username="alice", password=PASSWORD)


def login(password=PASSWORD):
    body = {"account": "alice", "password": password, "device_name": "书房", "platform": "web"}
    return Api().post("/login", body)


def test_ones_own_attempts_newest_first_with_result_and_reason(alice):
    login("wrong")
    login()
    log_attempt(UserFactory(), "wechat", "", Device())

    page = data(Api(alice).get("/login-logs"))

    assert page["pagination"]["total"] == 2
    rows = [(row["succeeded"], row["reason"]) for row in page["list"]]
    assert rows == [(True, ""), (False, "账号或密码错误")]
    assert page["list"][0].keys() == {
        "id", "method", "account", "succeeded", "reason", "device_name", "platform", "ip_address",
        "created_at",
    }  # fmt: skip
    assert page["list"][0]["device_name"] == "书房"


def test_filters(alice):
    login("wrong")
    login()
    api = Api(alice)

    for query, total in [
        ({"succeeded": "false"}, 1), ({"succeeded": "true"}, 1), ({"method": "password"}, 2),
        ({"method": "wechat"}, 0),
    ]:  # fmt: skip
        assert data(api.get("/login-logs", query))["pagination"]["total"] == total


def test_reasons_are_kept_in_chinese_whatever_the_client_reads(alice):
    Api().post("/login", {"account": "alice", "password": "wrong"}, Accept_Language="en")
    assert LoginLog.objects.get().reason == "账号或密码错误"


def test_a_refresh_token_used_twice_is_on_record(alice):
    pair = data(login())
    Api().post("/token/refresh", {"refresh": pair["refresh"]})
    RefreshToken.objects.exclude(consumed_at=None).update(consumed_at="2026-01-01T00:00Z")

    again = Api().post("/token/refresh", {"refresh": pair["refresh"]}, X_Device_Name="thief")

    assert again.status_code == 401
    row = LoginLog.objects.latest("pk")
    assert (row.user, row.method, row.succeeded) == (alice, "refresh", False)
    assert (row.reason, row.device_name) == ("刷新令牌被重复使用", "thief")


@pytest.mark.parametrize(
    ("why", "found"), [("password", 1), ("otp", 0), ("guesses", 0), ("nonsense", 1)]
)
def test_the_back_office_filters_by_what_failed(alice, staff, why, found):
    login("wrong")
    browser = Client()
    browser.force_login(staff("admin"))

    page = browser.get(f"/admin/accounts/loginlog/?why={why}").content.decode()

    assert page.count("al***ce") == found
