"""Numbers that lie in plain text are sealed by migrating, and open again by migrating back."""

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from accounts.models import Notification, PhoneCode, User
from counseling.models import ClientProfile

BEFORE = [("accounts", "0016_organisations"), ("counseling", "0006_notice_scenes")]
PHONE, EMAIL = "13800138000", "xiaoman@example.com"


@pytest.fixture
def before(transactional_db):
    yield go_to(BEFORE)
    go_to(leaves())


def leaves() -> list[tuple[str, str]]:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


def go_to(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


def old_seal(text: str) -> str:
    """As it was written before: bound to table and column alone."""
    key_id, _, key = settings.FIELD_KEYS[0].partition(":")
    nonce = os.urandom(12)
    place = b"counseling_clientprofile.name"
    sealed = nonce + AESGCM(base64.b64decode(key)).encrypt(nonce, text.encode(), place)
    return f"{key_id}:{base64.b64encode(sealed).decode()}"


def one(sql: str, *values) -> list:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [str(value) for value in cursor.fetchone()]


def old_rows(apps):
    now = timezone.now()
    user = apps.get_model("accounts", "User").objects.create(
        username="old", phone=PHONE, email=EMAIL
    )
    for number in range(3):
        apps.get_model("accounts", "User").objects.create(username=f"none{number}")
    apps.get_model("accounts", "PhoneCode").objects.create(
        phone=PHONE, purpose="login", digest="d", created_at=now, expires_at=now
    )
    apps.get_model("accounts", "Notification").objects.create(
        user=user, channel="sms", template="phone_replaced", due_at=now,
        context={"to": PHONE, "at": "2026年11月21日"},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO counseling_clientprofile (user_id, relation, name, gender, birth_date,"
            " phone, emergency_name, emergency_phone, guardian_name, created_at, updated_at)"
            " VALUES (%s, 'self', %s, '', '1995-05-20', '', '', '', '', %s, %s)",
            [user.pk, old_seal("林小满"), now, now],
        )


def test_P3_old_rows_are_sealed_forwards_opened_backwards_and_sealed_again(before):
    old_rows(before)

    go_to(leaves())
    check_sealed()
    go_to([("counseling", "0007_row_keys"), ("accounts", "0017_sealed_columns")])
    assert one("SELECT phone, email FROM accounts_user WHERE username = 'old'") == [PHONE, EMAIL]
    go_to(leaves())
    check_sealed()


def check_sealed():
    kept = one(
        "SELECT u.phone, u.email, p.phone, n.address, n.context, c.name FROM accounts_user u,"
        " accounts_phonecode p, accounts_notification n, counseling_clientprofile c"
        " WHERE u.username = 'old'"
    )
    assert not [text for text in kept if PHONE in text or "xiaoman" in text or "林" in text]
    user = User.objects.get(phone=PHONE)
    assert (user.email, len(user.row_key)) == (EMAIL, 32)
    assert User.objects.values("row_key").distinct().count() == 4
    assert PhoneCode.objects.get(phone=PHONE).digest == "d"
    note = Notification.objects.get()
    assert (note.address, json.dumps(note.context)) == (PHONE, json.dumps({"at": "2026年11月21日"}))
    assert ClientProfile.objects.get().name == "林小满"
