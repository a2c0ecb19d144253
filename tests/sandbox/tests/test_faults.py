"""Trouble on order."""

import json
import time

import httpx
import pytest
import requests

from tests.sandbox.client import SandboxRefusedError, wait_for

AMOUNT = {"refund": 100, "total": 100, "currency": "CNY"}
CLOSE = "/v3/pay/transactions/out-trade-no/{}/close"


def test_error_then_success_with_the_same_number(control, sdk, paid):
    number = paid()
    control.fault("error:NOT_ENOUGH", "wxpay", "refund")
    control.fault("error:SYSTEM_ERROR", "wxpay", "refund")

    answers = [sdk.refund("R1", AMOUNT, out_trade_no=number) for _ in range(3)]
    assert [status for status, _ in answers] == [403, 500, 200]
    assert [json.loads(text).get("code") for _, text in answers] == [
        "NOT_ENOUGH",
        "SYSTEM_ERROR",
        None,
    ]
    assert len(control.refunds()) == 1


def test_lost_answer_after_the_work_was_done(control, sdk, paid):
    number = paid()
    control.fault("drop", "wxpay", "refund")
    with pytest.raises(requests.ConnectionError):
        sdk.refund("R1", AMOUNT, out_trade_no=number)

    assert control.refund("R1")["amount"]["refund"] == 100
    assert sdk.refund("R1", AMOUNT, out_trade_no=number)[0] == 200
    control.wait_refund("R1", "SUCCESS")
    assert control.book()["refunded"] == 100


def test_lost_prepay_answer(control, merchant, alice, receiver):
    control.fault("drop", "wxpay", "jsapi")
    with pytest.raises(httpx.TransportError):
        merchant.prepay(alice["openid"], "T000001", receiver.url)

    assert control.trade("T000001")["trade_state"] == "NOTPAY"
    assert merchant.prepay(alice["openid"], "T000001", receiver.url).status_code == 200


@pytest.mark.parametrize("action", ["bad_signature", "signtest"])
def test_answer_with_a_bad_signature(control, sdk, paid, action):
    number = paid()
    control.fault(action, "wxpay", "refund")
    with pytest.raises(Exception, match="failed to verify the signature"):
        sdk.refund("R1", AMOUNT, out_trade_no=number)

    assert json.loads(sdk.query_refund("R1")[1])["out_refund_no"] == "R1"


def test_answer_under_an_unknown_serial(control, sdk, paid):
    number = paid()
    control.fault("wrong_serial", "wxpay", "query")
    with pytest.raises(Exception, match="failed to verify the signature"):
        sdk.query(out_trade_no=number)
    assert sdk.query(out_trade_no=number)[0] == 200


def test_204_with_a_bad_signature(control, sdk, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T000001", receiver.url)
    control.fault("bad_signature", "wxpay", "close")
    with pytest.raises(Exception, match="failed to verify the signature"):
        sdk.close("T000001")
    assert control.trade("T000001")["trade_state"] == "CLOSED"


def test_truncated_answer(control, merchant, alice, receiver):
    control.fault("truncate_body", "wxpay", "jsapi")
    with pytest.raises(httpx.RemoteProtocolError):
        merchant.prepay(alice["openid"], "T000001", receiver.url)
    assert control.trade("T000001")["trade_state"] == "NOTPAY"


def test_slow_answer(control, merchant, paid):
    number = paid()
    control.fault("delay:300", "wxpay", "query")
    began = time.perf_counter()
    merchant.call("GET", f"/v3/pay/transactions/out-trade-no/{number}?mchid={merchant.mchid}")

    assert time.perf_counter() - began >= 0.3


def test_refund_notice_before_the_answer(control, merchant, paid, receiver):
    number = paid()
    control.fault("notify_before_response", "wxpay", "refund")
    arrived_before = []
    body = {"out_trade_no": number, "out_refund_no": "R1", "amount": AMOUNT}
    body["notify_url"] = receiver.url
    answer = merchant.call("POST", "/v3/refund/domestic/refunds", body)
    arrived_before = list(receiver.deliveries)

    assert (answer.status_code, answer.json()["status"]) == (200, "PROCESSING")
    assert len(arrived_before) == 1
    [entry] = control.outbox("notify", out_refund_no="R1")
    assert (entry["state"], entry["event_type"]) == ("delivered", "REFUND.SUCCESS")
    assert control.book()["refunded"] == 100


def test_payment_notice_before_the_prepay_answer(control, merchant, alice, receiver):
    control.fault("notify_before_response", "wxpay", "jsapi")
    receiver.answers = [500]
    answer = merchant.prepay(alice["openid"], "T000001", receiver.url)

    assert answer.status_code == 200
    assert len(receiver.deliveries) == 1
    assert control.trade("T000001")["trade_state"] == "SUCCESS"
    control.clock(advance=15)
    control.wait_notice(out_trade_no="T000001")
    assert len(receiver.deliveries) == 2


@pytest.mark.parametrize("action", ["bad_signature", "signtest", "truncate_body"])
def test_a_notice_nobody_should_accept_is_followed_by_a_good_one(
    control, sdk, paid, receiver, action
):
    control.fault(action, "wxpay", "notify")
    receiver.answers = [401]
    number = paid(notify="auto")
    [bad] = receiver.wait(1)
    assert sdk.callback(bad.headers, bad.body) is None

    retry(control, number)
    good = receiver.wait(2)[1]
    assert sdk.callback(good.headers, good.body)["resource"]["out_trade_no"] == number


def retry(control, number: str) -> None:
    wait_for(lambda: control.outbox("notify", out_trade_no=number)[0]["attempts"], 10, "a try")
    control.clock(advance=15)


def test_a_notice_lost_on_the_way(control, paid, receiver):
    control.fault("drop", "wxpay", "notify")
    number = paid(notify="auto")
    retry(control, number)
    entry = control.wait_notice(out_trade_no=number)

    assert [attempt["status"] for attempt in entry["attempts"]] == [None, 204]
    assert entry["attempts"][0]["fault"] == "drop"
    assert len(receiver.deliveries) == 1


def test_duplicate_notices(control, paid, receiver):
    control.fault("duplicate_notify:4", "wxpay", "notify")
    number = paid(notify="auto")
    deliveries = receiver.wait(4)

    assert len({delivery.id for delivery in deliveries}) == 1
    assert control.outbox("notify", out_trade_no=number)[0]["copies"] == 4


def test_reordered_notices(control, paid, receiver):
    control.fault("reorder_notify")
    first = paid(notify="auto")
    assert control.outbox("notify", out_trade_no=first)[0]["state"] == "held"
    second = paid(notify="auto")
    receiver.wait(2)

    ids = {entry["out_trade_no"]: entry["id"] for entry in control.outbox("notify")}
    assert [delivery.id for delivery in receiver.deliveries] == [ids[second], ids[first]]


def test_held_notice(control, paid, receiver):
    control.fault("hold_notify", match={"event_type": "TRANSACTION.SUCCESS"})
    number = paid(notify="auto")
    [entry] = control.outbox("notify", out_trade_no=number)

    assert (entry["state"], receiver.deliveries) == ("held", [])


def test_match_times_and_removal(control, merchant, paid):
    number, other = paid(), paid()
    query = "/v3/pay/transactions/out-trade-no/{}?mchid=" + merchant.mchid
    control.fault("error:SYSTEM_ERROR", "wxpay", "*", match={"out_trade_no": number}, times=2)

    def ask(asked: str) -> int:
        return merchant.call("GET", query.format(asked)).status_code

    assert [ask(number), ask(other), ask(number), ask(number)] == [500, 200, 500, 200]

    forever = control.fault("error:SYSTEM_ERROR", "wxpay", "query", times=None)
    assert [ask(number) for _ in range(4)] == [500] * 4
    assert [fault["hits"] for fault in control.faults()] == [4]
    control.clear_faults(forever["id"])
    assert (ask(number), control.faults()) == (200, [])


def test_match_on_a_field_inside_the_body(control, merchant, alice, receiver):
    control.fault("error:RULE_LIMIT", "wxpay", "jsapi", match={"amount.total": 666})
    amount = {"total": 666, "currency": "CNY"}

    assert merchant.prepay(alice["openid"], "T000001", receiver.url).status_code == 200
    limited = merchant.prepay(alice["openid"], "T000002", receiver.url, amount=amount)
    assert (limited.status_code, limited.json()["code"]) == (403, "RULE_LIMIT")


def test_error_before_the_work_leaves_no_trace(control, merchant, alice, receiver):
    control.fault("error:SYSTEM_ERROR", "wxpay", "jsapi")
    assert merchant.prepay(alice["openid"], "T000001", receiver.url).status_code == 500
    assert control.trades() == []


def test_an_unsigned_request_uses_up_no_fault(control, merchant):
    control.fault("error:SYSTEM_ERROR", "wxpay", "certificates")
    assert merchant.call("GET", "/v3/certificates", signed_target="/x").status_code == 401
    assert merchant.call("GET", "/v3/certificates").status_code == 500


def test_wechat_faults(control, wx, alice):
    code = control.login_code("alice")
    control.fault("error:-1", "wx", "jscode2session")
    control.fault("drop", "wx", "jscode2session")

    assert wx.login(code)["errcode"] == -1
    with pytest.raises(httpx.TransportError):
        wx.login(code)
    assert wx.login(code)["errcode"] == 40163


@pytest.mark.parametrize(
    "order",
    [
        {"action": "explode"},
        {"action": "delay"},
        {"action": "delay:soon"},
        {"action": "drop:1"},
        {"action": "error:SYSTEM_ERROR"},
        {"action": "error:SYSTEM_ERROR", "rail": "wx"},
        {"action": "error:-1", "rail": "wxpay"},
        {"action": "drop", "rail": "paypal"},
        {"action": "drop", "rail": "wxpay", "op": "jscode2session"},
        {"action": "drop", "times": 0},
        {"action": "drop", "match": {"a": 1}, "times": -1},
    ],
)
def test_misspelt_faults_are_refused(control, order):
    with pytest.raises(SandboxRefusedError) as refused:
        control.fault(**order)
    assert refused.value.status == 400
    assert control.faults() == []
