"""wx.requestPayment: what the client checks, and what paying does."""

import httpx
import pytest

from tests.sandbox import crypto
from tests.sandbox.client import PREFIX, SandboxRefusedError


@pytest.fixture
def prepay_id(control, merchant, alice, receiver):
    return merchant.prepay(alice["openid"], "T000001", receiver.url).json()["prepay_id"]


def refusal(control, params, **options) -> str:
    with pytest.raises(SandboxRefusedError) as refused:
        control.request_payment(params, **options)
    assert refused.value.status == 400
    assert control.trade("T000001")["trade_state"] == "NOTPAY"
    assert control.book()["entries"] == []
    return refused.value.body["errMsg"].removeprefix("requestPayment:fail ")


def test_paying_marks_the_trade_and_books_the_money(control, merchant, prepay_id, receiver):
    answer = control.request_payment(merchant.client_params(prepay_id), persona="alice")

    assert answer["errMsg"] == "requestPayment:ok"
    trade = control.trade("T000001")
    assert trade["trade_state"] == "SUCCESS"
    assert len(trade["transaction_id"]) == 28
    book = control.book()
    assert (book["paid"], book["refunded"], book["net"]) == (100, 0, 100)
    assert book["net_by_trade"] == {"T000001": 100}
    assert [d.id for d in receiver.wait(1)] == [answer["notice"]]


def test_cancel_and_failure_leave_the_trade_unpaid(control, merchant, prepay_id, receiver):
    params = merchant.client_params(prepay_id)

    cancelled = control.request_payment(params, outcome="cancel")
    failed = control.request_payment(params, outcome="fail")
    assert cancelled["errMsg"] == "requestPayment:fail cancel"
    assert failed["errMsg"] == "requestPayment:fail"
    assert control.trade("T000001")["trade_state"] == "NOTPAY"
    assert control.outbox("notify") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timeStamp": 1700000000}, "parameter error: parameter.timeStamp should be String"),
        ({"timeStamp": "now"}, "parameter error: parameter.timeStamp should be seconds"),
        ({"package": "wx0123"}, "parameter error: parameter.package should be prepay_id=..."),
        ({"package": "prepay_id=wx0123"}, "支付验证签名失败"),
        ({"signType": "MD5"}, "parameter error: parameter.signType should be RSA"),
        ({"nonceStr": "n" * 33}, "parameter error: parameter.nonceStr is too long"),
        ({"nonceStr": "other"}, "支付验证签名失败"),
        ({"paySign": ""}, "parameter error: parameter.paySign should be String"),
        ({"paySign": "bm90IGEgc2lnbmF0dXJl"}, "支付验证签名失败"),
        ({"appId": "wx0000000000000009"}, "支付验证签名失败"),
    ],
)
def test_wrong_parameters(control, merchant, prepay_id, change, reason):
    assert refusal(control, merchant.client_params(prepay_id) | change) == reason


def test_only_the_merchant_key_signs(control, merchant, prepay_id):
    params = merchant.client_params(prepay_id)
    parts = (merchant.env["WX_APPID"], params["timeStamp"], params["nonceStr"], params["package"])
    message = "".join(f"{part}\n" for part in parts).encode()

    params["paySign"] = crypto.rsa_sign(crypto.new_rsa(), message)
    assert refusal(control, params) == "支付验证签名失败"


def test_genuine_signature_over_an_unknown_prepay_id(control, merchant, prepay_id):
    assert refusal(control, merchant.client_params("wx0123")) == "prepay_id已过期或不存在"


def test_prepay_id_lives_two_hours(control, merchant, prepay_id):
    control.clock(advance=7195)
    params = merchant.client_params(prepay_id)
    control.request_payment(params, outcome="cancel")

    control.clock(advance=10)
    assert refusal(control, params) == "prepay_id已过期或不存在"


def test_another_person_cannot_pay(control, merchant, prepay_id):
    control.persona(id="bob")
    params = merchant.client_params(prepay_id)
    assert refusal(control, params, persona="bob") == "下单账号与支付账号不一致"


def test_paid_and_closed_trades_cannot_be_paid(control, merchant, prepay_id, alice, receiver):
    params = merchant.client_params(prepay_id)
    control.request_payment(params, notify="hold")
    with pytest.raises(SandboxRefusedError) as paid:
        control.request_payment(params)

    other = merchant.prepay(alice["openid"], "T000002", receiver.url).json()["prepay_id"]
    close = "/v3/pay/transactions/out-trade-no/T000002/close"
    merchant.call("POST", close, {"mchid": merchant.mchid})
    with pytest.raises(SandboxRefusedError) as closed:
        control.request_payment(merchant.client_params(other))

    assert (paid.value.status, paid.value.body["code"]) == (409, "ORDER_PAID")
    assert (closed.value.status, closed.value.body["code"]) == (409, "ORDER_CLOSED")
    assert control.book()["paid"] == 100


def test_late_payment_needs_force(control, merchant, prepay_id):
    close = "/v3/pay/transactions/out-trade-no/T000001/close"
    merchant.call("POST", close, {"mchid": merchant.mchid})
    with pytest.raises(SandboxRefusedError) as refused:
        control.pay("T000001")
    assert refused.value.body["code"] == "ORDER_CLOSED"

    control.pay("T000001", force=True)
    assert control.trade("T000001")["trade_state"] == "SUCCESS"
    control.wait_notice(out_trade_no="T000001")
    with pytest.raises(SandboxRefusedError):
        control.pay("T000001", force=True)
    assert control.book()["paid"] == 100


def test_paying_without_the_client(control, prepay_id, receiver):
    assert control.pay("T000001")["trade"]["trade_state"] == "SUCCESS"
    receiver.wait(1)

    with pytest.raises(SandboxRefusedError) as unknown:
        control.pay("T999999")
    assert unknown.value.status == 404


@pytest.mark.parametrize(
    "extra", [{"notify": "later"}, {"copies": 0}, {"copies": True}, {"outcome": "maybe"}]
)
def test_wrong_control_options(control, merchant, prepay_id, extra, sandbox):
    params = merchant.client_params(prepay_id) | extra
    url = f"{sandbox.control_url}{PREFIX}/wxpay/request-payment"
    assert httpx.post(url, json=params, trust_env=False).status_code == 400
    assert control.trade("T000001")["trade_state"] == "NOTPAY"
