"""Alipay's web payments: the cashier page on a computer or a phone."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from django.conf import settings
from django.utils import timezone

from commerce.errors import NoticeRefused
from commerce.gateways.alipay_bill import fetch_bill, read_bill
from commerce.gateways.alipay_client import call, check_signature, page
from commerce.gateways.base import (
    GatewayError,
    Notice,
    RefundResult,
    RefundState,
    Trade,
    TradeState,
)
from commerce.gateways.bills import BillRow
from commerce.gateways.facts import must_be_about, not_ours, read_form, text
from commerce.gateways.page import PageGateway, unseen
from config.days import SHANGHAI

# One notice is delivered for 25 hours; what is older is a replay.
NOTICE_LIFE = timedelta(hours=26)

_MONEY = re.compile(r"\d{1,9}\.\d{2}")
_STATES = {
    "WAIT_BUYER_PAY": TradeState.UNPAID,
    "TRADE_SUCCESS": TradeState.PAID,
    "TRADE_FINISHED": TradeState.PAID,
    "TRADE_CLOSED": TradeState.CLOSED,
}
_ABSENT = "TRADE_NOT_EXIST"


class AlipayGateway(PageGateway):
    """Implements commerce.gateways.base.Gateway."""

    @property
    def ready(self) -> bool:
        return bool(settings.ALIPAY_APPID)

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
            answer = call("alipay.trade.query", {"out_trade_no": payment.number})
        except GatewayError as error:
            if error.code == _ABSENT:
                return unseen(payment)
            raise
        must_be_about(answer, out_trade_no=payment.number)
        return _trade(answer, paid_at=answer.get("send_pay_date"))

    def close(self, payment) -> None:
        """GatewayError("TRADE_NOT_EXIST") while nobody has opened the page: it cannot be shut
        from here, and runs out at the attempt's expires_at."""
        call("alipay.trade.close", {"out_trade_no": payment.number})

    def refund(self, refund) -> RefundResult:
        """The platform moves the money at once, and says so only the first time it is asked."""
        answer = call(
            "alipay.trade.refund",
            {
                "out_trade_no": refund.payment.number,
                "out_request_no": refund.number,
                "refund_amount": f"{refund.amount:.2f}",
                "refund_reason": refund.get_reason_code_display(),
            },
        )
        must_be_about(answer, out_trade_no=refund.payment.number)
        moved = answer.get("fund_change") == "Y"
        return RefundResult(
            refund.number,
            RefundState.SUCCEEDED if moved else RefundState.PROCESSING,
            # refund_fee counts earlier refunds of the payment too.
            amount=refund.amount,
            succeeded_at=_moment(answer.get("gmt_refund_pay")) if moved else None,
            transaction_id=text(answer, "trade_no"),
        )

    def query_refund(self, refund) -> RefundResult:
        """ABSENT also when the platform knows the number and moved nothing: asked again, it
        will."""
        asked = {"out_trade_no": refund.payment.number, "out_request_no": refund.number}
        try:
            answer = call(
                "alipay.trade.fastpay.refund.query",
                asked | {"query_options": ["gmt_refund_pay"]},
            )
        except GatewayError as error:
            if error.code == _ABSENT:
                return RefundResult(refund.number, RefundState.ABSENT)
            raise
        if answer.get("refund_status") != "REFUND_SUCCESS":
            return RefundResult(refund.number, RefundState.ABSENT)
        must_be_about(answer, **asked)
        amount = _money(answer, "refund_amount")
        return RefundResult(
            refund.number,
            RefundState.SUCCEEDED,
            amount=amount,
            succeeded_at=_moment(answer.get("gmt_refund_pay")),
            transaction_id=text(answer, "trade_no"),
            mismatch=() if amount is not None else ("refund_amount",),
        )

    def parse_notice(self, headers, body: bytes) -> Notice:
        """A notice about a refund says once more that the trade was paid: its refund was
        answered when it was asked for."""
        facts = read_form(body)
        check_signature(facts)
        _check_fresh(facts)
        if facts.get("notify_type") != "trade_status_sync":
            raise NoticeRefused(reason="notify_type")
        event_id = text(facts, "notify_id", 64)
        if not event_id:
            raise NoticeRefused("forged", "notify_id")
        return Notice(event_id, trade=_trade(facts, paid_at=facts.get("gmt_payment"), notice=True))

    def download_bill(self, day: date, file: BinaryIO) -> bool:
        return fetch_bill(day, file)

    def read_bill(self, file: BinaryIO) -> Iterator[BillRow]:
        return read_bill(file)


def _page(method: str, product: str, payment, description: str) -> str:
    return page(
        method,
        {
            "out_trade_no": payment.number,
            "total_amount": f"{payment.amount:.2f}",
            "subject": _subject(description) or payment.number,
            "product_code": product,
            "time_expire": f"{payment.expires_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        },
    )


def _check_fresh(facts: dict[str, str]) -> None:
    moment = _moment(facts.get("notify_time"))
    if moment is None or abs(timezone.now() - moment) > NOTICE_LIFE:
        raise NoticeRefused("stale", "notify_time")


def _trade(facts: dict[str, Any], *, paid_at: Any, notice: bool = False) -> Trade:
    """What was paid and went back since is still paid; only a notice names app and seller."""
    number = text(facts, "out_trade_no")
    state = _STATES.get(facts.get("trade_status"), TradeState.UNPAID)
    if state == TradeState.CLOSED and paid_at:
        state = TradeState.PAID
    if state != TradeState.PAID:
        return Trade(number, state)
    checks = {"total_amount": _money(facts, "total_amount") is not None}
    if notice:
        checks["app_id"] = facts.get("app_id") == settings.ALIPAY_APPID
        checks["seller_id"] = facts.get("seller_id") == settings.ALIPAY_SELLER_ID
    return Trade(
        number,
        state,
        transaction_id=text(facts, "trade_no"),
        amount=_money(facts, "total_amount"),
        paid_at=_moment(paid_at),
        mismatch=not_ours(checks),
    )


def _subject(title: str) -> str:
    """At most 256 characters and none of those the platform refuses."""
    return re.sub(r"[/=&\s]+", " ", title).strip()[:256]


def _money(facts: dict[str, Any], name: str) -> Decimal | None:
    value = text(facts, name)
    return Decimal(value) if value.isascii() and _MONEY.fullmatch(value) else None


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except (TypeError, ValueError):
        return None
