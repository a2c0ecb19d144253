"""Appointments from booking to their end; services.sides has who may and how they are locked."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.parameters import parameter
from commerce.models import Order, OrderStatus, RefundReason
from commerce.payables import Want
from commerce.services.orders import (
    cancel_order,
    complete_order,
    keep_order,
    place_order,
)
from commerce.services.refunds import open_refund
from config.db import transact
from config.errors import Forbidden, NotFound
from config.sweeping import each
from counseling.errors import NotStartedYet, TooLateToCancel
from counseling.models import Appointment, AppointmentStatus, Side, SlotStatus
from counseling.services import notices
from counseling.services.cancelling import CancelPreview, preview_cancel
from counseling.services.outcomes import is_affected, settle
from counseling.services.sides import lock_with_order, locked, side_of
from counseling.services.slots import free_slots

KIND = "appointment"


def book(
    *,
    user: User,
    slot_id: int,
    service_id: int,
    client_id: int,
    note: str = "",
    agreement_version: int | None = None,
) -> Order:
    """Hold a slot for a client of `user`, with the order that pays it; what is free stands at once.

    Raises the refusals of services.booking; nothing is written then.
    """
    options = {
        "service_id": service_id,
        "client_id": client_id,
        "note": note,
        "agreement_version": agreement_version,
    }
    return place_order(user=user, wants=[Want(KIND, slot_id, options=options)])


@transact
def cancel(
    appointment_id: int, *, actor: User, reason: str = "", now: datetime | None = None
) -> Appointment:
    """Call a session off before it begins; TooLateToCancel after that.

    The client pays the fee of the frozen policy, unless the counselor does not come anyway;
    counselor and staff cancel with full refund.
    Where nothing goes back (free, or too late for the policy) the order is kept as it is paid,
    and closed.  An unpaid appointment is cancelled together with its order.
    """
    now = now or timezone.now()
    order, appointment = lock_with_order(appointment_id)
    side = side_of(appointment, actor, "counseling.cancel_appointment")
    _check_cancellable(appointment, now)
    return _call_off(
        order,
        appointment,
        refund=preview_cancel(appointment, now, by_client=_pays_fee(appointment, side)).refund,
        reason_code=_REASONS[side],
        actor=actor,
        reason=reason,
        now=now,
    )


@transact
def call_off(
    appointment_id: int, *, actor: User | None, reason: str, now: datetime | None = None
) -> Appointment:
    """Cancel with full refund because the counselor does not come, even when that is noticed
    after it should have begun; whether `actor` (None: the deadline) may is the caller's affair."""
    now = now or timezone.now()
    order, appointment = lock_with_order(appointment_id)
    appointment.TRANSITIONS.check(appointment.status, AppointmentStatus.CANCELLED)
    return _call_off(
        order,
        appointment,
        refund=preview_cancel(appointment, now, by_client=False).refund,
        reason_code=RefundReason.COUNSELOR,
        actor=actor,
        reason=reason,
        now=now,
    )


def _call_off(
    order: Order, appointment: Appointment, *, refund: Decimal, reason_code: RefundReason,
    actor: User | None, reason: str, now: datetime,
) -> Appointment:  # fmt: skip
    unpaid = appointment.status == AppointmentStatus.PENDING_PAYMENT
    held = SlotStatus.HELD if unpaid else SlotStatus.BOOKED
    free_slots([appointment.slot_id], held, now=now)
    appointment = locked(appointment.pk)
    move(
        appointment,
        AppointmentStatus.CANCELLED,
        actor=actor,
        reason=reason,
        cancelled_by=actor,
        cancel_reason=reason[:200],
    )
    settle(appointment, actor=actor)
    if unpaid:
        cancel_order(order.pk, actor=actor, reason=reason)
        return appointment
    if refund:
        open_refund(
            order.paid_by,
            amount=refund,
            key="cancel",
            reason_code=reason_code,
            reason=reason,
            actor=actor,
        )
    else:
        keep_order(order.pk, actor=actor, reason=reason)
    notices.cancelled(appointment.pk, refund=refund)
    return appointment


def _pays_fee(appointment: Appointment, side: Side) -> bool:
    """Nobody pays for giving up a session whose counselor does not come."""
    return side == Side.CLIENT and not is_affected(appointment.pk)


def preview_for(appointment_id: int, *, actor: User, now: datetime) -> CancelPreview:
    """What cancelling would cost `actor` at `now`; refuses what cancel() would refuse."""
    rows = Appointment.objects.select_related("counselor")
    appointment = rows.filter(pk=appointment_id).first()
    if appointment is None:
        raise NotFound
    side = side_of(appointment, actor, "counseling.cancel_appointment")
    _check_cancellable(appointment, now)
    return preview_cancel(appointment, now, by_client=_pays_fee(appointment, side))


def _check_cancellable(appointment: Appointment, now: datetime) -> None:
    appointment.TRANSITIONS.check(appointment.status, AppointmentStatus.CANCELLED)
    unpaid = appointment.status == AppointmentStatus.PENDING_PAYMENT
    if now >= appointment.start_at and not unpaid:
        raise TooLateToCancel


_REASONS = {
    Side.CLIENT: RefundReason.CANCELLED,
    Side.COUNSELOR: RefundReason.COUNSELOR,
    Side.STAFF: RefundReason.OTHER,
}


def start(appointment_id: int, *, actor: User, now: datetime | None = None) -> Appointment:
    """The session has begun, says its counselor or staff."""
    return _attend(appointment_id, AppointmentStatus.IN_PROGRESS, actor, now)


def complete(appointment_id: int, *, actor: User, now: datetime | None = None) -> Appointment:
    """The session took place; its order is done."""
    return _attend(appointment_id, AppointmentStatus.COMPLETED, actor, now)


def mark_no_show(appointment_id: int, *, actor: User, now: datetime | None = None) -> Appointment:
    """Nobody came; the counselor's time is paid, so the order is done."""
    return _attend(appointment_id, AppointmentStatus.NO_SHOW, actor, now)


@transact
def _attend(appointment_id: int, to: AppointmentStatus, actor: User, now) -> Appointment:
    order, appointment = lock_with_order(appointment_id)
    if side_of(appointment, actor, "counseling.complete_appointment") == Side.CLIENT:
        raise Forbidden
    appointment.TRANSITIONS.check(appointment.status, to)
    if (now or timezone.now()) < appointment.start_at:
        raise NotStartedYet(start_at=appointment.start_at)
    return _move_on(order, appointment_id, to, actor=actor)


def complete_past(*, now: datetime | None = None, limit: int = 500) -> int:
    """Complete sessions that ended AUTO_COMPLETE_HOURS ago and nobody completed; how many."""
    before = (now or timezone.now()) - timedelta(hours=parameter("AUTO_COMPLETE_HOURS"))
    over = Appointment.objects.over(before).order_by("end_at").values_list("pk", flat=True)
    return each(over[:limit], _complete_past, before=before)


@transact
def _complete_past(appointment_id: int, before: datetime) -> bool:
    order, appointment = lock_with_order(appointment_id)
    if not Appointment.objects.over(before).filter(pk=appointment.pk).exists():
        return False
    _move_on(order, appointment.pk, AppointmentStatus.COMPLETED, reason="到期自动完成")
    return True


def _move_on(order: Order, appointment_id: int, to: AppointmentStatus, **log) -> Appointment:
    """Move an appointment whose order is locked; a final state ends the order too."""
    appointment = locked(appointment_id)
    move(appointment, to, **log)
    settle(appointment, actor=log.get("actor"))
    if to != AppointmentStatus.IN_PROGRESS and order.status == OrderStatus.PAID:
        complete_order(order.pk, actor=log.get("actor"))
    return appointment
