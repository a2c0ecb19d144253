"""One row per write by staff, refused or not, and none for anybody else (invariants A-1, A-5)."""

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import NotificationTemplate, OperationLog
from accounts.redaction import redact, redact_all, redact_changes
from accounts.services.role_editing import save_role
from counseling.models import Dispute, LeaveRequest, Qualification
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.counseling import CounselorFactory
from tests.helpers import Api, data


@pytest.fixture
def bob(db):
    return UserFactory(username="bob", nickname="鲍勃")


@pytest.fixture
def root(staff):
    return Api(staff("super_admin", nickname="超管"))


@pytest.fixture
def office(staff):
    def enter(role, **fields):
        browser = Client(headers={"User-Agent": "Firefox"})
        browser.user = staff(role, **fields)
        browser.force_login(browser.user)
        return browser

    return enter


def row() -> OperationLog:
    """The one row there is."""
    return OperationLog.objects.get()


def words(log) -> tuple:
    return log.module, log.operation, log.target_type, log.target_id, log.status


def test_an_api_write_leaves_one_row_with_every_column(root, bob):
    data(root.post(f"/user/{bob.pk}/disable?x=1", {"reason": "骚扰"}, User_Agent="curl/8",
                   X_Request_ID="request-42"))  # fmt: skip

    log = row()
    assert words(log) == ("accounts", "user:disable", "user", str(bob.pk), "success")
    assert (log.admin, log.admin_name) == (root.user, "超管")
    assert (log.request_method, log.request_url) == (
        "POST", f"/api/v1/user/{bob.pk}/disable?x=1",
    )  # fmt: skip
    assert log.request_params == {"reason": "骚扰"}
    assert (log.ip_address, log.user_agent) == ("127.0.0.1", "curl/8")
    assert (log.error_message, log.request_id) == ("", "request-42")
    assert 0 <= log.execution_time < 10_000


def test_the_columns_are_those_of_the_contract():
    columns = {field.column for field in OperationLog._meta.concrete_fields}
    assert columns >= {
        "admin_id", "admin_name", "module", "operation", "target_id", "target_type",
        "request_method", "request_url", "request_params", "ip_address", "user_agent", "status",
        "error_message", "execution_time", "created_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("post", "/user/{pk}/enable", {}, ("user:enable", "failed", "10409")),
        ("post", "/user/{pk}/roles", {"role": "nobody"}, ("user:assign_role", "failed", "11022")),
        ("post", "/user/{pk}/roles", {"role": "finance"}, ("user:assign_role", "success", "")),
        ("delete", "/user/{pk}/roles/finance", None, ("user:remove_role", "success", "")),
        ("post", "/user/999999/disable", {}, ("user:disable", "failed", "10404")),
        ("put", "/users/profile", {"nickname": "新"}, ("user:update", "success", "")),
        ("put", "/users/profile", {"gender": "x"}, ("user:update", "failed", "10400")),
        ("post", "/logout", {}, ("user:logout", "success", "")),
        ("post", "/consents", {"kind": "user"}, ("consent:create", "failed", "10400")),
        ("post", "/user", {}, ("user:create", "failed", "10400")),
    ],
)  # fmt: skip
def test_A1_refusals_leave_their_row_too(root, bob, method, path, body, expected):
    getattr(root, method)(path.format(pk=bob.pk), body)

    log = row()
    operation, status, code = expected
    assert (log.operation, log.status) == (operation, status)
    assert log.error_message.partition(" ")[0] == code


def test_A1_a_permission_denied_leaves_one_row(staff, bob):
    api = Api(staff("content_manager"))

    api.post(f"/user/{bob.pk}/disable", {"reason": "x"})

    assert words(row()) == ("accounts", "user:disable", "user", str(bob.pk), "failed")
    assert row().error_message == "10403 没有权限执行此操作"


def test_a_body_that_is_no_json_is_a_row_without_parameters(root):
    url = "/api/v1/users/profile"
    root.client.put(url, "{broken", "application/json", headers=root.headers)
    assert (row().status, row().request_params) == ("failed", {})


def test_reading_leaves_none(root, bob):
    for path in ("/user", f"/user/{bob.pk}", "/role", "/menu/mine"):
        root.get(path)
    assert OperationLog.objects.exists() is False


def test_ordinary_people_cost_no_statement_and_leave_no_row(api, django_assert_num_queries):
    api.get("/users/profile")
    with django_assert_num_queries(4) as queries:  # savepoint, lock, update, release
        data(api.put("/users/profile", {"nickname": "新"}))
    assert not [q for q in queries if "operationlog" in q["sql"]]
    Api().post("/login", {"account": "x", "password": "y"})
    Api().put("/users/profile", {})
    assert OperationLog.objects.exists() is False


def test_A1_a_row_stays_when_the_request_was_rolled_back(root, bob, monkeypatch):
    """A crash in the middle: the change is gone, the row is not."""
    root.client.raise_request_exception = False
    monkeypatch.setattr(settings, "NOTIFICATION_CHANNELS", {})
    NotificationTemplate.objects.filter(code="role_changed").delete()

    response = root.post(f"/user/{bob.pk}/roles", {"role": "finance"})

    assert response.status_code == 500
    assert bob.groups.exists() is False
    assert (row().operation, row().status, row().error_message) == (
        "user:assign_role", "failed", "HTTP 500",
    )  # fmt: skip


def test_a_log_that_fails_breaks_no_request_but_is_an_error(root, bob, monkeypatch, caplog):
    monkeypatch.setattr("accounts.middleware.operation_of", lambda request: 1 / 0)

    data(root.post(f"/user/{bob.pk}/disable"))

    assert OperationLog.objects.exists() is False
    assert "operation log: lost POST" in caplog.text


# -- the back office


def test_logging_in_and_out(staff):
    staff("admin", username="boss", nickname="老板")
    browser = Client()
    login, logout = reverse("admin:login"), reverse("admin:logout")

    browser.post(login, {"username": "boss", "password": "wrong-password"})
    browser.post(login, {"username": "13800138000", "password": PASSWORD})
    browser.post(login, {"username": "boss", "password": PASSWORD})
    browser.post(logout)

    rows = OperationLog.objects.order_by("pk").values_list("operation", "admin_name", "status")
    assert list(rows) == [
        ("back_office:login", "bo***ss", "failed"),
        ("back_office:login", "138****8000", "failed"),
        ("back_office:login", "老板", "success"),
        ("back_office:logout", "老板", "success"),
    ]
    assert PASSWORD not in json.dumps(list(OperationLog.objects.values()), default=str)
    assert OperationLog.objects.order_by("pk").first().request_params["password"] == "***"


def test_actions_name_what_they_did_and_to_whom(office, bob):
    other = UserFactory()
    browser = office("admin")
    url = reverse("admin:accounts_user_changelist")
    pks = sorted([bob.pk, other.pk])

    browser.post(url, {"action": "disable", "_selected_action": pks, "reason": "电话 13800138000"})

    log = row()
    assert words(log) == ("accounts", "user:disable", "user", f"{pks[0]},{pks[1]}", "success")
    assert log.request_params["reason"] == "电话 138****8000"
    assert "csrfmiddlewaretoken" not in log.request_params
    assert log.user_agent == "Firefox"


def test_a_refused_action_is_a_failure_with_its_words(office, bob):
    browser = office("admin", nickname="我")
    url = reverse("admin:accounts_user_changelist")

    browser.post(url, {"action": "disable", "_selected_action": [browser.user.pk]})

    assert (row().status, row().error_message) == ("failed", "我：不能对自己执行此操作")


def test_forms(office):
    browser = office("super_admin")
    add = reverse("admin:accounts_user_add")
    good = {"username": "colleague", "nickname": "同事", "password": "long-Enough-9"}

    browser.post(add, good | {"password": "short"})
    browser.post(add, good)
    template = NotificationTemplate.objects.first()
    browser.post(reverse("admin:accounts_notificationtemplate_change", args=[template.pk]), {})

    rows = OperationLog.objects.order_by("pk")
    assert [words(log)[1:] for log in rows] == [
        ("user:create", "user", "", "failed"),
        ("user:create", "user", "", "success"),
        ("template:update", "template", str(template.pk), "failed"),
    ]
    assert rows[0].error_message == "form refused: password"
    assert rows[1].request_params == {
        "username": "colleague", "nickname": "同事", "password": "***",
    }  # fmt: skip


def test_A1_a_denied_page_is_a_row(office, bob):
    office("finance").post(reverse("admin:accounts_user_add"), {"username": "x"})

    assert words(row()) == ("accounts", "user:create", "user", "", "failed")
    assert row().error_message == "HTTP 403"


def test_asking_whether_one_is_sure_is_no_write(office):
    browser = office("super_admin")

    role = save_role("helper", name="助理", permissions=[], actor=None)
    url = reverse("admin:accounts_role_delete", args=[role.pk])

    browser.get(url)
    browser.post(url, {})
    assert OperationLog.objects.exists() is False
    browser.post(url, {"post": "yes"})
    assert words(row()) == ("accounts", "role:delete", "role", str(role.pk), "success")


def test_an_anonymous_post_leaves_none(db):
    Client().post(reverse("admin:accounts_user_add"), {"username": "x"})
    assert OperationLog.objects.exists() is False


def test_a_forged_form_is_a_failed_row(staff):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff("super_admin"))

    assert browser.post(reverse("admin:accounts_user_add"), {}).status_code == 403

    assert (row().operation, row().error_message) == ("user:create", "HTTP 403")


# -- what is kept


def test_A5_secrets_are_hidden_at_any_depth():
    params = {
        "password": "p", "new_password": "p", "password1": "p", "old_passwd": "p", "token": "t",
        "refresh_token": "t", "accessToken": "t", "secret": "s", "AppSecret": "s", "code": "123456",
        "sms_code": "1", "api_key": "k", "apikey": "k", "key": "k", "session_key": "k",
        "sessionid": "s", "openid": "o", "id_card": "1", "idNumber": "1", "phone": "13800138000",
        "contact_phone": "1", "mobile": "1", "email": "a@b.cn", "note": "很难过", "signature": "s",
        "emergency_name": "x", "birth_date": "1990-01-01", "Authorization": "Bearer x",
    }  # fmt: skip
    deep = {"a": [{"b": params}]}

    kept = redact(deep)

    assert set(kept["a"][0]["b"].values()) == {"***"}


def test_what_is_no_secret_stays():
    params = {"reason": "骚扰", "role": "finance", "role_code": "x", "postcode": "100000", "id": 7,
              "keyword": "x", "status": "open", "amount": 1.5, "flag": True, "none": None,
              "monkey": "m", "name": "王老师", "title": "t", "encoded": "e"}  # fmt: skip
    assert redact(params) == params | {"amount": "1.5"}


def test_A5_an_ordinary_word_is_hidden_where_its_model_seals_it(root):
    """Why somebody is on leave is about their health; why they were disabled, or a number, not."""
    counselor = CounselorFactory()
    day = timezone.now() + timedelta(days=3)
    body = {
        "counselor_id": counselor.pk, "reason": "抑郁发作", "start_at": day.isoformat(),
        "end_at": (day + timedelta(hours=2)).isoformat(),
    }  # fmt: skip
    data(root.post("/leave-requests", body, key="key-of-a-leave"), 201)
    root.post("/leave-requests", body | {"end_at": "x"}, key="key-of-another")

    logs = OperationLog.objects.order_by("pk").values_list("status", "request_params__reason")
    assert list(logs) == [("success", "***"), ("failed", "***")]
    assert "抑郁" not in str(OperationLog.objects.values())

    redacted = {"reason": "r", "number": "n", "text": "t", "name": "x"}
    assert redact(redacted) == redacted
    assert redact(redacted, of=LeaveRequest) == redacted | {"reason": "***"}
    assert redact([redacted], of=Qualification) == [redacted | {"number": "***"}]
    assert redact({"a": redacted}, of=Dispute) == {"a": redacted | {"text": "***"}}
    changed = {"counseling.leaverequest#7": {"reason": ["", "抑郁"], "status": ["a", "b"]}}
    assert redact_changes(changed)[0]["fields"] == {"reason": "***", "status": ["a", "b"]}


def test_numbers_and_tokens_in_free_text_are_masked():
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def"
    assert redact("打 13800138000，order 2026112113800138000") == (
        "打 138****8000，order 2026112113800138000"
    )
    assert redact(f"Bearer {token}!") == "Bearer ***!"


def test_P6_no_line_can_be_forged_and_nothing_grows_without_end():
    assert redact("a\r\nb\x1b[31m\x00") == "a  b [31m "
    assert len(redact("x" * 10_000)) == 200
    nested = current = {}
    for _ in range(50):
        current["a"] = current = {}
    assert json.dumps(redact(nested)).count("a") <= 7
    wide = redact_all({f"f{n}": "x" * 200 for n in range(50)})
    assert len(json.dumps(wide)) <= 4000
    assert len(redact([1] * 1000)) == 50
    assert redact(10**40) == str(10**40)


def test_secrets_in_the_address_are_hidden(root, bob):
    root.post(f"/user/{bob.pk}/disable?token=abc&code=123&x=1")
    assert row().request_url == f"/api/v1/user/{bob.pk}/disable?token=***&code=***&x=1"


def test_long_addresses_and_agents_are_cut(root, bob):
    root.post(f"/user/{bob.pk}/disable?x={'y' * 3000}", User_Agent="z" * 3000)
    assert len(row().request_url) <= 500
    assert len(row().user_agent) <= 300


def test_lists_by_person_module_and_day_use_an_index(db):
    if connection.vendor != "sqlite":
        pytest.skip("plans of small tables differ")
    plan = OperationLog.objects.filter(module="accounts").order_by("-created_at").explain()
    assert "oplog_module" in plan
