"""Pushed events and receipts under parallel deliveries (wire: message push, SMS receipts)."""

import json
import time

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from accounts.models import (
    PhoneCode,
    SubscribeAnswer,
    SubscribeQuota,
    WeChatEvent,
    WeChatIdentity,
)
from accounts.services import subscriptions
from accounts.services.receipts import Receipt, take_receipt
from accounts.services.subscriptions import pushed_yes, take_answers
from accounts.services.wechat_events import take_event
from accounts.wechat_push import signature_of
from tests.factories.accounts import UserFactory
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
TEMPLATE = "appointment_confirmed"


@pytest.fixture
def event():
    user = UserFactory()
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid="o-race")
    entry = {"TemplateId": TEMPLATE, "SubscribeStatusString": "accept", "PopupScene": "0"}
    return {
        "FromUserName": "o-race", "CreateTime": 1, "Event": "subscribe_msg_popup_event",
        "List": [entry],
    }  # fmt: skip


def test_an_event_pushed_twenty_times_at_once_counts_once(event):
    results = together(20, lambda i: take_event(event, signature=f"{i:040}"))

    assert [r for r in results if isinstance(r, Exception)] == []
    assert results.count(True) == 1
    assert SubscribeQuota.objects.get().remaining == 1
    assert WeChatEvent.objects.count() == 1


def test_over_http_each_delivery_is_acknowledged(event, settings):
    settings.WX_PUSH_AES_KEY, settings.WX_PUSH_TOKEN = "", "race-token"
    body, stamp = json.dumps(event), str(int(time.time()))

    def push(i):
        signature = signature_of("race-token", stamp, str(i))
        query = {"signature": signature, "timestamp": stamp, "nonce": str(i)}
        answer = Client().post("/api/v1/wx/push", body, "application/json", query_params=query)
        return answer.status_code

    assert together(12, push) == [200] * 12
    assert SubscribeQuota.objects.get().remaining == 1


def tell_both(user) -> int:
    """Ten taps, each told by the mini-program and by WeChat at once; how many were counted."""

    def tell(i):
        if i % 2:
            pushed_yes(user, TEMPLATE)
        else:
            take_answers(user, results={TEMPLATE: "accept"})

    assert [r for r in together(20, tell) if isinstance(r, Exception)] == []
    return SubscribeQuota.objects.get(user=user).remaining


def test_a_tap_that_both_tell_of_at_once_counts_once():
    user = UserFactory()
    assert tell_both(user) == 10
    assert SubscribeAnswer.objects.filter(user=user, paired=False).count() == 0


def test_control_without_the_lock_taps_count_twice(monkeypatch):
    """The quota's row is made beforehand and not locked: both tellers miss each other."""
    user = UserFactory()
    SubscribeQuota.objects.create(user=user, template_id=TEMPLATE, updated_at=timezone.now())
    monkeypatch.setattr(subscriptions, "_hold", lambda user, template_id: None)
    slow = SubscribeAnswer.objects.create

    def late(**fields):
        time.sleep(0.2)
        return slow(**fields)

    monkeypatch.setattr(SubscribeAnswer.objects, "create", late)
    assert tell_both(user) > 10


def test_receipts_at_once_are_one_receipt():
    now = timezone.now()
    PhoneCode.objects.create(
        phone="13800138000", purpose="login", digest="x", provider="aliyun", state="sent",
        message_id="aliyun:7^0", created_at=now, expires_at=now,
    )  # fmt: skip

    receipts = [Receipt("aliyun", "7^0", delivered=bool(i % 2)) for i in range(12)]
    results = together(12, lambda i: take_receipt(receipts[i]))

    assert results == [True] * 12
    code = PhoneCode.objects.get()
    assert (code.state, bool(code.error)) in {("delivered", False), ("undelivered", True)}
