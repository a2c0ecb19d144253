"""WeChat Pay v3 for mini-programs (JSAPI), direct merchant, public-key mode.

The SDK signs, verifies and decrypts; what it leaves open is decided here: time-outs, freshness
of callbacks, which exceptions mean "unknown", and the meaning of codes.
"""

import json
import secrets
import time
from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.utils import timezone
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import build_authorization, load_private_key

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
from commerce.gateways.bills import BillNotReady, BillRow
from commerce.gateways.facts import must_be_about
from commerce.gateways.money import fen
from commerce.gateways.wechat_bill import fetch_bill, read_bill
from commerce.gateways.wechat_messages import CURRENCY, notice_in, refund_in, trade_in

TIMEOUT = (3.05, 10)  # seconds to connect, to answer
PROBE = "WECHATPAY/SIGNTEST/"  # the platform tests whether we check signatures

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
# All that the SDK may see: it prefers other spellings ("HTTP-Wechatpay-Timestamp") when there are
# any, and would verify those while we look at the freshness of these.
_NOTICE_HEADERS = tuple(
    f"Wechatpay-{name}" for name in ("Signature", "Timestamp", "Nonce", "Serial", "Signature-Type")
)
# The only 5xx that are a clear no.
_CLEAR_5XX = {"OPENID_MISMATCH"}


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
        must_be_about(answer, out_trade_no=payment.number)
        return trade_in(answer)

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
        return refund_in(answer, refund)

    def query_refund(self, refund) -> RefundResult:
        try:
            answer = _call(_sdk().query_refund, out_refund_no=refund.number)
        except GatewayError as error:
            if error.code in _ABSENT:
                return RefundResult(refund.number, RefundState.ABSENT)
            raise
        return refund_in(answer, refund)

    def parse_notice(self, headers, body: bytes) -> Notice:
        """The SDK checks no freshness and asks the platform about serials it does not know,
        so both are settled before it sees the message."""
        said = {name: headers.get(name, "") for name in _NOTICE_HEADERS}
        if said["Wechatpay-Serial"] != settings.WXPAY_PUBLIC_KEY_ID:
            raise NoticeRefused("forged", "serial")
        _check_fresh(said["Wechatpay-Timestamp"])
        if said["Wechatpay-Signature"].startswith(PROBE):
            raise NoticeRefused(reason="probe")
        try:
            message = _sdk().callback(said, body)
            if message is not None:
                return notice_in(message)
        except NoticeRefused:
            raise
        except Exception as error:  # the SDK raises bare Exceptions, json and unicode errors
            raise NoticeRefused("forged", type(error).__name__) from error
        raise NoticeRefused("forged", "signature")

    def download_bill(self, day: date, file: BinaryIO) -> bool:
        try:
            answer = _call(_sdk().trade_bill, bill_date=day.isoformat())
        except GatewayError as error:
            if error.code == "NO_STATEMENT_EXIST":
                return False
            if error.code == "STATEMENT_CREATING":
                raise BillNotReady from error
            raise
        fetch_bill(answer, file, _authorization)
        return True

    def read_bill(self, file: BinaryIO) -> Iterator[BillRow]:
        return read_bill(file)


def _authorization(path: str) -> str:
    key = Path(settings.WXPAY_PRIVATE_KEY_FILE).read_text()
    return build_authorization(
        path, "GET", settings.WXPAY_MCHID, settings.WXPAY_CERT_SERIAL, load_private_key(key)
    )


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


def _rfc3339(moment: datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")
