"""JSAPI prepay: fields, repetition and expiry."""

import json
import time
from datetime import UTC, datetime

import pytest


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def in_seconds(seconds: float) -> str:
    moment = datetime.fromtimestamp(int(time.time() + seconds), UTC)
    return moment.isoformat().replace("+00:00", "Z")


def test_sdk_gets_a_prepay_id(control, sdk, alice, receiver, new_number):
    status, text = sdk.pay(
        "心理咨询", new_number(), {"total": 1}, {"openid": alice["openid"]}, notify_url=receiver.url
    )

    assert status == 200
    prepay_id = json.loads(text)["prepay_id"]
    assert prepay_id.startswith("wx")
    assert len(prepay_id) == 36


def test_same_number_and_parameters_again(control, merchant, alice, receiver):
    first = merchant.prepay(alice["openid"], "T000001", receiver.url)
    again = merchant.prepay(alice["openid"], "T000001", receiver.url)

    assert first.status_code == again.status_code == 200
    assert len(control.trades()) == 1


def test_a_repetition_after_two_hours_gets_a_new_prepay_id(control, merchant, alice, receiver):
    first = merchant.prepay(alice["openid"], "T000001", receiver.url).json()
    control.clock(advance=7201)
    again = merchant.prepay(alice["openid"], "T000001", receiver.url).json()

    assert first["prepay_id"] != again["prepay_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"total": 101, "currency": "CNY"}},
        {"description": "other"},
        {"attach": "other"},
        {"notify_url": "http://127.0.0.1:9/other"},
    ],
)
def test_same_number_with_other_parameters(control, merchant, alice, receiver, change):
    merchant.prepay(alice["openid"], "T000001", receiver.url)
    body = merchant.prepay_body(alice["openid"], "T000001", receiver.url) | change
    answer = merchant.call("POST", "/v3/pay/transactions/jsapi", body)

    assert refusal(answer) == (400, "INVALID_REQUEST")
    assert answer.json()["message"] == "请求重入时，参数与首次请求时不一致"
    assert control.trade("T000001")["total"] == 100


def test_the_first_request_fixes_the_expiry(control, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T000001", receiver.url, time_expire=in_seconds(600))
    expire_at = control.trade("T000001")["expire_at"]
    answer = merchant.prepay(alice["openid"], "T000001", receiver.url, time_expire=in_seconds(900))

    assert answer.status_code == 200
    assert control.trade("T000001")["expire_at"] == expire_at


def test_paid_and_closed_numbers_are_gone(control, merchant, alice, receiver):
    for number in ("T000001", "T000002"):
        merchant.prepay(alice["openid"], number, receiver.url)
    control.pay("T000001", notify="hold")
    merchant.call(
        "POST",
        "/v3/pay/transactions/out-trade-no/T000002/close",
        {"mchid": merchant.mchid},
    )

    paid = merchant.prepay(alice["openid"], "T000001", receiver.url)
    closed = merchant.prepay(alice["openid"], "T000002", receiver.url)
    assert refusal(paid) == (400, "ORDER_PAID")
    assert refusal(closed) == (400, "ORDER_CLOSED")


def test_expired_trade_is_closed(control, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T000001", receiver.url, time_expire=in_seconds(300))
    assert control.trade("T000001")["trade_state"] == "NOTPAY"

    control.clock(advance=301)
    assert control.trade("T000001")["trade_state"] == "CLOSED"
    again = merchant.prepay(alice["openid"], "T000001", receiver.url)
    assert refusal(again) == (400, "ORDER_CLOSED")


def test_unpaid_trade_closes_after_seven_days(control, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T000001", receiver.url)
    control.clock(advance=7 * 86400 - 60)
    assert control.trade("T000001")["trade_state"] == "NOTPAY"

    control.clock(advance=120)
    assert control.trade("T000001")["trade_state"] == "CLOSED"


def test_an_expiry_within_a_minute_is_put_off(control, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T000001", receiver.url, time_expire=in_seconds(5))
    trade = control.trade("T000001")

    assert trade["expire_at"] - trade["created_at"] == pytest.approx(60)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"appid": None}, "/appid"),
        ({"description": ""}, "/description"),
        ({"description": "长" * 128}, "/description"),
        ({"out_trade_no": "T0001"}, "/out_trade_no"),
        ({"out_trade_no": "T" * 33}, "/out_trade_no"),
        ({"out_trade_no": "T00000/1"}, "/out_trade_no"),
        ({"attach": "x" * 129}, "/attach"),
        ({"notify_url": "ftp://example.com/x"}, "/notify_url"),
        ({"notify_url": "http://example.com/x?a=1"}, "/notify_url"),
        ({"notify_url": "http://example.com/" + "x" * 240}, "/notify_url"),
        ({"notify_url": None}, "/notify_url"),
        ({"goods_tag": "x" * 33}, "/goods_tag"),
        ({"support_fapiao": "yes"}, "/support_fapiao"),
        ({"limit_pay": "no_credit"}, "/limit_pay"),
        ({"time_expire": "2026-11-20 13:29:35"}, "/time_expire"),
        ({"time_expire": "2020-11-20T13:29:35+08:00"}, "/time_expire"),
        ({"amount": None}, "/amount"),
        ({"amount": {"total": 0}}, "/amount/total"),
        ({"amount": {"total": 1.5}}, "/amount/total"),
        ({"amount": {"total": "100"}}, "/amount/total"),
        ({"amount": {"total": True}}, "/amount/total"),
        ({"amount": {"total": 1, "currency": "USD"}}, "/amount/currency"),
        ({"payer": {}}, "/payer/openid"),
        ({"scene_info": {"device_id": "1"}}, "/scene_info/payer_client_ip"),
        ({"scene_info": {"payer_client_ip": "1" * 46}}, "/scene_info/payer_client_ip"),
        (
            {"detail": {"goods_detail": [{"merchant_goods_id": "g", "quantity": 0}]}},
            "/detail/goods_detail/0/quantity",
        ),
        ({"settle_info": {"profit_sharing": 1}}, "/settle_info/profit_sharing"),
    ],
)
def test_field_rules(control, merchant, alice, receiver, change, field):
    body = merchant.prepay_body(alice["openid"], "T000001", receiver.url) | change
    answer = merchant.call("POST", "/v3/pay/transactions/jsapi", body)

    assert refusal(answer) == (400, "PARAM_ERROR")
    assert answer.json()["detail"]["field"] == field
    assert control.trades() == []


def test_all_optional_fields_at_their_limits(control, merchant, alice, receiver):
    answer = merchant.prepay(
        alice["openid"],
        "T0_-|*" + "Z" * 26,
        receiver.url,
        description="长" * 127,
        attach="x" * 128,
        goods_tag="x" * 32,
        time_expire=in_seconds(600),
        support_fapiao=True,
        limit_pay=["no_credit"],
        scene_info={"payer_client_ip": "1" * 45, "device_id": "d" * 32, "store_info": {"id": "1"}},
        settle_info={"profit_sharing": False},
        detail={
            "cost_price": 100,
            "invoice_id": "i",
            "goods_detail": [
                {"merchant_goods_id": "g", "goods_name": "n", "quantity": 1, "unit_price": 100}
            ],
        },
    )
    assert answer.status_code == 200


def test_who_and_whose(control, merchant, alice, receiver):
    openid = alice["openid"]
    foreign_app = merchant.prepay(openid, "T000001", receiver.url, appid="wx0000000000000009")
    foreign_mch = merchant.prepay(openid, "T000001", receiver.url, mchid="1900000001")
    stranger = merchant.prepay("oNobodyHasThisOpenid00000000", "T000001", receiver.url)
    other_case = merchant.prepay(openid.swapcase(), "T000001", receiver.url)

    assert refusal(foreign_app) == (400, "APPID_MCHID_NOT_MATCH")
    assert refusal(foreign_mch) == (400, "MCH_NOT_EXISTS")
    assert refusal(stranger) == (400, "PARAM_ERROR")
    assert refusal(other_case) == (400, "PARAM_ERROR")
    assert control.trades() == []
