"""UnionPay's gateway payment (ACP 5.1.0, RSA certificates): a page for browsers outside WeChat.

A trade is known by orderId and txnTime together; the time is our own row's, so that asking,
repeating and refunding need nothing that could be lost.  There is no way to close a trade: it
runs out at payTimeout.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from commerce.errors import NoticeRefused
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
from commerce.gateways.money import fen, yuan
from commerce.gateways.page import PageGateway, return_url, unseen
from commerce.gateways.unionpay_bill import DAY_BEGINS, fetch_bill, read_bill
from commerce.gateways.unionpay_client import UNKNOWN, call, issuers, refusal, signed, stamp
from commerce.gateways.unionpay_messages import Distrusted, check

CURRENCY = "156"
# What was begun on the page may be decided a while after the page ran out.
DECIDED = timedelta(minutes=10)

_DONE = {"00", "A6"}
_LATE = {"42"}  # the money came after payTimeout; it came all the same
_ABSENT = "34"
_DUPLICATE = "12"


class UnionPayGateway(PageGateway):
    """Implements commerce.gateways.base.Gateway and bills.BillSource."""

    bill_begins = DAY_BEGINS

    @property
    def ready(self) -> bool:
        return bool(settings.UNIONPAY_MERID)

    def client_parameters(self, payment, *, description: str) -> dict[str, str]:
        """form_html: a form to put on a page and send; it leads to UnionPay's cashier."""
        fields = signed(
            txnType="01",
            txnSubType="01",
            channelType="07",
            orderId=payment.number,
            txnTime=stamp(payment.created_at),
            txnAmt=str(fen(payment.amount)),
            currencyCode=CURRENCY,
            payTimeout=stamp(payment.expires_at),
            frontUrl=return_url(),
            backUrl=f"{settings.PUBLIC_URL}/api/v1/pay/callback/unionpay",
        )
        inputs = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in fields.items()
        )
        action = f"{settings.UNIONPAY_BASE}/gateway/api/frontTransReq.do"
        return {"form_html": f'<form action="{escape(action)}" method="post">{inputs}</form>'}

    def query(self, payment) -> Trade:
        answer = _ask(payment.number, payment.created_at)
        if answer is None:
            return unseen(payment)
        word = answer.get("origRespCode", "")
        if word in _DONE | _LATE:
            return _trade(answer)
        undecided = timezone.now() < payment.expires_at + DECIDED
        return Trade(payment.number, TradeState.UNPAID if undecided else TradeState.CLOSED)

    def close(self, payment) -> None:
        raise GatewayError("NO_CLOSE", "a trade runs out by itself")

    def refund(self, refund) -> RefundResult:
        """Taken in now, done later; a repetition of what was taken in is told to be one."""
        answer = call(
            "backTransReq.do",
            txnType="04",
            txnSubType="00",
            channelType="07",
            orderId=refund.number,
            txnTime=stamp(refund.created_at),
            txnAmt=str(fen(refund.amount)),
            currencyCode=CURRENCY,
            origQryId=refund.payment.transaction_id or "",
            backUrl=f"{settings.PUBLIC_URL}/api/v1/refund/callback/unionpay",
        )
        word = answer.get("respCode", "")
        if word in _DONE | {_DUPLICATE}:
            return RefundResult(refund.number, RefundState.PROCESSING, amount=refund.amount)
        raise refusal(word, answer)

    def query_refund(self, refund) -> RefundResult:
        answer = _ask(refund.number, refund.created_at)
        if answer is None:
            return RefundResult(refund.number, RefundState.ABSENT)
        return _refund(answer, answer.get("origRespCode", ""))

    def parse_notice(self, headers, body: bytes) -> Notice:
        """Only what says "done": everything else is found by asking."""
        facts = read_form(body)
        try:
            check(facts, **issuers())
        except Distrusted as error:
            raise NoticeRefused("forged", str(error)[:60]) from error
        word, kind, query_id = (facts.get(name, "") for name in ("respCode", "txnType", "queryId"))
        if word not in _DONE | _LATE or kind not in {"01", "04"}:
            raise NoticeRefused(reason=f"{kind} {word}"[:60])
        event_id = f"{kind}-{query_id}"
        if not query_id or len(event_id) > 64:
            raise NoticeRefused("forged", "queryId")
        if kind == "01":
            return Notice(event_id, trade=_trade(facts))
        return Notice(event_id, refund=_refund(facts, word))

    def download_bill(self, day: date, file: BinaryIO) -> bool:
        return fetch_bill(day, file)

    def read_bill(self, file: BinaryIO) -> Iterator[BillRow]:
        return read_bill(file)


def _ask(number: str, made_at: datetime) -> dict[str, str] | None:
    """The platform's word on one of our numbers; None when it never heard of it."""
    answer = call(
        "queryTrans.do", txnType="00", txnSubType="00", orderId=number, txnTime=stamp(made_at)
    )
    word = answer.get("respCode", "")
    if word == _ABSENT:
        return None
    if word != "00":
        raise refusal(word, answer)
    must_be_about(answer, orderId=number)
    return answer


def _trade(facts: dict[str, str]) -> Trade:
    """From a query's answer or a notice; names every fact that is not ours."""
    return Trade(
        text(facts, "orderId"),
        TradeState.PAID,
        transaction_id=text(facts, "queryId"),
        amount=_amount(facts),
        paid_at=None,  # traceTime has no year
        mismatch=_mismatch(facts),
    )


def _refund(facts: dict[str, str], word: str) -> RefundResult:
    if word in _DONE:
        state = RefundState.SUCCEEDED
    elif word in UNKNOWN or not word:
        state = RefundState.PROCESSING
    else:
        state = RefundState.FAILED
    return RefundResult(
        text(facts, "orderId"),
        state,
        provider_id=text(facts, "queryId"),
        amount=_amount(facts),
        reason=word if state == RefundState.FAILED else "",
        mismatch=_mismatch(facts),
    )


def _mismatch(facts: dict[str, str]) -> tuple[str, ...]:
    checks = {
        "merId": facts.get("merId") == settings.UNIONPAY_MERID,
        "currencyCode": facts.get("currencyCode", CURRENCY) == CURRENCY,
        "txnAmt": _amount(facts) is not None,
    }
    return not_ours(checks)


def _amount(facts: dict[str, str]) -> Decimal | None:
    digits = text(facts, "txnAmt", 11)
    return yuan(int(digits)) if digits.isascii() and digits.isdigit() else None
