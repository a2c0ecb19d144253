"""Refunds: asking for them, and taking in what became of them.

services.refund_review has what staff decide, services.refund_sending talks to the provider.
"""

import logging
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Round
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from commerce.errors import (
    FactsMismatch,
    NotRefundable,
    RefundExceedsPayment,
)
from commerce.gateways.base import RefundResult, RefundState
from commerce.models import (
    HANDED_OVER,
    AnomalyKind,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Refund,
    RefundReason,
    RefundStatus,
)
from commerce.payables import payable_for
from commerce.services import order_notices
from commerce.services.anomalies import record_anomaly
from commerce.services.ledger import book_refund, book_release, book_return
from commerce.services.order_figures import reopen_day
from commerce.services.order_notices import subject_of
from commerce.services.orders import lock_order
from commerce.services.wake import REFUND, wake
from config.db import transact
from config.errors import DomainError, NotFound
from config.numbers import new_number

logger = logging.getLogger(__name__)

# What a person still has to decide.
WAITING = (RefundStatus.REQUESTED, RefundStatus.CONFIRMING)


@transact
def open_refund(
    payment: Payment,
    *,
    amount: Decimal,
    key: str,
    reason_code: RefundReason,
    reason: str = "",
    closes_order: bool = True,
    actor: User | None = None,
) -> Refund:
    """Send `amount` (yuan) of a payment back; the same key again gives the first refund.

    closes_order: the order it paid moves to REFUNDING, and with the money to REFUNDED.
    RefundExceedsPayment when less than that is left.  A request of the buyer that still waits
    for review gives way.  actor: who set it off; when that is not the buyer, a large one waits
    for a second person.
    """
    order = lock_order(payment.order_id)
    known = Refund.objects.filter(payment_id=payment.pk, key=key).first()
    if known is not None:
        return known
    asked = Refund.objects.filter(payment_id=payment.pk, status__in=WAITING)
    for request in asked.filter(requested_by=order.user_id):
        turn_down(request, actor=actor, note="已按取消规则退款")
    by_others = actor is not None and actor.pk != order.user_id
    alone = not by_others or not is_large(payment.pk, more=amount)
    refund = _create(
        payment, amount=amount, key=key, reason_code=reason_code, reason=reason,
        status=RefundStatus.APPROVED if alone else RefundStatus.CONFIRMING,
        closes_order=closes_order, requested_by=actor,
    )  # fmt: skip
    if closes_order:
        move(order, OrderStatus.REFUNDING, actor=actor, reason=reason)
    wake(REFUND)
    return refund


def is_large(payment_id: int, *, more: Decimal = Decimal(0)) -> bool:
    """Whether all that goes back of a payment, and `more`, is above what one person decides."""
    back = Payment.objects.values_list("refunded_amount", flat=True).get(pk=payment_id)
    return back + more > parameter("REFUND_SECOND_PERSON_ABOVE")


def _create(payment: Payment, *, amount: Decimal, reason: str, **fields) -> Refund:
    """Take `amount` out of what is left of the payment, and the row that says so."""
    enough = Payment.objects.filter(
        pk=payment.pk,
        status=PaymentStatus.SUCCEEDED,
        refunded_amount__lte=payment.amount - amount,  # subtracted here: SQLite's sums are floats
    )
    if amount <= 0 or not enough.update(refunded_amount=_refunded_plus(amount)):
        raise RefundExceedsPayment
    return Refund.objects.create(
        number=new_number("REF"),
        payment_id=payment.pk,
        order_id=payment.order_id,
        amount=amount,
        reason=reason[:200],
        next_try_at=timezone.now(),
        **fields,
    )


def _refunded_plus(amount: Decimal) -> Round:
    """Whole fen on every database."""
    return Round(F("refunded_amount") + amount, precision=2)


@transact
def request_refund(
    order_id: int, *, user: User, reason_code: RefundReason, reason: str = ""
) -> Refund:
    """The buyer asks for what is left of a paid order; staff decide.  Asked again, it is the first.

    Asking holds the amount back, so that nothing else spends it meanwhile.
    """
    order = lock_order(order_id)
    if order.user_id != user.pk:
        raise NotFound
    refundable = {OrderStatus.PAID, *HANDED_OVER, OrderStatus.COMPLETED}
    if order.status not in refundable or order.paid_by is None:
        raise NotRefundable(status=order.status)
    payment, earlier = order.paid_by, list(order.refunds.all())
    waiting = [
        refund for refund in earlier
        if refund.status == RefundStatus.REQUESTED
        or (refund.status == RefundStatus.CONFIRMING and refund.requested_by_id == user.pk)
    ]  # fmt: skip
    if waiting:
        return waiting[0]
    if payment.refunded_amount >= payment.amount:
        raise NotRefundable(status=order.status)
    refund = _create(
        payment, amount=payment.amount - payment.refunded_amount, key=f"request:{len(earlier)}",
        status=RefundStatus.REQUESTED, reason_code=reason_code, reason=reason, requested_by=user,
    )  # fmt: skip
    order_notices.refund_asked(order, refund)
    return refund


def turn_down(refund: Refund, *, actor: User | None, note: str) -> None:
    move(
        refund, RefundStatus.REJECTED, actor=actor, reason=note, reviewed_by=actor,
        review_note=note[:200], next_try_at=None,
    )  # fmt: skip
    Payment.objects.filter(pk=refund.payment_id).update(
        refunded_amount=_refunded_plus(-refund.amount)
    )


def settle_refund(number: str, result: RefundResult, *, source: str = "") -> None:
    """Take in a provider's word on refund `number`, then finish what depends on it.

    Harmless to call again.  FactsMismatch, with an anomaly and nothing else, when it is not
    the refund we know.  source: the notice's event id, to tell such anomalies apart.
    """
    refund, wrong = _record(number, result)
    if wrong:
        unknown = refund is None
        record_anomaly(
            AnomalyKind.UNKNOWN_NUMBER if unknown else AnomalyKind.MISMATCH,
            key=source or f"refund:{number}",
            payment_id=None if unknown else refund.payment_id,
            refund=number[:64], facts=list(wrong),
        )  # fmt: skip
        raise FactsMismatch(facts=list(wrong))
    if refund.status == RefundStatus.SUCCEEDED:
        try:
            conclude_refund(refund)
        except Exception:  # the money is on record; commerce.query_pending_refunds comes back
            logger.exception("could not conclude refund %s", number)


@transact
def _record(number: str, result: RefundResult) -> tuple[Refund | None, tuple[str, ...]]:
    """The money fact alone: the refund's own status.  Also the names of facts that are wrong."""
    refund = Refund.objects.locked().filter(number=number).first()
    if refund is None:
        return None, ("out_refund_no",)
    if wrong := _wrong_facts(refund, result):
        return refund, wrong
    if result.state == RefundState.SUCCEEDED and refund.status != RefundStatus.SUCCEEDED:
        now = timezone.now()
        move(
            refund, RefundStatus.SUCCEEDED, provider_id=result.provider_id, error="",
            succeeded_at=result.succeeded_at or now, next_try_at=now,
        )  # fmt: skip
        book_refund(refund)
        reopen_day(refund.succeeded_at, now=now)
    elif result.state == RefundState.PROCESSING and refund.status == RefundStatus.APPROVED:
        move(refund, RefundStatus.PROCESSING, provider_id=result.provider_id, error="")
    elif result.state == RefundState.FAILED and refund.status in {
        RefundStatus.APPROVED, RefundStatus.PROCESSING,
    }:  # fmt: skip
        fail_refund(refund, result.reason, provider_id=result.provider_id)
    return refund, ()


def _wrong_facts(refund: Refund, result: RefundResult) -> tuple[str, ...]:
    wrong = list(result.mismatch)
    if result.amount is not None and result.amount != refund.amount:
        wrong.append("amount")
    if result.transaction_id and result.transaction_id != refund.payment.transaction_id:
        wrong.append("transaction_id")
    return tuple(wrong)


def fail_refund(refund: Refund, reason: str, **changes) -> None:
    """Nothing more happens by itself; call it in the transaction that locks the refund."""
    move(refund, RefundStatus.FAILED, reason=reason, error=reason[:200], next_try_at=None,
         **changes)  # fmt: skip
    record_anomaly(
        AnomalyKind.REFUND_FAILED, key=f"{refund.number}", payment_id=refund.payment_id,
        refund=refund.number, reason=reason[:200],
    )  # fmt: skip


@transact
def conclude_refund(refund: Refund) -> None:
    """What follows from a refund that succeeded: the order's side of it, once."""
    order = lock_order(refund.order_id)
    refund = Refund.objects.locked().get(pk=refund.pk)
    if refund.status != RefundStatus.SUCCEEDED or refund.next_try_at is None:
        return
    if order.paid_by_id == refund.payment_id:
        refunded = order.refunded_amount + refund.amount
        book_return(order, refund)
        if refund.closes_order and order.status == OrderStatus.REFUNDING:
            move(order, OrderStatus.REFUNDED, refunded_amount=refunded, settles_at=None)
            book_release(order, called_off=True)
            _revoke(order)
        else:
            Order.objects.filter(pk=order.pk).update(refunded_amount=refunded)
    notify(order.user, "refund_succeeded", dedupe_key=f"refund:{refund.pk}:succeeded",
           subject=subject_of(order.pk) if refund.closes_order else "",
           number=order.number, amount=f"{refund.amount:.2f}")  # fmt: skip
    Refund.objects.filter(pk=refund.pk).update(next_try_at=None)


def _revoke(order: Order) -> None:
    """Take back what was bought.  The money is gone, so a refusal is only logged."""
    for item in order.items.all():
        try:
            with transaction.atomic():
                payable_for(item.kind).revoke(item)
        except DomainError:
            logger.exception("could not take back item %s", item.pk)
