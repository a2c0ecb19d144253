"""Alipay's web payments (RSA2, public-key mode): the cashier page on a computer or a phone.

python-alipay-sdk builds, signs and verifies; the wire is ours, because the SDK sends every call
as one long GET without a limit on the answer, and loses its place at a brace inside a text.
"""

import binascii
import json
import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import httpx
from alipay import AliPay
from alipay.exceptions import AliPayException
from django.conf import settings
from django.utils import timezone

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

TIMEOUT = httpx.Timeout(10, connect=3.05)
LONGEST_ANSWER = 256 * 1024
BEIJING = ZoneInfo("Asia/Shanghai")
# One notice is delivered for 25 hours; what is older is a replay.
NOTICE_LIFE = timedelta(hours=26)
# The page's clock is not ours: a trade may appear until shortly after it ran out.
PAGE_GRACE = timedelta(minutes=1)

_MONEY = re.compile(r"\d{1,9}\.\d{2}")
_STATES = {
    "WAIT_BUYER_PAY": TradeState.UNPAID,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,
    "TRADE_CLOSED": TradeState.CLOSED,
}
_ABSENT = "TRADE_NOT_EXIST"
# The platform does not know itself what became of the request.
_UNKNOWN_CODES = {"10003", "20000"}
_UNKNOWN = {"SYSTEM_ERROR"}
# Nothing is wrong with the request itself: our account and keys, limits, the balance.
_AGAIN_CODES = {"20001", "40005", "40006"}
_AGAIN = {
    "SELLER_BALANCE_NOT_ENOUGH", "isv.invalid-app-id", "isv.invalid-signature",
    "isv.invalid-timestamp",
}  # fmt: skip


class AlipayGateway:
    """Implements commerce.gateways.base.Gateway."""

    payer_app = None
    platform = "web"

    @property
    def ready(self) -> bool:
        return bool(settings.ALIPAY_APPID)

    def prepay(self, payment, *, description: str) -> str:
        """Nothing to tell: the trade begins when the person opens the signed address."""
        return payment.number

    def client_parameters(self, payment, *, description: str) -> dict[str, str]:
        """Two addresses of the cashier: for a computer's browser and for a phone's."""
        computer = ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY")
        phone = ("alipay.trade.wap.pay", "QUICK_WAP_WAY")
        return {
            "page_url": _page(*computer, payment, description),
            "wap_url": _page(*phone, payment, description),
        }

    def query(self, payment) -> Trade:
        try:
            answer = _call("alipay.trade.query", {"out_trade_no": payment.number})
        except GatewayError as error:
            if error.code == _ABSENT:
                return Trade(payment.number, _unseen(payment))
            raise
        if answer.get("out_trade_no") != payment.number:
            raise GatewayUnknown("an answer about another number")
        return _trade(answer, paid_at=answer.get("send_pay_date"))

    def close(self, payment) -> None:
        """GatewayError("TRADE_NOT_EXIST") while nobody has opened the page: it cannot be shut
        from here, and runs out at the attempt's expires_at."""
        _call("alipay.trade.close", {"out_trade_no": payment.number})

    def refund(self, refund) -> RefundResult:
        """The platform moves the money at once, and says so only the first time it is asked."""
        answer = _call(
            "alipay.trade.refund",
            {
                "out_trade_no": refund.payment.number,
                "out_request_no": refund.number,
                "refund_amount": f"{refund.amount:.2f}",
                "refund_reason": refund.get_reason_code_display(),
            },
        )
        if answer.get("out_trade_no") != refund.payment.number:
            raise GatewayUnknown("an answer about another number")
        moved = answer.get("fund_change") == "Y"
        return RefundResult(
            refund.number,
            RefundState.SUCCEEDED if moved else RefundState.PROCESSING,
            # refund_fee counts earlier refunds of the payment too.
            amount=refund.amount,
            succeeded_at=_moment(answer.get("gmt_refund_pay")) if moved else None,
            transaction_id=_text(answer, "trade_no"),
        )

    def query_refund(self, refund) -> RefundResult:
        """ABSENT also when the platform knows the number and moved nothing: asked again, it
        will."""
        asked = {"out_trade_no": refund.payment.number, "out_request_no": refund.number}
        try:
            answer = _call(
                "alipay.trade.fastpay.refund.query",
                asked | {"query_options": ["gmt_refund_pay"]},
            )
        except GatewayError as error:
            if error.code == _ABSENT:
                return RefundResult(refund.number, RefundState.ABSENT)
            raise
        if answer.get("refund_status") != "REFUND_SUCCESS":
            return RefundResult(refund.number, RefundState.ABSENT)
        if any(answer.get(name) != value for name, value in asked.items()):
            raise GatewayUnknown("an answer about another number")
        amount = _money(answer.get("refund_amount"))
        return RefundResult(
            refund.number,
            RefundState.SUCCEEDED,
            amount=amount,
            succeeded_at=_moment(answer.get("gmt_refund_pay")),
            transaction_id=_text(answer, "trade_no"),
            mismatch=() if amount is not None else ("refund_amount",),
        )

    def parse_notice(self, headers, body: bytes) -> Notice:
        """A notice about a refund says once more that the trade was paid: its refund was
        answered when it was asked for."""
        try:
            facts = dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        except ValueError as error:
            raise NoticeRefused("forged", "form") from error
        _check_signature(dict(facts))
        _check_fresh(facts)
        if facts.get("notify_type") != "trade_status_sync":
            raise NoticeRefused(reason="notify_type")
        event_id = _text(facts, "notify_id", 64)
        if not event_id:
            raise NoticeRefused("forged", "notify_id")
        return Notice(event_id, trade=_trade(facts, paid_at=facts.get("gmt_payment"), notice=True))


class _Client(AliPay):
    """The SDK with an address of our choice, its own time-out and no surprises on the wire."""

    def __init__(self, gateway: str, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.gateway = gateway
        self._http = httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False)

    def page(self, method: str, content: dict[str, Any]) -> str:
        signed = self.client_api(method, content, return_url=_return_url())
        return f"{self.gateway}?{signed}"

    def call(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        """The answer's node; GatewayUnknown for what is not an answer that Alipay signed."""
        form = self.sign_data(self.build_body(method, content))
        text = self._post(form)
        node = method.replace(".", "_") + "_response"
        try:
            whole = json.loads(text)
            answer, signature = whole[node], whole["sign"]
            signed = _signed_part(text, node)
            genuine = isinstance(answer, dict) and self._verify(signed, signature)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GatewayUnknown(f"an answer without {node}") from error
        if not genuine:
            raise GatewayUnknown("an answer with a wrong signature")
        return answer

    def _post(self, form: str) -> str:
        kind = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        try:
            with self._http.stream("POST", self.gateway, content=form, headers=kind) as response:
                body = b""
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LONGEST_ANSWER:
                        raise GatewayUnknown("an answer that is too long")
            if response.status_code != 200:
                raise GatewayUnknown(f"HTTP {response.status_code}")
            return body.decode()
        except (httpx.HTTPError, UnicodeDecodeError) as error:
            raise GatewayUnknown(type(error).__name__) from error


def _sdk() -> _Client:
    return _client(
        settings.ALIPAY_GATEWAY,
        settings.ALIPAY_APPID,
        settings.ALIPAY_PRIVATE_KEY_FILE,
        settings.ALIPAY_PUBLIC_KEY_FILE,
        f"{settings.PUBLIC_URL}/api/v1/pay/callback/alipay",
    )


@lru_cache(maxsize=4)
def _client(gateway, appid, private_key, public_key, notify_url) -> _Client:
    return _Client(
        gateway,
        appid,
        notify_url,
        Path(private_key).read_text(),
        Path(public_key).read_text(),
    )


def _return_url() -> str:
    return f"{settings.PUBLIC_URL}/api/v1/pay/return"


def _page(method: str, product: str, payment, description: str) -> str:
    return _sdk().page(
        method,
        {
            "out_trade_no": payment.number,
            "total_amount": f"{payment.amount:.2f}",
            "subject": _subject(description) or payment.number,
            "product_code": product,
            "time_expire": f"{payment.expires_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        },
    )


def _call(method: str, content: dict[str, Any]) -> dict[str, Any]:
    answer = _sdk().call(method, content)
    code, word = str(answer.get("code")), _text(answer, "sub_code").removeprefix("ACQ.")
    if code == "10000":
        return answer
    if code in _UNKNOWN_CODES or word in _UNKNOWN:
        raise GatewayUnknown(f"{code} {word}")
    again = code in _AGAIN_CODES or word in _AGAIN
    raise GatewayError(word or code, _text(answer, "sub_msg", 200), again=again)


def _signed_part(text: str, node: str) -> str:
    """The node's value exactly as it was sent: the signature covers those characters."""
    start = text.index(":", text.index(f'"{node}"') + len(node) + 2) + 1
    while text[start] in " \r\n\t":
        start += 1
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end]


def _check_signature(facts: dict[str, str]) -> None:
    """Over every field but sign and sign_type, the unknown ones included."""
    try:
        genuine = _sdk().verify(facts, facts.pop("sign", ""))
    except (AliPayException, binascii.Error, ValueError) as error:
        raise NoticeRefused("forged", "signature") from error
    if not genuine:
        raise NoticeRefused("forged", "signature")


def _check_fresh(facts: dict[str, str]) -> None:
    moment = _moment(facts.get("notify_time"))
    if moment is None or abs(timezone.now() - moment) > NOTICE_LIFE:
        raise NoticeRefused("stale", "notify_time")


def _unseen(payment) -> TradeState:
    """No trade yet; the page can be opened, and paid, until it runs out."""
    open_ = timezone.now() < payment.expires_at + PAGE_GRACE and payment.prepay_id
    return TradeState.UNPAID if open_ else TradeState.ABSENT


def _trade(facts: dict[str, Any], *, paid_at: Any, notice: bool = False) -> Trade:
    """What was paid and went back since is still paid; only a notice names app and seller."""
    number = _text(facts, "out_trade_no")
    state = _STATES.get(facts.get("trade_status"), TradeState.UNPAID)
    if state == TradeState.CLOSED and paid_at:
        state = TradeState.PAID
    if state != TradeState.PAID:
        return Trade(number, state)
    ours = {"total_amount": _money(facts.get("total_amount")) is not None}
    if notice:
        ours["app_id"] = facts.get("app_id") == settings.ALIPAY_APPID
        ours["seller_id"] = facts.get("seller_id") == settings.ALIPAY_SELLER_ID
    return Trade(
        number,
        state,
        transaction_id=_text(facts, "trade_no"),
        amount=_money(facts.get("total_amount")),
        paid_at=_moment(paid_at),
        mismatch=tuple(name for name, same in ours.items() if not same),
    )


def _subject(text: str) -> str:
    """At most 256 characters and none of those the platform refuses."""
    return re.sub(r"[/=&\s]+", " ", text).strip()[:256]


def _money(text: Any) -> Decimal | None:
    fits = isinstance(text, str) and text.isascii() and _MONEY.fullmatch(text)
    return Decimal(text) if fits else None


def _text(facts: dict[str, Any], name: str, most: int = 64) -> str:
    value = facts.get(name)
    return value if isinstance(value, str) and len(value) <= most else ""


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except (TypeError, ValueError):
        return None
