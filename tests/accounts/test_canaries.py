"""What people type into secret fields is in no log, notice or stored answer (P-5, P-6, A-5)."""

import json
import logging
import secrets

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from config import access
from config.logs import DailyFile, options
from tests.helpers import Api

# Tables that keep such a thing on purpose: the person's own row, a code's phone, token ids.
DECLARED = {"accounts_user", "accounts_phonecode", "accounts_ratecounter"}
FIELDS = [
    "password", "old_password", "new_password", "password1", "token", "refresh", "access_token",
    "refresh_token", "code", "sms_code", "phone", "mobile", "contact_phone", "emergency_phone",
    "id_card", "id_number", "id_no", "email", "openid", "session_key", "secret", "api_key",
    "signature", "bank_card", "birth_date",
]  # fmt: skip


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    """Every log file; the console goes to caplog."""
    settings.LOG_DIR = str(tmp_path)
    for name in ("ACCESS", "SLOW"):
        monkeypatch.setattr(access, name, DailyFile(name.lower()))
    for logger in (logging.getLogger(), logging.getLogger("banxin.security")):
        for handler in logger.handlers:
            if hasattr(handler, "file"):
                monkeypatch.setattr(handler, "file", DailyFile(handler.file.kind))
    monkeypatch.setattr(options, "slow_ms", 0)
    return tmp_path


def canary(field: str) -> str:
    """Of the shape the field wants."""
    number = f"{secrets.randbelow(10**8):08}"
    if "phone" in field or field == "mobile":
        return f"139{number}"
    if field.startswith("id_"):
        return f"110105{number}{secrets.randbelow(1000):03}X"
    if field == "email":
        return f"canary{number}@example.com"
    return f"Canary-{secrets.token_hex(8)}"


def everything_kept() -> str:
    """Every row of every table but the declared ones, as text."""
    dump = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in DECLARED:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                dump += [json.dumps(row, default=str, ensure_ascii=False) for row in cursor]
    return "\n".join(dump)


def found(canaries, folder, caplog) -> list[str]:
    logs = "\n".join(path.read_text() for path in folder.glob("*.log"))
    places = {"tables": everything_kept(), "files": logs, "console": caplog.text}
    return [f"{name} in {place}" for place, text in places.items()
            for name, value in canaries if value in text]  # fmt: skip


def test_P5_canaries_typed_into_the_api_are_nowhere(staff, folder, caplog):
    api, canaries = Api(staff("super_admin")), []
    bob = staff("finance")
    paths = [
        "/login", "/register", "/password/change", "/token/refresh", "/token/verify",
        "/login/phone", "/login/wx", "/users/profile", "/consents", f"/user/{bob.pk}/disable",
    ]  # fmt: skip
    for n, field in enumerate(FIELDS):
        flat, deep = canary(field), canary(field)
        canaries += [(field, flat), (f"deep {field}", deep)]
        body = {field: flat, "reason": "x", "more": {"list": [{field: deep}]}}
        api.post(paths[n % len(paths)], body, key=secrets.token_hex(8))
        api.put(f"/users/profile?{field}={flat}", body)

    assert len(canaries) == 50
    assert (folder / next(folder.glob("access-*.log")).name).stat().st_size > 0
    assert found(canaries, folder, caplog) == []


def test_P5_canaries_typed_into_real_logins_are_nowhere(staff, folder, caplog):
    user, canaries = staff("admin"), []
    for path, field, rest in [
        ("/login", "password", {"account": user.username}),
        ("/login", "password", {"account": "nobody-here"}),
        ("/register", "password", {"username": "carol-new"}),
        ("/token/refresh", "refresh_token", {}),
        ("/token/verify", "token", {}),
        ("/login/phone", "code", {"phone": "13900000001"}),
    ]:
        canaries.append((path, canary(field)))
        Api().post(path, {field: canaries[-1][1], **rest})
    api = Api(user)
    canaries += [("access", api.access), ("refresh", api.refresh)]
    api.get("/users/profile")
    api.post("/token/refresh", {"refresh_token": api.refresh})
    api.get("/users/profile", Authorization=f"Bearer {canaries[0][1]}")

    assert found(canaries, folder, caplog) == []


def test_P5_canaries_typed_into_the_back_office_are_nowhere(staff, folder, caplog):
    browser, canaries = Client(), []
    password = canary("password")
    browser.post(reverse("admin:login"), {"username": "root1", "password": password})
    root = staff("super_admin")
    browser.force_login(root)
    canaries.append(("login", password))
    for field in FIELDS:
        canaries.append((field, canary(field)))
        browser.post(
            reverse("admin:accounts_user_add"),
            {"username": f"new-{field}", "nickname": "同事", field: canaries[-1][1]},
        )
        browser.post(
            reverse("admin:password_change") + f"?{field}={canaries[-1][1]}",
            {field: canaries[-1][1]},
        )

    assert User.objects.count() >= 1
    assert found(canaries, folder, caplog) == []


@pytest.mark.django_db
def test_a_canary_in_a_log_is_found(folder, caplog):
    """The negative control."""
    logging.getLogger("banxin").warning("who: %s", "Canary-0000")

    assert found([("x", "Canary-0000")], folder, caplog) == ["x in files", "x in console"]
