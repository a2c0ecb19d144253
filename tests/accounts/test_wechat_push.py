"""What WeChat pushes: from WeChat, once, and never a 5xx (wire: message push)."""

import base64
import json
import time
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import (
    Notification,
    NotificationTemplate,
    SubscribeQuota,
    WeChatEvent,
    WeChatIdentity,
)
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from accounts.wechat_push import signature_of
from tests.helpers import data
from tests.sandbox.wx.push import encrypt, to_xml

URL = "http://testserver/api/v1/wx/push"
POPUP, CHANGE, SENT = (f"subscribe_msg_{name}_event" for name in ("popup", "change", "sent"))
ANSWER = "/notifications/wechat/subscriptions"


@pytest.fixture
def template(db):
    return NotificationTemplate.objects.create(
        code="pushed", title="已预约", body="您已预约", channels=["in_app", "subscribe"],
        wechat_template_id="pushed-template", wechat_fields={"thing1": "预约"}, scene="test",
    )  # fmt: skip


@pytest.fixture
def persona(sandbox, user, template):
    sandbox.reset()
    persona = sandbox.persona()
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid=persona["openid"])
    return persona["id"]


@pytest.fixture
def plain(settings):
    """No key for safe mode: bodies come as they are."""
    settings.WX_PUSH_AES_KEY = ""


def post(built) -> tuple[int, str]:
    answer = Client().post(
        urlsplit(built["url"]).path,
        built["body"],
        content_type="application/json",
        query_params=dict(parse_qsl(urlsplit(built["url"]).query)),
    )
    return answer.status_code, answer.content.decode()


def said(status="accept", **more) -> dict:
    entry = {"TemplateId": "pushed-template", "SubscribeStatusString": status, "PopupScene": "0"}
    return {"List": [entry | more]}


def left(user) -> int | None:
    row = SubscribeQuota.objects.filter(user=user, template_id="pushed-template").first()
    return row and row.remaining


def query(token=None, at=0, **more) -> dict:
    stamp, nonce = str(int(time.time()) + at), str(time.perf_counter_ns())
    signature = signature_of(token or settings.WX_PUSH_TOKEN, stamp, nonce)
    return {"signature": signature, "timestamp": stamp, "nonce": nonce} | more


def send(body: bytes, **more) -> int:
    asked = query(**more)
    return (
        Client()
        .post("/api/v1/wx/push", body, content_type="text/plain", query_params=asked)
        .status_code
    )


def test_the_published_vector():
    signature = signature_of("AAAAA", "1714036504", "1514711492")
    assert signature == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_the_address_proves_itself(sandbox):
    answer = Client().get("/api/v1/wx/push", query(echostr="<b>7</b>"))

    assert (answer.status_code, answer.content) == (200, b"<b>7</b>")
    assert answer["Content-Type"].startswith("text/plain")
    assert Client().get("/api/v1/wx/push", query(token="guess", echostr="7")).status_code == 403


def test_without_a_token_there_is_no_address(settings):
    settings.WX_PUSH_TOKEN = ""
    assert Client().get("/api/v1/wx/push", {"echostr": "7"}).status_code == 404


@pytest.mark.parametrize("mode", ["safe", "plain"])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_accept_is_one_leave_more_however_often_it_is_pushed(
    sandbox, persona, user, mode, form, settings
):
    if mode == "plain":
        settings.WX_PUSH_AES_KEY = ""
    built = sandbox.push(URL, POPUP, persona, fields=said(), mode=mode, form=form, build=True)

    assert [post(built) for _ in range(3)] == [(200, "success")] * 3

    assert left(user) == 1
    assert WeChatEvent.objects.values_list("event", "handled").get() == (POPUP, True)


def test_the_same_event_signed_anew_is_still_the_same(sandbox, persona, user, plain):
    event = {"Event": POPUP, "FromUserName": user.wechat_identities.get().openid, **said()}

    assert [send(json.dumps(event).encode()) for _ in range(2)] == [200, 200]

    assert left(user) == 1


@pytest.mark.parametrize("client_first", [True, False])
def test_the_tap_that_both_tell_of_counts_once(sandbox, persona, user, api, client_first):
    built = sandbox.push(URL, POPUP, persona, fields=said(), build=True)
    report = {"results": {"pushed-template": "accept"}}

    told = [lambda: data(api.post(ANSWER, report)), lambda: post(built)]
    for tell in told if client_first else reversed(told):
        tell()

    assert left(user) == 1
    data(api.post(ANSWER, report))  # a second tap, without a window and so without an event
    assert left(user) == 2


def test_who_closes_a_template_takes_back_what_was_granted(sandbox, persona, user, api):
    data(api.post(ANSWER, {"results": {"pushed-template": "accept"}}))

    built = sandbox.push(URL, CHANGE, persona, fields=said("reject"), build=True)

    assert post(built) == (200, "success")
    assert left(user) == 0


def test_what_became_of_a_message_is_on_its_row(sandbox, persona, user, template):
    for _ in range(2):
        sandbox.subscribe(persona, "pushed-template")
        notify(user, "pushed", dedupe_key=None)
    assert send_pending() == 2
    good, bad = Notification.objects.filter(channel="subscribe").order_by("pk")

    for note, code, status in ((good, "0", "success"), (bad, "2", "user reject")):
        number = note.message_id.removeprefix("wechat:")
        fields = said(MsgID=number, ErrorCode=code, ErrorStatus=status)
        assert post(sandbox.push(URL, SENT, persona, fields=fields, build=True)) == (200, "success")

    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.status, good.error, good.reported_at is not None) == ("sent", "", True)
    assert (bad.status, bad.error) == ("undeliverable", "2 user reject")


def test_an_unknown_event_is_acknowledged_and_does_nothing(sandbox, persona, user):
    built = sandbox.push(URL, "trade_manage_remind_access_api", persona, build=True)

    assert post(built) == (200, "success")
    assert WeChatEvent.objects.values_list("event", "handled").get() == (
        "trade_manage_remind_access_api", False,
    )  # fmt: skip
    assert left(user) is None


def test_forged_old_plain_and_reused_are_refused(sandbox, persona, user):
    forged = sandbox.push(URL, POPUP, persona, fields=said(), build=True, forged=True)
    unsealed = sandbox.push(URL, POPUP, persona, fields=said(), build=True, mode="plain")
    sealed = sandbox.push(URL, POPUP, persona, fields=said(), build=True)
    other = sandbox.push(URL, POPUP, persona, fields=said("reject"), build=True)

    assert [post(built)[0] for built in (forged, unsealed)] == [403, 403]
    assert post(sealed | {"body": other["body"]})[0] == 403  # its msg_signature is another's
    assert send(b"{}", at=-301) == 403
    assert send(b"{}", at=301) == 403
    assert WeChatEvent.objects.exists() is False
    assert left(user) is None


def test_a_signature_vouches_for_one_event_only(sandbox, persona, user, plain):
    openid, asked = user.wechat_identities.get().openid, query()
    for status, expected in (("reject", 200), ("accept", 403)):
        body = {"Event": POPUP, "FromUserName": openid, **said(status)}
        answer = Client().post("/api/v1/wx/push", body, "application/json", query_params=asked)
        assert answer.status_code == expected

    assert left(user) is None


def test_an_event_for_another_app_is_refused(sandbox, persona, settings):
    sealed = encrypt(settings.WX_PUSH_AES_KEY, "wx-another", b"{}")
    stamp = str(int(time.time()))
    asked = {
        "timestamp": stamp, "nonce": "1",
        "signature": signature_of(settings.WX_PUSH_TOKEN, stamp, "1"),
        "msg_signature": signature_of(settings.WX_PUSH_TOKEN, stamp, "1", sealed),
    }  # fmt: skip
    body = json.dumps({"Encrypt": sealed})
    answer = Client().post("/api/v1/wx/push", body, "application/json", query_params=asked)
    assert answer.status_code == 403


DEEP = "[" * 50_000 + "]" * 50_000
HOSTILE = [
    b"", b"null", b"[]", b"7", b'"x"', b"{", b"\xff\xfe", b"\x00", b"{}" * 2, DEEP.encode(),
    b'{"a":' * 3000 + b"1" + b"}" * 3000, b"<", b"<xml>", b"<xml/>", b"<xml></xml><xml/>",
    b'<!DOCTYPE x [<!ENTITY e "e">]><xml>&e;</xml>', b"<xml>&e;</xml>",
    b'<!doctype x SYSTEM "file:///etc/passwd"><xml/>', b"<a>" * 3000 + b"</a>" * 3000,
    b'<?xml version="1.0" encoding="utf-7"?><xml><Event>x</Event></xml>', b"x" * 70_000,
    to_xml({"Event": "x" * 500}), to_xml({"Event": POPUP, "FromUserName": "o'\"--"}),
    *(
        json.dumps({"Event": POPUP, "FromUserName": "o1", **event}).encode()
        for event in (
            {"Event": None}, {"Event": {}}, {"Event": "\ud800"}, {"Event": "a\x00b"},
            {"FromUserName": None}, {"FromUserName": ["o1"]}, {"FromUserName": "\ud800"},
            {"List": None}, {"List": 7}, {"List": [None, 7, "x", []]}, {"List": {"List": {}}},
            {"List": {"TemplateId": "\ud800", "SubscribeStatusString": "accept"}},
            {"SubscribeMsgPopupEvent": [[]]}, {"Event": SENT, "List": {"MsgID": {}}},
            {"Event": SENT, "List": {"MsgID": "\x00", "ErrorCode": "\u0661"}},
            {"Event": SENT, "List": {"MsgID": 10**400, "ErrorCode": 1e400}},
            {"Event": CHANGE, "List": {"TemplateId": 7, "SubscribeStatusString": "reject"}},
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_body_breaks_anything(sandbox, db, number, plain):
    assert len(HOSTILE) == 40
    assert send(HOSTILE[number]) in {200, 403}
    assert SubscribeQuota.objects.exists() is False


@pytest.mark.parametrize("sealed", ["", "AAAA", "!", base64.b64encode(bytes(64)).decode(), 7, None])
def test_no_ciphertext_breaks_anything(sandbox, db, sealed):
    stamp = str(int(time.time()))
    signed = signature_of(settings.WX_PUSH_TOKEN, stamp, "1", str(sealed))
    asked = query() | {"msg_signature": signed}
    body = json.dumps({"Encrypt": sealed})
    url = f"/api/v1/wx/push?{urlencode(asked)}"
    assert Client().post(url, body, "application/json").status_code == 403
