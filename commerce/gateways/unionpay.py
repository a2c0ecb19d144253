"""UnionPay's gateway payment (ACP 5.1.0, RSA certificates): a page for browsers outside WeChat.

A trade is known by orderId and txnTime together; the time is our own row's, so that asking,
repeating and refunding need nothing that could be lost.  There is no way to close a trade: it
runs out at payTimeout.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from html import escape
from pathlib import Path
from urllib.parse import urlencode

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
from commerce.gateways.facts import must_be_about, not_ours, read_form, text
from commerce.gateways.money import fen, yuan
from commerce.gateways.page import PageGateway, post_form, return_url, unseen
from commerce.gateways.unionpay_messages import Distrusted, Signer, check, read_answer
from config.days import SHANGHAI

CURRENCY = "156"
# What was begun on the page may be decided a while after the page ran out.
DECIDED = timedelta(minutes=10)

_DONE = {"00", "A6"}
_LATE = {"42"}  # the money came after payTimeout; it came all the same
_ABSENT = "34"
_DUPLICATE = "12"
_UNKNOWN = {"01", "03", "04", "05", "06"}
# Our account, limits, the hour: the same request may be granted later.
_AGAIN = {"02", "11", "31", "32", "37", "39", "64", "98"}


class UnionPayGateway(PageGateway):
    """Implements commerce.gateways.base.Gateway."""

    @property
    def ready(self) -> bool:
        return bool(settings.UNIONPAY_MERID)

    def client_parameters(self, payment, *, description: str) -> dict[str, str]:
        """form_html: a form to put on a page and send; it leads to UnionPay's cashier."""
        fields = _signed(
            txnType="01",
            txnSubType="01",
            channelType="07",
            orderId=payment.number,
            txnTime=_stamp(payment.created_at),
            txnAmt=str(fen(payment.amount)),
            currencyCode=CURRENCY,
            payTimeout=_stamp(payment.expires_at),
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
        answer = _call(
            "backTransReq.do",
            txnType="04",
            txnSubType="00",
            channelType="07",
            orderId=refund.number,
            txnTime=_stamp(refund.created_at),
            txnAmt=str(fen(refund.amount)),
            currencyCode=CURRENCY,
            origQryId=refund.payment.transaction_id or "",
            backUrl=f"{settings.PUBLIC_URL}/api/v1/refund/callback/unionpay",
        )
        word = answer.get("respCode", "")
        if word in _DONE | {_DUPLICATE}:
            return RefundResult(refund.number, RefundState.PROCESSING, amount=refund.amount)
        raise _no(word, answer)

    def query_refund(self, refund) -> RefundResult:
        answer = _ask(refund.number, refund.created_at)
        if answer is None:
            return RefundResult(refund.number, RefundState.ABSENT)
        return _refund(answer, answer.get("origRespCode", ""))

    def parse_notice(self, headers, body: bytes) -> Notice:
        """Only what says "done": everything else is found by asking."""
        facts = read_form(body)
        try:
            check(facts, **_issuers())
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


def _ask(number: str, made_at: datetime) -> dict[str, str] | None:
    """The platform's word on one of our numbers; None when it never heard of it."""
    answer = _call(
        "queryTrans.do", txnType="00", txnSubType="00", orderId=number, txnTime=_stamp(made_at)
    )
    word = answer.get("respCode", "")
    if word == _ABSENT:
        return None
    if word != "00":
        raise _no(word, answer)
    must_be_about(answer, orderId=number)
    return answer


def _no(word: str, answer: dict[str, str]) -> Exception:
    if word in _UNKNOWN or not word:
        return GatewayUnknown(f"respCode {word}")
    return GatewayError(word, answer.get("respMsg", "")[:200], again=word in _AGAIN)


def _call(path: str, **fields: str) -> dict[str, str]:
    """The answer, signed by UnionPay; GatewayUnknown for anything else."""
    body = post_form(f"{settings.UNIONPAY_BASE}/gateway/api/{path}", urlencode(_signed(**fields)))
    answer = read_answer(body)
    try:
        check(answer, **_issuers())
    except Distrusted as error:
        raise GatewayUnknown(f"an answer to distrust: {error}") from error
    return answer


def _signed(**fields: str) -> dict[str, str]:
    signer = _signer(settings.UNIONPAY_SIGN_PFX_FILE, settings.UNIONPAY_SIGN_PFX_PASSWORD)
    common = {
        "version": "5.1.0",
        "encoding": "UTF-8",
        "signMethod": "01",
        "certId": signer.cert_id,
        "accessType": "0",
        "bizType": "000201",
        "merId": settings.UNIONPAY_MERID,
    }
    return signer.sign(common | fields)


@lru_cache(maxsize=2)
def _signer(path: str, password: str) -> Signer:
    return Signer(Path(path).read_bytes(), password)


def _issuers() -> dict[str, str]:
    return {
        "root": settings.UNIONPAY_ROOT_CERT_FILE,
        "middle": settings.UNIONPAY_MIDDLE_CERT_FILE,
    }


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
    elif word in _UNKNOWN or not word:
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


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y%m%d%H%M%S}"
