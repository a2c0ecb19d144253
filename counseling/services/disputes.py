"""Disputes: a client says that a session went wrong, its counselor answers, staff decide.

While one is open, what the order earned is not settled.  Locks as in services.sides; the dispute
comes after its appointment.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.scope import reaches
from accounts.services.parameters import parameter
from commerce.models import Order, OrderStatus, RefundReason
from commerce.services.ledger import hold_settlement
from commerce.services.refunds import open_refund
from config.db import transact
from config.errors import Forbidden, IllegalTransition, NotFound
from config.numbers import new_number
from counseling import errors
from counseling.models import (
    Appointment,
    AppointmentStatus,
    Dispute,
    DisputeReason,
    DisputeStatus,
    Side,
)
from counseling.services import dispute_notices
from counseling.services.evidence import put_in
from counseling.services.sides import lock_with_order, side_of

_OVER = (AppointmentStatus.COMPLETED, AppointmentStatus.NO_SHOW)
_BEGUN = (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)
_DECIDE = "counseling.decide_dispute"


def disputable_until(end_at: datetime) -> datetime:
    """Until when, included, the client of a session that ended at `end_at` may dispute it."""
    return end_at + timedelta(hours=parameter("DISPUTE_WINDOW_HOURS"))


@transact
def open_dispute(
    appointment_id: int,
    *,
    actor: User,
    reason: DisputeReason,
    text: str = "",
    image_ids: Sequence[int] = (),
    now: datetime | None = None,
) -> Dispute:
    """The client disputes a session that is over, once, within the window.

    That the counselor did not come may be said as soon as it should have begun.  Raises
    Forbidden for everybody else who sees it, AlreadyDisputed, DisputeClosed, NotStartedYet; of
    image_ids, uploads of theirs, ImageUnknown and ImageUsed.
    """
    now = now or timezone.now()
    order, appointment = lock_with_order(appointment_id)
    if side_of(appointment, actor, "counseling.view_appointment") != Side.CLIENT:
        raise Forbidden
    _check_disputable(appointment, reason, now)
    dispute = Dispute.objects.create(
        number=new_number("DSP"),
        appointment=appointment,
        reason=reason,
        text=text,
        answer_by=now + timedelta(hours=parameter("DISPUTE_ANSWER_HOURS")),
        decide_by=now + timedelta(days=parameter("DISPUTE_DECIDE_DAYS")),
    )
    put_in(dispute, image_ids, actor=actor, side=Side.CLIENT)
    hold_settlement(order.pk, hold=True)
    dispute_notices.opened(dispute)
    return dispute


def _check_disputable(appointment: Appointment, reason: str, now: datetime) -> None:
    if Dispute.objects.filter(appointment=appointment).exists():
        raise errors.AlreadyDisputed
    absent = reason == DisputeReason.COUNSELOR_ABSENT
    if appointment.status not in (*_OVER, *(_BEGUN if absent else ())):
        raise IllegalTransition(status=appointment.status)
    if now < appointment.start_at:
        raise errors.NotStartedYet(start_at=appointment.start_at)
    until = disputable_until(appointment.end_at)
    if now > until:
        raise errors.DisputeClosed(until=until)


@transact
def answer_dispute(
    dispute_id: int, *, actor: User, answer: str, image_ids: Sequence[int] = (),
    now: datetime | None = None,
) -> Dispute:  # fmt: skip
    """The counselor's side of it, once and in time; Forbidden for everybody else."""
    now = now or timezone.now()
    _, dispute = _lock(dispute_id)
    if _side(dispute, actor) != Side.COUNSELOR:
        raise Forbidden
    dispute.TRANSITIONS.check(dispute.status, DisputeStatus.ANSWERED)
    if now > dispute.answer_by:
        raise errors.AnswerTooLate(until=dispute.answer_by)
    move(dispute, DisputeStatus.ANSWERED, actor=actor, answered_at=now)
    dispute.answer = answer
    dispute.save(update_fields=["answer"])
    put_in(dispute, image_ids, actor=actor, side=Side.COUNSELOR)
    dispute_notices.answered(dispute)
    return dispute


@transact
def withdraw_dispute(dispute_id: int, *, actor: User) -> Dispute:
    """The client lets it be; it cannot be disputed again."""
    order, dispute = _lock(dispute_id)
    if _side(dispute, actor) != Side.CLIENT:
        raise Forbidden
    move(dispute, DisputeStatus.WITHDRAWN, actor=actor)
    hold_settlement(order.pk, hold=False)
    dispute_notices.withdrawn(dispute)
    return dispute


@transact
def uphold_dispute(
    dispute_id: int,
    *,
    actor: User,
    note: str,
    amount: Decimal | None = None,
    now: datetime | None = None,
) -> Dispute:
    """The client is right: `amount` (yuan; None: all that is left) goes back as a refund does.

    All of it undoes the sale, a part leaves the session and its order completed.  Raises as
    reject_dispute() does, and RefundExceedsPayment.
    """
    order, dispute = _decidable(dispute_id, actor, note, now)
    refund = _send_back(order, dispute, actor, note, amount)
    _decide(order, dispute, DisputeStatus.UPHELD, actor, note, refund=refund)
    return dispute


@transact
def uphold_half(dispute_id: int, *, actor: User, note: str) -> Dispute:
    """Half of the price goes back."""
    rows = Dispute.objects.filter(pk=dispute_id).values_list("appointment__price", flat=True)
    half = ((rows.first() or Decimal(0)) / 2).quantize(Decimal("0.01"))
    return uphold_dispute(dispute_id, actor=actor, note=note, amount=half)


@transact
def reject_dispute(
    dispute_id: int, *, actor: User, note: str, now: datetime | None = None
) -> Dispute:
    """Everything stays as it was.  Staff say why (DecisionNeedsReason), hear the counselor first
    (DecisionTooEarly), and decide nothing of their own (Forbidden)."""
    order, dispute = _decidable(dispute_id, actor, note, now)
    _decide(order, dispute, DisputeStatus.REJECTED, actor, note)
    return dispute


def _decidable(
    dispute_id: int, actor: User, note: str, now: datetime | None
) -> tuple[Order, Dispute]:
    order, dispute = _lock(dispute_id)
    if _side(dispute, actor) != Side.STAFF or not reaches(Dispute, dispute.pk, actor, _DECIDE):
        raise Forbidden
    dispute.TRANSITIONS.check(dispute.status, DisputeStatus.REJECTED)
    if dispute.status == DisputeStatus.OPEN and (now or timezone.now()) <= dispute.answer_by:
        raise errors.DecisionTooEarly(until=dispute.answer_by)
    if not note.strip():
        raise errors.DecisionNeedsReason
    return order, dispute


def _send_back(
    order: Order, dispute: Dispute, actor: User, note: str, amount: Decimal | None
) -> Decimal | None:
    """How much goes back; None where nothing was paid, or all is on its way back already."""
    payment = order.paid_by
    if payment is None or order.status not in (OrderStatus.PAID, OrderStatus.COMPLETED):
        return None
    left = payment.amount - payment.refunded_amount
    wanted = left if amount is None else amount
    refund = open_refund(
        payment,
        amount=wanted,
        key="dispute",
        reason_code=RefundReason.SERVICE,
        reason=note,
        closes_order=wanted == left,
        actor=actor,
    )
    return refund.amount


def _decide(
    order: Order, dispute: Dispute, to: DisputeStatus, actor: User, note: str, **changes
) -> None:
    move(
        dispute, to, actor=actor, reason=note, decided_by=actor, decided_at=timezone.now(),
        decision_note=note[:200], **changes,
    )  # fmt: skip
    hold_settlement(order.pk, hold=False)
    dispute_notices.decided(dispute)


def _side(dispute: Dispute, actor: User) -> Side:
    return side_of(dispute.appointment, actor, "counseling.view_appointment")


def _lock(dispute_id: int) -> tuple[Order, Dispute]:
    rows = Dispute.objects.filter(pk=dispute_id)
    appointment_id = rows.values_list("appointment_id", flat=True).first()
    if appointment_id is None:
        raise NotFound
    order, appointment = lock_with_order(appointment_id)
    dispute = Dispute.objects.locked().get(pk=dispute_id)
    dispute.appointment = appointment
    return order, dispute
