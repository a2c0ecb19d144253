"""P-8: after a deletion nothing of that person is left in the database but what is declared."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.models import IdempotencyRecord, LoginLog, PhoneCode, WeChatIdentity
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from accounts.services.phone_codes import request_code
from accounts.services.preferences import change_preferences
from accounts.tasks import finish_deletions
from commerce.models import Order, Payment, Refund
from config.sealing import blind_index
from counseling.models import Appointment, ClientProfile, Counselor
from media.models import File
from media.tasks import sweep_orphans
from tests.factories.accounts import PASSWORD, StaffFactory, UserFactory
from tests.factories.counseling import confirmed, consent
from tests.factories.media import FileFactory
from tests.helpers import Api, data

PHONE = "13877665544"
CANARIES = {
    "username": "canary-username", "nickname": "金丝雀昵称", "email": "canary@example.com",
    "phone": PHONE, "openid": "oCanaryOpenId", "birthday": "1987-06-05", "avatar": "canary-avatar",
    "ip": "203.0.113.77", "client": "金丝雀来访者", "client phone": "13866554433",
    "emergency": "金丝雀紧急联系人", "note": "金丝雀睡不着", "cancel reason": "金丝雀取消原因",
    "refund reason": "金丝雀退款说明", "file": "金丝雀照片.jpg", "device": "金丝雀的手机",
    "notice": "金丝雀通知参数", "answer": "金丝雀幂等答案", "why": "金丝雀注销原因",
    "counselor": "金丝雀咨询师",
}  # fmt: skip
# What stays on purpose: the log of logins keeps addresses for 180 days; the limits of an address,
# which many share, two days.
DECLARED = {("accounts_loginlog", "ip"), ("accounts_ratecounter", "ip")}


@pytest.fixture
def person(sandbox, settings, db):
    sandbox.reset()
    settings.EMAIL_URL = "smtp://mail.test"
    return UserFactory(
        username=CANARIES["username"], nickname=CANARIES["nickname"], email=CANARIES["email"],
        phone=PHONE, birthday=date(1987, 6, 5), avatar="https://x.test/canary-avatar.webp",
        password=PASSWORD, gender="female",
    )  # fmt: skip


def live(user) -> None:
    """Leave a trace wherever one can."""
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid=CANARIES["openid"])
    headers = {"X_Device_Name": "%E9%87%91%E4%B8%9D%E9%9B%80%E7%9A%84%E6%89%8B%E6%9C%BA"}
    login = {"account": CANARIES["username"], "password": PASSWORD}
    data(Api().post("/login", login, REMOTE_ADDR=CANARIES["ip"], **headers))
    LoginLog.objects.filter(user=user).update(ip_address=CANARIES["ip"])
    request_code(PHONE, "login", ip_address=CANARIES["ip"])
    client = ClientProfile.objects.create(
        user=user, name=CANARIES["client"], birth_date=date(1987, 6, 5),
        phone=CANARIES["client phone"], emergency_name=CANARIES["emergency"],
    )  # fmt: skip
    consent(user)
    appointment = confirmed(client, note=CANARIES["note"])
    order = appointment.order_item.order
    Appointment.objects.update(status="refunded", cancel_reason=CANARIES["cancel reason"])
    payment = Payment.objects.get(order=order)
    Payment.objects.update(payer=CANARIES["openid"], next_query_at=None)
    Refund.objects.create(
        number="REFCANARY0000000001", payment=payment, order=order, key="request", amount=1,
        status="succeeded", reason_code="other", reason=CANARIES["refund reason"],
        requested_by=user,
    )  # fmt: skip
    Order.objects.update(status="refunded")
    FileFactory(owner=user, original_name=CANARIES["file"])
    Counselor.objects.create(user=user, name=CANARIES["counselor"], status="suspended")
    notify(user, "account_enabled", extra=CANARIES["notice"])
    change_preferences(user, wanted=[("appointment_confirmed", "subscribe", False)])
    record = IdempotencyRecord.objects.create(
        user=user, route="x", key="12345678", fingerprint="f", started_at=timezone.now()
    )
    record.answer = CANARIES["answer"]
    record.save()
    StaffFactory("admin")


def left() -> set[tuple[str, str]]:
    """(table, what) for each canary that is in a row, bytes and encrypted columns read."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            text = "\n".join(_text(cell) for row in cursor for cell in row)
            found |= {(table, name) for name, value in CANARIES.items() if value in text}
            if blind_index("phone", PHONE) in text:
                found.add((table, "phone"))
            escaped = {name: json.dumps(value)[1:-1] for name, value in CANARIES.items()}
            found |= {(table, name) for name, value in escaped.items() if value in text}
    for model in apps.get_models():  # what is sealed, opened
        sealed = [f.name for f in model._meta.local_fields if isinstance(f, EncryptedTextField)]
        if sealed:
            text = "\n".join(map(str, model._base_manager.values_list(*sealed)))
            table = model._meta.db_table
            found |= {(table, name) for name, value in CANARIES.items() if value in text}
    return found


BYTES = bytes | memoryview


def _text(value) -> str:
    readable = bytes(value).decode(errors="replace") if isinstance(value, BYTES) else value
    return str(readable)


def test_P8_no_canary_survives_a_deletion(person, django_capture_on_commit_callbacks):
    live(person)
    before = {name for _table, name in left()}
    assert set(CANARIES) - before == {"why"}
    data(Api(person).post("/user/deletion", {"reason": CANARIES["why"]}), 201)
    assert ("accounts_accountdeletion", "why") in left()

    with time_machine.travel(timezone.now() + timedelta(days=16), tick=False):
        with django_capture_on_commit_callbacks(execute=True):
            assert finish_deletions() == 1
        send_pending()
    with time_machine.travel(timezone.now() + timedelta(days=16, hours=2), tick=False):
        finish_deletions()

    assert left() - DECLARED == set()
    sweep_orphans()
    assert not File.objects.exists()
    assert not PhoneCode.objects.exists()


def test_P8_money_and_appointments_stay(person):
    live(person)
    kept = [
        Order.objects.values("number", "user_id", "total_amount", "status", "paid_at").get(),
        Payment.objects.values("number", "amount", "transaction_id", "status").get(),
        Refund.objects.values("number", "amount", "status", "requested_by_id").get(),
        Appointment.objects.values("number", "user_id", "start_at", "price", "status").get(),
    ]
    admin = StaffFactory("admin")

    data(Api(admin).delete(f"/user/{person.pk}", {"reason": "要求"}))

    assert kept == [
        Order.objects.values("number", "user_id", "total_amount", "status", "paid_at").get(),
        Payment.objects.values("number", "amount", "transaction_id", "status").get(),
        Refund.objects.values("number", "amount", "status", "requested_by_id").get(),
        Appointment.objects.values("number", "user_id", "start_at", "price", "status").get(),
    ]
    assert str(Order.objects.get().user) == "已注销用户"


def test_a_canary_that_stays_is_found(person):
    """The negative control."""
    assert ("accounts_user", "nickname") in left()
