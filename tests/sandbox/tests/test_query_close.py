"""Querying and closing trades, with the real SDK."""

import json

import pytest

NUMBERS = "/v3/pay/transactions/out-trade-no"


@pytest.fixture
def unpaid(control, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T000001", receiver.url, attach="a=1")
    return "T000001"


def test_unpaid_trade_has_no_payment_details(sdk, unpaid, env):
    status, text = sdk.query(out_trade_no=unpaid)

    assert status == 200
    assert json.loads(text) == {
        "appid": env["WX_APPID"],
        "mchid": env["WXPAY_MCHID"],
        "out_trade_no": unpaid,
        "trade_type": "JSAPI",
        "trade_state": "NOTPAY",
        "trade_state_desc": "订单未支付",
        "attach": "a=1",
        "amount": {"total": 100, "currency": "CNY"},
    }


def test_paid_trade_by_either_number(control, sdk, unpaid, alice):
    control.pay(unpaid, notify="hold")
    answer = json.loads(sdk.query(out_trade_no=unpaid)[1])

    assert answer["trade_state"] == "SUCCESS"
    assert answer["payer"] == {"openid": alice["openid"]}
    assert answer["amount"] == {
        "total": 100,
        "payer_total": 100,
        "currency": "CNY",
        "payer_currency": "CNY",
    }
    assert answer["success_time"].endswith("+08:00")
    assert json.loads(sdk.query(transaction_id=answer["transaction_id"])[1]) == answer


def test_unknown_trade(control, sdk):
    status, text = sdk.query(out_trade_no="T999999")
    assert (status, json.loads(text)["code"]) == (404, "ORDER_NOT_EXIST")

    status, text = sdk.query(transaction_id="4200000000000000000000000000")
    assert (status, json.loads(text)["code"]) == (404, "ORDER_NOT_EXIST")


def test_query_wants_the_merchant_number(merchant, unpaid):
    missing = merchant.call("GET", f"{NUMBERS}/{unpaid}")
    foreign = merchant.call("GET", f"{NUMBERS}/{unpaid}?mchid=1900000001")

    assert (missing.status_code, missing.json()["code"]) == (400, "PARAM_ERROR")
    assert (foreign.status_code, foreign.json()["code"]) == (400, "MCH_NOT_EXISTS")


def test_close_can_be_repeated(control, sdk, unpaid):
    assert sdk.close(unpaid)[0] == 204
    assert sdk.close(unpaid)[0] == 204
    assert json.loads(sdk.query(out_trade_no=unpaid)[1])["trade_state"] == "CLOSED"


def test_paid_trade_cannot_be_closed(control, sdk, unpaid):
    control.pay(unpaid, notify="hold")
    status, text = sdk.close(unpaid)

    assert (status, json.loads(text)["code"]) == (400, "ORDER_PAID")
    assert control.trade(unpaid)["trade_state"] == "SUCCESS"


def test_closing_what_does_not_exist(control, sdk):
    assert sdk.close("T999999")[0] == 404


def test_number_with_special_characters(control, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T_-|*01", receiver.url)
    answer = merchant.call("GET", f"{NUMBERS}/T_-%7C%2A01?mchid={merchant.mchid}")
    assert answer.json()["out_trade_no"] == "T_-|*01"
