"""What became of an SMS, told by its provider (wire: SmsReport and Tencent's status notice)."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, PhoneCode
from accounts.services.delivery import send_pending
from accounts.services.parameters import change_parameters
from accounts.services.receipts import ENOUGH, failing_providers
from accounts.sms.base import send_sms
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

PHONE, TOKEN = "13800138000", "t" * 32
DONE = {"aliyun": {"code": 0, "msg": "成功"}, "tencent": {"result": 0, "errmsg": "OK"}}


@pytest.fixture(autouse=True)
def _world(sandbox, db):
    sandbox.reset()
    change_parameters({"SMS_REPORT_TOKEN": TOKEN}, actor=None)


def report(body, provider="aliyun", token=TOKEN):
    url = f"/api/v1/sms/report/{provider}?token={token}"
    return Client().post(url, body, content_type="application/json")


def sent_by(sandbox, provider):
    """A code that this provider sent: its row and the sandbox's id of the message."""
    if provider == "tencent":
        sandbox.fault("error:isv.OUT_OF_SERVICE", "sms", "aliyun")
    assert Api().post("/sms/code", {"phone": PHONE, "purpose": "login"}).status_code == 202
    return PhoneCode.objects.get(), sandbox.last_sms(PHONE)["id"]


@pytest.mark.parametrize("provider", ["aliyun", "tencent"])
@pytest.mark.parametrize("delivered", [True, False])
def test_a_receipt_is_on_the_code_once(sandbox, provider, delivered):
    code, message = sent_by(sandbox, provider)
    body = sandbox.sms_report(message, "http://x", success=delivered, build=True)
    assert (code.state, code.provider) == ("sent", provider)

    answers = [report(body, provider) for _ in range(3)]

    assert [(a.status_code, a.json()) for a in answers] == [(200, DONE[provider])] * 3
    code.refresh_from_db()
    assert code.state == ("delivered" if delivered else "undelivered")
    assert bool(code.error) is not delivered
    assert code.message_id.startswith(f"{provider}:")
    assert PHONE not in code.error


def test_the_first_receipt_counts(sandbox):
    code, message = sent_by(sandbox, "aliyun")
    report(sandbox.sms_report(message, "http://x", build=True))

    report(sandbox.sms_report(message, "http://x", success=False, build=True))

    code.refresh_from_db()
    assert code.state == "delivered"


def test_a_notice_that_did_not_arrive_says_so(sandbox):
    user = UserFactory(phone=PHONE)
    note = Notification.objects.create(
        user=user, channel="sms", template="password_changed", due_at=timezone.now()
    )
    assert send_pending() == 1

    body = sandbox.sms_report(
        sandbox.last_sms(PHONE)["id"], "http://x", success=False, err_code="MK:0001", build=True
    )
    assert report(body).status_code == 200

    note.refresh_from_db()
    assert (note.status, note.error) == ("undeliverable", "MK:0001")


def test_a_message_nobody_knows_is_to_be_told_again():
    entry = {"biz_id": "1^0", "success": True, "err_code": "DELIVERED"}

    assert report(json.dumps([entry])).json() == {"code": 1, "msg": "未知的消息"}


def test_without_the_secret_nothing_is_believed(sandbox):
    code, message = sent_by(sandbox, "aliyun")
    body = sandbox.sms_report(message, "http://x", success=False, build=True)

    assert [report(body, token=t).status_code for t in ("", "x" * 32, TOKEN[:-1])] == [403] * 3
    change_parameters({"SMS_REPORT_TOKEN": ""}, actor=None)
    from accounts.services.parameters import forget_parameters

    forget_parameters()
    assert report(body, token="").status_code == 404

    code.refresh_from_db()
    assert code.state == "sent"


@pytest.mark.parametrize(
    "body",
    ["", "{", "null", "7", "{}", "[7]", "[null]", "[{}]", '[{"biz_id": 1}]', "[[]]", '["x"]',
     '[{"biz_id": "1", "success": 1}, {}]', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_receipt_is_refused(body):
    assert report(body).status_code == 400


def test_a_strange_entry_changes_nothing(sandbox):
    code, _ = sent_by(sandbox, "aliyun")
    entries = [
        {"biz_id": value, "success": "true", "err_code": {}}
        for value in ("", None, 7, "\ud800", "\x00", "x" * 5000, code.message_id)
    ]

    assert report(json.dumps(entries)).status_code == 200

    code.refresh_from_db()
    assert code.state == "sent"


def told(provider: str, state: str, count: int, ago=timedelta()):
    now = timezone.now()
    PhoneCode.objects.bulk_create(
        PhoneCode(
            phone=PHONE, purpose="login", digest="x", provider=provider, state=state,
            created_at=now - ago, expires_at=now, reported_at=now,
        )
        for _ in range(count)
    )  # fmt: skip


def test_the_provider_whose_messages_do_not_arrive_is_asked_last(sandbox):
    told("aliyun", "delivered", ENOUGH // 2)
    told("aliyun", "undelivered", ENOUGH // 2)
    told("tencent", "undelivered", ENOUGH - 1)  # too few to tell

    assert failing_providers() == {"aliyun"}
    words = {"code": "123456", "minutes": "5"}
    assert send_sms("13900139000", "login", words, last=failing_providers()).provider == "tencent"


def test_what_arrived_or_was_long_ago_switches_nothing():
    told("aliyun", "undelivered", ENOUGH, ago=timedelta(minutes=16))
    told("tencent", "delivered", ENOUGH)
    assert failing_providers() == frozenset()


def test_the_back_office_shows_what_arrived(sandbox, staff):
    _, message = sent_by(sandbox, "aliyun")
    report(sandbox.sms_report(message, "http://x", success=False, build=True))
    browser = Client()
    browser.force_login(staff("admin"))

    page = browser.get("/admin/accounts/phonecode/", {"state__exact": "undelivered"})

    assert "未送达" in page.content.decode()
    assert PHONE not in page.content.decode()


def test_a_person_asks_for_so_many_codes_whatever_the_number(sandbox, user):
    api = Api(user)
    for n in range(10):
        address = f"203.0.113.{n}"
        PhoneCode.objects.create(
            phone=f"139001390{n:02}", purpose="bind", digest="x", asker=str(user.pk),
            network=address, created_at=timezone.now(), expires_at=timezone.now(),
        )  # fmt: skip
    body = {"phone": PHONE, "purpose": "bind"}

    answer = api.post("/sms/code", body)

    assert refusal(answer) == (429, 11028)
    assert 3500 < data(answer, 429)["retry_after"] <= 3600
    assert Api(UserFactory()).post("/sms/code", body).status_code == 202
    assert PhoneCode.objects.get(phone=PHONE).asker != str(user.pk)


def test_a_bad_token_makes_a_stranger_of_one(sandbox):
    answer = Api().post(
        "/sms/code", {"phone": PHONE, "purpose": "login"}, Authorization="Bearer x.y.z"
    )
    assert answer.status_code == 202
    assert PhoneCode.objects.get().asker == ""
