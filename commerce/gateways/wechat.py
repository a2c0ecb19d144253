"""WeChat Pay v3 for mini-programs (JSAPI), direct merchant, public-key mode.

The SDK signs, verifies and decrypts; what it leaves open is decided here: time-outs, freshness
of callbacks, which exceptions mean "unknown", and the meaning of codes.
"""

import json
import secrets
import time
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from wechatpayv3 import WeChatPay, WeChatPayType

from accounts.services.parameters import parameter
from commerce.errors import NoticeRefused
from commerce.gateways.base import (
    GatewayError,
    GatewayUnknown,
    Notice,
    RefundResult,
    RefundState,
    Trade,
    TradeState,
)
from commerce.gateways.money import fen, yuan

TIMEOUT = (3.05, 10)  # seconds to connect, to answer
PROBE = "WECHATPAY/SIGNTEST/"  # the platform tests whether we check signatures
CURRENCY = "CNY"

# Codes were renamed over the years: both spellings, squeezed to capitals, mean the same.
_SPELLINGS = {
    name.replace("_", ""): name
    for name in (
        "FREQUENCY_LIMITED", "INVALID_REQUEST", "NOT_ENOUGH", "OPENID_MISMATCH", "ORDER_CLOSED",
        "ORDER_NOT_EXIST", "ORDER_PAID", "OUT_TRADE_NO_USED", "RESOURCE_NOT_EXISTS",
    )
} | {
    "RATELIMITEXCEEDED": "FREQUENCY_LIMITED",
    "RATELIMITEXCEED": "FREQUENCY_LIMITED",
    "FREQUENCYLIMITEXCEED": "FREQUENCY_LIMITED",
    "RESOURCENOTEXIST": "RESOURCE_NOT_EXISTS",
    "REFUNDNOTEXISTS": "RESOURCE_NOT_EXISTS",
}  # fmt: skip
_ABSENT = {"ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"}
# Nothing is wrong with the request itself: balance, limits, or our own account and keys.
_AGAIN = {
    "ACCOUNT_ERROR", "FREQUENCY_LIMITED", "MCH_NOT_EXISTS", "NO_AUTH", "NOT_ENOUGH", "RULE_LIMIT",
    "SIGN_ERROR",
}  # fmt: skip
# The only 5xx that are a clear no.
_CLEAR_5XX = {"OPENID_MISMATCH"}

_TRADE_STATES = {
    "SUCCESS": TradeState.PAID,
    "REFUND": TradeState.PAID,  # paid, and some of it refunded since
    "CLOSED": TradeState.CLOSED,
    "REVOKED": TradeState.CLOSED,
}
_REFUND_STATES = {
    "SUCCESS": RefundState.SUCCEEDED,
    "PROCESSING": RefundState.PROCESSING,
    "CLOSED": RefundState.FAILED,
    "ABNORMAL": RefundState.FAILED,
}


class WeChatGateway:
    """Implements commerce.gateways.base.Gateway."""

    platform = "mini_program"

    @property
    def ready(self) -> bool:
        return bool(settings.WXPAY_MCHID)

    @property
    def payer_app(self) -> str:
        return settings.WX_APPID

    def prepay(self, payment, *, description: str) -> str:
        answer = _call(
            _sdk().pay,
            description=description[:127] or payment.number,
            out_trade_no=payment.number,
            amount={"total": fen(payment.amount), "currency": CURRENCY},
            payer={"openid": payment.payer},
            time_expire=_rfc3339(payment.expires_at),
            notify_url=f"{settings.PUBLIC_URL}/api/v1/pay/callback/wechat",
        )
        prepay_id = answer.get("prepay_id")
        if not isinstance(prepay_id, str) or not prepay_id:
            raise GatewayUnknown("no prepay_id")
        return prepay_id

    def client_parameters(self, payment, *, description: str = "") -> dict[str, str]:
        """The fields of wx.requestPayment (wire form: texts, seconds, RSA)."""
        stamp, nonce = str(int(time.time())), secrets.token_hex(16)
        package = f"prepay_id={payment.prepay_id}"
        return {
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": _sdk().sign([settings.WX_APPID, stamp, nonce, package]),
        }

    def query(self, payment) -> Trade:
        try:
            answer = _call(_sdk().query, out_trade_no=payment.number)
        except GatewayError as error:
            if error.code in _ABSENT:
                return Trade(payment.number, TradeState.ABSENT)
            raise
        if answer.get("out_trade_no") != payment.number:
            raise GatewayUnknown("an answer about another number")
        return _trade(answer)

    def close(self, payment) -> None:
        _call(_sdk().close, out_trade_no=payment.number)

    def refund(self, refund) -> RefundResult:
        payment = refund.payment
        answer = _call(
            _sdk().refund,
            out_refund_no=refund.number,
            out_trade_no=payment.number,
            amount={
                "refund": fen(refund.amount),
                "total": fen(payment.amount),
                "currency": CURRENCY,
            },
            reason=refund.get_reason_code_display(),
            notify_url=f"{settings.PUBLIC_URL}/api/v1/refund/callback/wechat",
        )
        return _refund_answer(answer, refund)

    def query_refund(self, refund) -> RefundResult:
        try:
            answer = _call(_sdk().query_refund, out_refund_no=refund.number)
        except GatewayError as error:
            if error.code in _ABSENT:
                return RefundResult(refund.number, RefundState.ABSENT)
            raise
        return _refund_answer(answer, refund)

    def parse_notice(self, headers, body: bytes) -> Notice:
        """The SDK checks no freshness and asks the platform about serials it does not know,
        so both are settled before it sees the message."""
        if headers.get("Wechatpay-Serial", "") != settings.WXPAY_PUBLIC_KEY_ID:
            raise NoticeRefused("forged", "serial")
        _check_fresh(headers.get("Wechatpay-Timestamp", ""))
        if headers.get("Wechatpay-Signature", "").startswith(PROBE):
            raise NoticeRefused(reason="probe")
        try:
            message = _sdk().callback(headers, body)
            if message is not None:
                return _notice(message)
        except NoticeRefused:
            raise
        except Exception as error:  # the SDK raises bare Exceptions, json and unicode errors
            raise NoticeRefused("forged", type(error).__name__) from error
        raise NoticeRefused("forged", "signature")


def _sdk() -> WeChatPay:
    return _client(
        settings.WXPAY_BASE,
        settings.WX_APPID,
        settings.WXPAY_MCHID,
        settings.WXPAY_PRIVATE_KEY_FILE,
        settings.WXPAY_CERT_SERIAL,
        settings.WXPAY_APIV3_KEY,
        settings.WXPAY_PUBLIC_KEY_FILE,
        settings.WXPAY_PUBLIC_KEY_ID,
    )


@lru_cache(maxsize=4)
def _client(base, appid, mchid, private_key, serial, apiv3_key, public_key, public_key_id):
    """The SDK for these settings.  No logger: it would write decrypted callbacks down."""
    sdk = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=mchid,
        private_key=Path(private_key).read_text(),
        cert_serial_no=serial,
        appid=appid,
        apiv3_key=apiv3_key,
        public_key=Path(public_key).read_text(),
        public_key_id=public_key_id,
        timeout=TIMEOUT,
    )
    # There is no parameter for the address; tests guard that this private name still exists.
    sdk._core._gate_way = base
    return sdk


def _call(method, **arguments) -> dict[str, Any]:
    """The answer as a dict.  A raised exception may mean that it was done: lost answers, and
    answers whose signature does not fit, are unknown (invariants M-11)."""
    try:
        status, text = method(**arguments)
    except Exception as error:  # requests' errors and the SDK's bare Exceptions alike
        raise GatewayUnknown(type(error).__name__) from error
    if status == 204:
        return {}
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise GatewayUnknown(f"HTTP {status} without JSON") from error
    if not isinstance(answer, dict):
        raise GatewayUnknown(f"HTTP {status} without an object")
    if status == 200:
        return answer
    code = _canonical(answer.get("code"))
    if code and (400 <= status < 500 or code in _CLEAR_5XX):
        raise GatewayError(code, str(answer.get("message", "")), again=code in _AGAIN)
    raise GatewayUnknown(f"HTTP {status} {code}".strip())


def _canonical(code: Any) -> str:
    text = code if isinstance(code, str) else ""
    return _SPELLINGS.get(text.upper().replace("_", ""), text)


def _check_fresh(stamp: str) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise NoticeRefused("forged", "timestamp")
    if abs(timezone.now().timestamp() - int(stamp)) > parameter("CALLBACK_WINDOW_SECONDS"):
        raise NoticeRefused("stale", "timestamp")


def _notice(message: dict[str, Any]) -> Notice:
    event_id, event, facts = message["id"], message["event_type"], message["resource"]
    if not (isinstance(event_id, str) and 0 < len(event_id) <= 64 and isinstance(facts, dict)):
        raise NoticeRefused("forged", "form")
    if event == "TRANSACTION.SUCCESS":
        return Notice(event_id, trade=_trade(facts))
    if event in {"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"}:
        return Notice(event_id, refund=_refund_notice(facts))
    raise NoticeRefused(reason=f"event {event}")


def _trade(facts: dict[str, Any]) -> Trade:
    """From a query's answer or a notice; what is paid names every fact that is not ours."""
    state = _TRADE_STATES.get(facts.get("trade_state"), TradeState.UNPAID)
    number = _text(facts, "out_trade_no")
    if state != TradeState.PAID:
        return Trade(number, state)
    amount, payer = _group(facts, "amount"), _group(facts, "payer")
    ours = {
        "appid": facts.get("appid") == settings.WX_APPID,
        "mchid": facts.get("mchid") == settings.WXPAY_MCHID,
        "trade_type": facts.get("trade_type") == "JSAPI",
        "currency": amount.get("currency") == CURRENCY,
    }
    return Trade(
        number,
        state,
        transaction_id=_text(facts, "transaction_id"),
        amount=yuan(amount.get("total")),
        paid_at=_moment(facts.get("success_time")),
        mismatch=tuple(name for name, same in ours.items() if not same),
        payer=_text(payer, "openid", 128),
    )


def _refund_answer(answer: dict[str, Any], refund) -> RefundResult:
    """To a request or query of ours, so the number must be the one we asked about."""
    if answer.get("out_refund_no") != refund.number or answer.get("status") not in _REFUND_STATES:
        raise GatewayUnknown("an answer about another number or in no known state")
    return _refund_result(answer, answer["status"], ())


def _refund_notice(facts: dict[str, Any]) -> RefundResult:
    status = facts.get("refund_status")
    wrong = [] if facts.get("mchid") == settings.WXPAY_MCHID else ["mchid"]
    if status not in {"SUCCESS", "CLOSED", "ABNORMAL"}:
        wrong.append("refund_status")
    return _refund_result(facts, status, tuple(wrong))


def _refund_result(facts: dict[str, Any], status: str, wrong: tuple[str, ...]) -> RefundResult:
    amount = yuan(_group(facts, "amount").get("refund"))
    return RefundResult(
        _text(facts, "out_refund_no"),
        _REFUND_STATES.get(status, RefundState.PROCESSING),
        provider_id=_text(facts, "refund_id"),
        amount=amount,
        succeeded_at=_moment(facts.get("success_time")),
        reason=status if _REFUND_STATES.get(status) == RefundState.FAILED else "",
        transaction_id=_text(facts, "transaction_id"),
        mismatch=wrong if amount is not None else (*wrong, "amount"),
    )


def _text(facts: dict[str, Any], name: str, most: int = 64) -> str:
    value = facts.get(name)
    return value if isinstance(value, str) and len(value) <= most else ""


def _group(facts: dict[str, Any], name: str) -> dict[str, Any]:
    value = facts.get(name)
    return value if isinstance(value, dict) else {}


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def _rfc3339(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")
