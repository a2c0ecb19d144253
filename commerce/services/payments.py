"""Payments: taking in that an attempt was paid, and handing over what it paid.

services.starting begins them.
"""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import move
from accounts.services.notifications import notify
from commerce.errors import (
    FactsMismatch,
    UnknownKind,
)
from commerce.gateways.base import (
    Gateway,
    GatewayError,
    GatewayUnknown,
    Trade,
    TradeState,
    gateway_for,
)
from commerce.models import (
    AnomalyKind,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    RefundReason,
)
from commerce.services.anomalies import record_anomaly
from commerce.services.ledger import book_payment
from commerce.services.orders import close_orders, lock_order, mark_paid, stop_attempts
from commerce.services.refunds import open_refund
from config.db import transact
from config.errors import Busy, DomainError, ServiceUnavailable, StaleState

logger = logging.getLogger(__name__)

# Passing trouble, or a kind that settings lost: no reason to give the money back.
NO_REFUSAL = (StaleState, Busy, ServiceUnavailable, UnknownKind)


def take_answer(gateway: Gateway, payment: Payment) -> TradeState | None:
    """Ask the provider about an attempt and act on the answer; None when it gave none.

    Network: never inside a transaction.
    """
    try:
        trade = gateway.query(payment)
    except (GatewayError, GatewayUnknown) as error:
        logger.warning("query of %s: %s", payment.number, error)
        return None
    if trade.state == TradeState.PAID:
        settle(payment.number, trade)
    elif trade.state == TradeState.CLOSED:
        mark_closed(payment.pk)
    return trade.state


@transact
def mark_closed(payment_id: int) -> None:
    """The provider lets nobody pay this attempt any more.  Harmless to repeat."""
    payment = Payment.objects.locked().get(pk=payment_id)
    if payment.status == PaymentStatus.PENDING:
        move(payment, PaymentStatus.CLOSING)
    if payment.status == PaymentStatus.CLOSING:
        move(payment, PaymentStatus.CLOSED, next_query_at=None)


def settle(number: str, trade: Trade, *, source: str = "") -> None:
    """Take in a provider's word that attempt `number` was paid, then hand its order over.

    Harmless to call again.  FactsMismatch, with an anomaly and nothing else, when it is not
    the payment we know.  Two transactions on purpose: the money stays on record when handing
    over fails, and commerce.deliver_paid_orders tries that part again.  source: the notice's
    event id, to tell such anomalies apart.
    """
    payment, wrong = _record(number, trade)
    if wrong:
        unknown = payment is None
        record_anomaly(
            AnomalyKind.UNKNOWN_NUMBER if unknown else AnomalyKind.MISMATCH,
            key=source or f"payment:{number}",
            payment_id=None if unknown else payment.pk,
            number=number[:64], transaction_id=trade.transaction_id[:64], facts=list(wrong),
        )  # fmt: skip
        raise FactsMismatch(facts=list(wrong))
    try:
        deliver(payment)
    except Exception:  # the money is on record; commerce.deliver_paid_orders comes back to it
        logger.exception("could not deliver payment %s", number)


@transact
def _record(number: str, trade: Trade) -> tuple[Payment | None, tuple[str, ...]]:
    """The money fact alone: the attempt succeeded.  Also the names of facts that are wrong."""
    payment = Payment.objects.locked().filter(number=number).first()
    if payment is None:
        return None, ("out_trade_no",)
    if wrong := _wrong_facts(payment, trade):
        return payment, wrong
    if payment.status == PaymentStatus.SUCCEEDED:
        return payment, ()
    now = timezone.now()
    try:
        with transaction.atomic():
            move(
                payment, PaymentStatus.SUCCEEDED, transaction_id=trade.transaction_id,
                paid_at=trade.paid_at or now, next_query_at=now, queries=0,
            )  # fmt: skip
    except IntegrityError:  # another attempt has this transaction (invariants M-2)
        return payment, ("transaction_id",)
    book_payment(payment)
    return payment, ()


def _wrong_facts(payment: Payment, trade: Trade) -> tuple[str, ...]:
    """Compared before anything moves (invariants M-3)."""
    wrong = list(trade.mismatch)
    if trade.state != TradeState.PAID:
        wrong.append("trade_state")
    if trade.amount != payment.amount:
        wrong.append("amount")
    if payment.payer and trade.payer != payment.payer:  # empty: anonymised since
        wrong.append("payer")
    known = payment.transaction_id or trade.transaction_id
    if not trade.transaction_id or trade.transaction_id != known:
        wrong.append("transaction_id")
    return tuple(wrong)


@transact
def deliver(payment: Payment) -> None:
    """Hand over what a settled payment bought, or send it back when that is no longer possible.

    Not possible: the order was closed before the money came, another payment paid it, or a
    payable refuses.  Closed orders stay closed.  Harmless to call again.
    """
    order = lock_order(payment.order_id)
    payment = Payment.objects.locked().get(pk=payment.pk)
    if payment.status != PaymentStatus.SUCCEEDED or payment.next_query_at is None:
        return
    if order.status == OrderStatus.PENDING:
        _hand_over(order, payment)
    elif order.paid_by_id != payment.pk:
        late = order.paid_by_id is None
        _send_back(order, payment, RefundReason.LATE if late else RefundReason.DOUBLE)
    Payment.objects.filter(pk=payment.pk).update(next_query_at=None)


def _hand_over(order: Order, payment: Payment) -> None:
    try:
        with transaction.atomic():
            mark_paid(order, order.items.all(), payment=payment)
    except NO_REFUSAL:
        raise
    except DomainError as refusal:
        logger.warning("order %s cannot be fulfilled: %s", order.number, refusal)
        order.refresh_from_db()
        _send_back(order, payment, RefundReason.UNFULFILLABLE, str(refusal))
        _close_unfulfilled(order)
    else:
        stop_attempts(order)


def _close_unfulfilled(order: Order) -> None:
    try:
        with transaction.atomic():
            close_orders([order], OrderStatus.CANCELLED, reason="无法交付，已退款")
    except DomainError:
        logger.exception("could not give back what order %s held", order.number)


def _send_back(order: Order, payment: Payment, why: RefundReason, reason: str = "") -> None:
    """All of a payment that bought nothing, without touching the order (invariants M-7, M-8)."""
    open_refund(
        payment, amount=payment.amount, key=why.value, reason_code=why,
        reason=reason, closes_order=False,
    )  # fmt: skip
    if why in {RefundReason.LATE, RefundReason.DOUBLE}:
        record_anomaly(
            AnomalyKind(why.value), key=payment.number, payment_id=payment.pk,
            order=order.number, status=order.status,
        )  # fmt: skip
    notify(
        order.user, "payment_returned", dedupe_key=f"payment:{payment.pk}:returned",
        number=order.number, amount=f"{payment.amount:.2f}", reason=why.label,
    )  # fmt: skip


def status_of(payment: Payment) -> Payment:
    """The attempt as it is, after asking the provider when its end is not known yet."""
    if payment.status == PaymentStatus.PENDING:
        take_answer(gateway_for(payment.method), payment)
        payment.refresh_from_db()
    return payment


def due_at(now: datetime, tries: int, steps: tuple[int, ...]) -> datetime:
    """When to look again after so many tries; the last step repeats."""
    return now + timedelta(seconds=steps[min(tries, len(steps) - 1)])
