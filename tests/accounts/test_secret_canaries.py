"""What we give out once is nowhere afterwards: P-5, P-6 and A-5 for codes, keys and second factors.

Codes by SMS and email for every purpose, API keys, TOTP secrets, codes of the app and recovery
codes are made, mistyped, used and used again; then tables, logs, cache, notices, the operation
log, exports and refusals are searched.  tests/accounts/test_canaries.py and test_kept_canaries.py
have what people type.
"""

import io
import re
import zipfile

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import (
    EmailCode,
    ExportJob,
    Notification,
    OperationLog,
    PhoneCode,
    SecondFactor,
)
from accounts.services import second_factor
from accounts.services.delivery import send_pending
from accounts.services.export_running import run_due
from accounts.services.new_devices import notice_new_devices
from tests.accounts.test_canaries import folder  # noqa: F401
from tests.accounts.test_kept_canaries import in_cache, in_files, readable
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.second_factor import app_code, wrong_code
from tests.helpers import Api, confirm, data
from tests.stores import use_folder

PHONES = [f"1391234000{n}" for n in range(5)]
NEW = "Bu-Rong-Yi-88"
# A moment has six digits after its point; no code stands there.
MOMENT = re.compile(r"\d\d:\d\d:\d\d\.\d+|\"(?:ts|time|created)\": ?\d+\.\d+")


class Given:
    """Every secret by name, and all answers but the one that was its first."""

    def __init__(self, sandbox):
        self.sandbox, self.secrets, self.answers = sandbox, {}, []

    def keep(self, name: str, secret: str) -> str:
        self.secrets[name] = secret
        return secret

    def sms(self, phone: str, purpose: str, api: Api | None = None) -> str:
        data((api or Api()).post("/sms/code", {"phone": phone, "purpose": purpose}), 202)
        return self.keep(f"sms {purpose}", self.sandbox.last_sms(phone)["params"]["code"])

    def email(self, address: str, purpose: str, api: Api | None = None) -> str:
        data((api or Api()).post("/email/code", {"email": address, "purpose": purpose}), 202)
        code = re.search(r"\b[0-9]{6}\b", mail.outbox[-1].body)[0]
        return self.keep(f"email {purpose}", code)

    def took(self, response, status: int = 200) -> None:
        assert response.status_code == status, response.content
        self.answers.append(response.content.decode())

    def refused(self, response) -> None:
        assert response.status_code >= 400, response.content
        self.answers.append(response.content.decode())


def another(code: str) -> str:
    """As long, and one digit off."""
    return f"{code[:-1]}{(int(code[-1]) + 1) % 10}"


def by_phone(given: Given, api: Api) -> None:
    UserFactory(phone=PHONES[0])
    body = {"phone": PHONES[0], "code": given.sms(PHONES[0], "login")}
    given.refused(Api().post("/login/phone", body | {"code": another(body["code"])}))
    data(Api().post("/login/phone", body))
    given.refused(Api().post("/login/phone", body))

    body = {"phone": PHONES[1], "username": "xiaohong", "password": NEW}
    body["code"] = given.sms(PHONES[1], "register")
    given.took(Api().post("/register", body), 201)

    body = {"phone": PHONES[2], "code": given.sms(PHONES[2], "bind")}
    given.refused(api.post("/user/phone/bind", body | {"code": another(body["code"])}))
    given.took(api.post("/user/phone/bind", body))

    body = {"phone": PHONES[3], "code": given.sms(PHONES[3], "reset"), "password": NEW}
    UserFactory(phone=PHONES[3])
    given.refused(Api().post("/password/reset", body | {"password": "short"}))

    person = UserFactory(phone=PHONES[4])
    again = Api(person, stepped_up=False)
    code = given.sms(PHONES[4], "step_up", again)
    given.refused(again.post("/step-up", {"code": another(code)}))
    given.took(again.post("/step-up", {"code": code}))


def by_email(given: Given, api: Api) -> None:
    body = {"email": "new@example.com", "code": given.email("new@example.com", "bind")}
    given.refused(api.post("/user/email/bind", body | {"code": another(body["code"])}))
    given.took(api.post("/user/email/bind", body))

    UserFactory(email="lost@example.com")
    body = {"email": "lost@example.com", "code": given.email("lost@example.com", "reset")}
    given.took(Api().post("/password/reset", body | {"password": NEW}))
    given.refused(Api().post("/password/reset", body | {"password": NEW}))


def by_key(given: Given, root) -> None:
    api = Api(root)
    wish = {"owner_id": root.pk, "name": "合作方", "scopes": ["category:read"], "days": 30}
    made = data(api.post("/api-keys", wish, key="one-key-for-keys"), 201)
    text = given.keep("api key", made["key"])
    given.keep("api key's secret", text.rpartition("_")[2])
    given.took(Api().get("/category", X_API_Key=text))
    given.refused(Api().get("/category", X_API_Key=f"{text[:-1]}{'A' if text[-1] != 'A' else 'B'}"))
    given.refused(Api().get(f"/user?api_key={text}", X_API_Key=text))
    given.took(api.delete(f"/api-keys/{made['id']}"))
    given.refused(Api().get("/category", X_API_Key=text))

    page = office(root).post(
        reverse("admin:accounts_apikey_add"),
        {"name": "后台", "owner": root.pk, "scopes": "category:read", "days": 7,
         "per_minute": 60, "networks": ""},
    )  # fmt: skip
    given.keep("office key", re.search(r"bxk_[0-9a-f]{12}_[\w-]{43}", page.content.decode())[0])


def office(root) -> Client:
    browser = Client()
    browser.force_login(root)
    confirm(browser, root)
    return browser


def by_app(given: Given, staff) -> None:
    carol = staff("finance", username="carol")
    browser = office(carol)
    browser.post(reverse("admin:second_factor_begin"), {"password": PASSWORD})
    secret = SecondFactor.objects.get(user=carol).pending_secret
    given.keep("totp", secret)
    given.keep("app code", app_code(secret=secret))
    browser.post(reverse("admin:second_factor_enrol"), {"otp": wrong_code(secret)})
    enrolled = browser.post(
        reverse("admin:second_factor_enrol"), {"otp": given.secrets["app code"]}, follow=True
    )
    codes = re.findall(r"<li><code>([^<]+)</code>", enrolled.content.decode())
    assert len(codes) == 10
    for n, code in enumerate(codes):
        given.keep(f"recovery {n}", code)
        given.keep(f"recovery {n}, plain", code.replace("-", ""))
    login = {"account": "carol", "password": PASSWORD}
    data(Api().post("/login", login | {"otp": codes[0]}))
    given.refused(Api().post("/login", login | {"otp": codes[0]}))
    data(Api().post("/login", login | {"otp": given.keep("next app code", app_code(1, secret))}))
    assert second_factor.is_on(carol)


def by_exports(given: Given, api: Api, root) -> None:
    """Staff's export, the person's own data and the operation log's, as their readers get them."""
    boss = Api(root)
    given.took(boss.post("/user/export", {}), 202)
    given.took(api.post("/user/data-export"), 202)
    run_due()
    assert set(ExportJob.objects.values_list("status", flat=True)) == {"ready"}
    for one in (api, boss):
        given.took(one.get("/exports"))
    given.took(boss.get("/user"))
    given.took(api.get("/notifications"))
    given.took(api.get("/login-logs"))
    rows = OperationLog.objects.values_list("pk", flat=True)
    ticked = {"action": "export_csv", "_selected_action": list(rows)}
    page = office(root).post(reverse("admin:accounts_operationlog_changelist"), ticked)
    assert page["Content-Disposition"].startswith("attachment")
    given.took(page)


@pytest.fixture
def given(sandbox, settings, staff, tmp_path_factory, folder, caplog):  # noqa: F811
    sandbox.reset()
    settings.EMAIL_URL = "smtp://mail.test"
    store = tmp_path_factory.mktemp("store")
    use_folder(settings, store)
    given, root = Given(sandbox), staff("super_admin", email="root@example.com")
    user = UserFactory()
    api = Api(user)
    by_phone(given, api)
    by_email(given, api)
    by_key(given, root)
    by_app(given, staff)
    notice_new_devices()
    send_pending()
    by_exports(given, Api(user), root)
    given.places = {"logs": in_files(folder), "files": opened(store), "console": caplog.text}
    return given


def opened(store) -> str:
    """What is stored, archives unpacked."""
    found = []
    for path in store.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            if zipfile.is_zipfile(io.BytesIO(raw)):
                zipped = zipfile.ZipFile(io.BytesIO(raw))
                found += [zipped.read(name).decode(errors="replace") for name in zipped.namelist()]
            found.append(raw.decode(errors="replace"))
    assert len(found) > 2
    return "\n".join(found)


def everywhere(given: Given) -> dict[str, str]:
    tables = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            tables += [" ".join(map(readable, row)) for row in cursor]
    return given.places | {
        "cache": in_cache(),
        "tables": "\n".join(tables),
        "answers": "\n".join(given.answers),
        "mail": "\n".join(
            message.body for message in mail.outbox if "验证码" not in message.subject
        ),
    }


def hits(secrets: dict[str, str], places: dict[str, str]) -> list[str]:
    """Where a secret stands by itself, not as part of a longer number or word."""
    found = []
    for place, text in places.items():
        bare = MOMENT.sub("", text)
        for name, secret in secrets.items():
            if re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", bare):
                found.append(f"{name} in {place}")
    return found


def test_P5_nothing_that_is_given_out_once_is_anywhere_afterwards(given):
    places = everywhere(given)

    assert hits(given.secrets, places) == []


def test_P5_all_of_them_were_made_and_all_places_have_something(given):
    """The search is no better than what it looks for, and through."""
    assert len(given.secrets) == 5 + 2 + 3 + 3 + 20
    assert set(PhoneCode.objects.values_list("purpose", flat=True)) == {
        "login", "register", "bind", "reset", "step_up",
    }  # fmt: skip
    assert set(EmailCode.objects.values_list("purpose", flat=True)) == {"bind", "reset"}
    assert Notification.objects.filter(template="api_key_created").exists()
    assert OperationLog.objects.filter(operation="api_key:create").exists()
    assert [name for name, text in everywhere(given).items() if not text] == []


def test_P5_a_secret_that_is_kept_is_found(given):
    """The negative control: a notice with a code and a log line with a key."""
    code, key = given.secrets["sms login"], given.secrets["office key"]
    Notification.objects.filter(channel="in_app").update(body=f"您的验证码是 {code}，请勿告诉他人")
    places = everywhere(given) | {"logs": f'{{"key": "{key}"}}'}

    assert hits(given.secrets, places) == ["office key in logs", "sms login in tables"]
