"""Money that staff take in and give back by hand, cash or transfer.

A record is made by one person and, where it must, confirmed by another; neither is the buyer.
From there on it is a payment or refund like any other: the gateway says what the record says.
"""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.parameters import parameter
from commerce.errors import (
    AlreadyRecorded,
    NotByHand,
    OrderNotPayable,
    OtherPersonNeeded,
    OwnMoney,
    ReferenceTaken,
)
from commerce.gateways.base import RefundState, gateway_for
from commerce.models import (
    OfflineRecord,
    OfflineStatus,
    Order,
    OrderStatus,
    Payment,
    PaymentMethod,
    Refund,
    RefundStatus,
)
from commerce.models.offline import COUNTING
from commerce.services.orders import lock_order, stop_attempts
from commerce.services.payments import take_answer
from commerce.services.proofs import Proof, kept
from commerce.services.refunds import settle_refund
from commerce.services.starting import FIRST_QUERY
from config.db import transact
from config.errors import NotFound
from config.numbers import new_number

_METHOD = PaymentMethod.OFFLINE
_TO_PAY_BACK = (RefundStatus.APPROVED, RefundStatus.PROCESSING)


def receive_offline(
    order_id: int, *, actor: User, way: str, reference: str, note: str = "",
    proof: Proof | None = None,
) -> OfflineRecord:  # fmt: skip
    """All that a pending order costs came in by hand; above OFFLINE_SECOND_PERSON_ABOVE it waits
    for another person, and the order for them (OFFLINE_CONFIRM_HOURS).

    Attempts to pay online are closed; one that comes through all the same is a second payment.
    Raises OwnMoney, OrderNotPayable, AlreadyRecorded and ReferenceTaken, and what media refuses.
    """
    with kept(proof, actor) as file:
        record = _record_payment(
            order_id, actor, way=way, reference=reference, note=note, proof=file
        )
    _act_on(record)
    return record


@transact
def _record_payment(order_id: int, actor: User, **words) -> OfflineRecord:
    now = timezone.now()
    order = lock_order(order_id)
    if actor.pk == order.user_id:
        raise OwnMoney
    if order.status != OrderStatus.PENDING or order.expires_at <= now:
        raise OrderNotPayable(status=order.status)
    if OfflineRecord.objects.filter(payment__order=order, refund=None, status__in=COUNTING):
        raise AlreadyRecorded
    alone = order.total_amount <= parameter("OFFLINE_SECOND_PERSON_ABOVE")
    stop_attempts(order)
    payment = Payment.objects.create(
        number=new_number("PAY"), order=order, method=_METHOD, amount=order.total_amount,
        expires_at=order.expires_at if alone else _hold(order), next_query_at=now + FIRST_QUERY,
    )  # fmt: skip
    record = _create(payment, actor, amount=payment.amount, **words)
    if alone:
        move(record, OfflineStatus.CONFIRMED, actor=actor, reason="线下收款", decided_at=now)
    return record


def _hold(order: Order):
    """Keep the order open for the second person; the new end."""
    until = timezone.now() + timedelta(hours=parameter("OFFLINE_CONFIRM_HOURS"))
    until = max(until, order.expires_at)
    Order.objects.filter(pk=order.pk).update(expires_at=until)
    return until


def pay_back_by_hand(
    refund_id: int, *, actor: User, way: str, reference: str, note: str = "",
    proof: Proof | None = None,
) -> OfflineRecord:  # fmt: skip
    """An approved refund of an offline payment was paid back; another person confirms it.

    Raises NotByHand, OwnMoney, AlreadyRecorded and ReferenceTaken, and what media refuses.
    """
    with kept(proof, actor) as file:
        return _record_refund(refund_id, actor, way=way, reference=reference, note=note, proof=file)


@transact
def _record_refund(refund_id: int, actor: User, **words) -> OfflineRecord:
    refund = Refund.objects.locked().filter(pk=refund_id).first()
    if refund is None:
        raise NotFound
    if refund.payment.method != _METHOD or refund.status not in _TO_PAY_BACK:
        raise NotByHand(status=refund.status)
    if actor.pk == refund.order.user_id:
        raise OwnMoney
    if refund.offline_records.filter(status__in=COUNTING).exists():
        raise AlreadyRecorded
    return _create(refund.payment, actor, refund=refund, amount=refund.amount, **words)


def _create(payment: Payment, actor: User, *, note: str, **fields) -> OfflineRecord:
    try:
        with transaction.atomic():
            return OfflineRecord.objects.create(
                payment=payment, recorded_by=actor, note=note[:200], **fields
            )
    except IntegrityError:  # its order or refund is locked: only the reference can be another's
        raise ReferenceTaken from None


def confirm_offline(record_id: int, *, actor: User) -> OfflineRecord:
    """The second person's yes: the payment or refund is a fact from here on."""
    record = _decide(record_id, OfflineStatus.CONFIRMED, actor, "复核通过")
    _act_on(record)
    return record


def refuse_offline(record_id: int, *, actor: User, note: str = "") -> OfflineRecord:
    """It was not so: by another person, or taken back by whoever recorded it."""
    record = _decide(record_id, OfflineStatus.REFUSED, actor, note)
    _act_on(record)
    return record


@transact
def _decide(record_id: int, to: OfflineStatus, actor: User, reason: str) -> OfflineRecord:
    record = OfflineRecord.objects.locked().filter(pk=record_id).first()
    if record is None:
        raise NotFound
    if actor.pk == record.payment.order.user_id:
        raise OwnMoney
    if to == OfflineStatus.CONFIRMED and actor.pk == record.recorded_by_id:
        raise OtherPersonNeeded
    move(record, to, actor=actor, reason=reason, decided_by=actor, decided_at=timezone.now())
    return record


def _act_on(record: OfflineRecord) -> None:
    """Ask the gateway at once, as sweeps do when this process dies before."""
    if record.status == OfflineStatus.WAITING:
        return
    gateway = gateway_for(_METHOD)
    if record.refund_id is None:
        take_answer(gateway, record.payment)
        return
    result = gateway.query_refund(record.refund)
    if result.state == RefundState.SUCCEEDED:
        settle_refund(record.refund.number, result)
