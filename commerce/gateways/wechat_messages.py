"""What WeChat Pay says about trades and refunds, in our terms."""

from datetime import datetime
from typing import Any

from django.conf import settings

from commerce.errors import NoticeRefused
from commerce.gateways.base import (
    GatewayUnknown,
    Notice,
    RefundResult,
    RefundState,
    Trade,
    TradeState,
)
from commerce.gateways.facts import group, must_be_about, not_ours, text
from commerce.gateways.money import yuan

CURRENCY = "CNY"
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


def notice_in(message: dict[str, Any]) -> Notice:
    """From a callback as it was decrypted; KeyError, TypeError or NoticeRefused for garbage."""
    event_id, event, facts = message["id"], message["event_type"], message["resource"]
    if not (isinstance(event_id, str) and 0 < len(event_id) <= 64 and isinstance(facts, dict)):
        raise NoticeRefused("forged", "form")
    if event == "TRANSACTION.SUCCESS":
        return Notice(event_id, trade=trade_in(facts))
    if event in {"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"}:
        return Notice(event_id, refund=_refund_notice(facts))
    raise NoticeRefused(reason=f"event {event}")


def trade_in(facts: dict[str, Any]) -> Trade:
    """From a query's answer or a notice; what is paid names every fact that is not ours."""
    state = _TRADE_STATES.get(facts.get("trade_state"), TradeState.UNPAID)
    number = text(facts, "out_trade_no")
    if state != TradeState.PAID:
        return Trade(number, state)
    amount, payer = group(facts, "amount"), group(facts, "payer")
    checks = {
        "appid": facts.get("appid") == settings.WX_APPID,
        "mchid": facts.get("mchid") == settings.WXPAY_MCHID,
        "trade_type": facts.get("trade_type") == "JSAPI",
        "currency": amount.get("currency") == CURRENCY,
    }
    return Trade(
        number,
        state,
        transaction_id=text(facts, "transaction_id"),
        amount=yuan(amount.get("total")),
        paid_at=_moment(facts.get("success_time")),
        mismatch=not_ours(checks),
        payer=text(payer, "openid", 128),
    )


def refund_in(answer: dict[str, Any], refund) -> RefundResult:
    """To a request or query of ours, so the number must be the one we asked about."""
    must_be_about(answer, out_refund_no=refund.number)
    if answer.get("status") not in _REFUND_STATES:
        raise GatewayUnknown("a refund in no known state")
    return _refund_result(answer, answer["status"], ())


def _refund_notice(facts: dict[str, Any]) -> RefundResult:
    status = facts.get("refund_status")
    wrong = [] if facts.get("mchid") == settings.WXPAY_MCHID else ["mchid"]
    if status not in {"SUCCESS", "CLOSED", "ABNORMAL"}:
        wrong.append("refund_status")
    return _refund_result(facts, status, tuple(wrong))


def _refund_result(facts: dict[str, Any], status: str, wrong: tuple[str, ...]) -> RefundResult:
    amount = yuan(group(facts, "amount").get("refund"))
    return RefundResult(
        text(facts, "out_refund_no"),
        _REFUND_STATES.get(status, RefundState.PROCESSING),
        provider_id=text(facts, "refund_id"),
        amount=amount,
        succeeded_at=_moment(facts.get("success_time")),
        reason=status if _REFUND_STATES.get(status) == RefundState.FAILED else "",
        transaction_id=text(facts, "transaction_id"),
        mismatch=wrong if amount is not None else (*wrong, "amount"),
    )


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
