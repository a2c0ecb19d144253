"""Moving a session that stands to another time, and where all agree to another counselor."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, QuerySet, Value
from django.utils import timezone

from accounts.models import User
from accounts.services.parameters import parameter
from config.changes import note_change
from config.db import MinutesAfter, transact
from config.errors import IllegalTransition, StaleState
from counseling import errors
from counseling.models import (
    Appointment,
    AppointmentStatus,
    Reschedule,
    Service,
    Side,
    SlotStatus,
    TimeSlot,
    practising,
)
from counseling.services import notices
from counseling.services.booking import (
    check_length,
    facts_of,
    lock_client,
    why_not,
    why_not_free,
)
from counseling.services.calendar import horizon_end
from counseling.services.load import check_load
from counseling.services.outcomes import is_affected, settle
from counseling.services.reminding import next_reminder
from counseling.services.sides import lock_with_order, side_of
from counseling.services.slots import free_slots, move_slot

_MOMENTS = ("free_cancel_until", "fee_cancel_until")


@dataclass(frozen=True)
class RescheduleTerms:
    """left: how often a client still may, None for whom no count binds; until: included."""

    allowed: bool
    left: int | None
    until: datetime


@transact
def reschedule(
    appointment_id: int,
    *,
    slot_id: int,
    actor: User,
    reason: str = "",
    now: datetime | None = None,
) -> Appointment:
    """Move a confirmed session to another free slot of its counselor; price and policy stay.

    A client may RESCHEDULE_TIMES times and until RESCHEDULE_NOTICE_HOURS before it begins;
    counselor and staff until it begins.  A client whose counselor does not come is bound by
    neither: it is not they who want the change.  Raises TooLateToReschedule, TooManyReschedules,
    and what move_to_slot() raises; nothing is written then.
    """
    now = now or timezone.now()
    _, appointment = lock_with_order(appointment_id)
    side = side_of(appointment, actor, "counseling.reschedule_appointment")
    by_client = side == Side.CLIENT
    if by_client and is_affected(appointment.pk):
        side = Side.COUNSELOR
    _check_movable(appointment, side, now)
    return move_to_slot(
        appointment,
        slot_id,
        side=side,
        actor=actor,
        reason=reason,
        now=now,
        chosen_by_client=by_client,
    )


def slots_to_move_to(appointment: Appointment, *, now: datetime) -> QuerySet[TimeSlot]:
    """Where staff or the counselor may move it: free times of its counselor that are long enough,
    within the horizon; notice and limits of the counselor bind clients alone."""
    length = (appointment.end_at - appointment.start_at) // timedelta(minutes=1)
    rows = TimeSlot.objects.filter(
        practising(now, "counselor__"),
        counselor_id=appointment.counselor_id,
        status=SlotStatus.OPEN,
        start_at__gt=now,
        start_at__lt=horizon_end(now),
        end_at__gte=MinutesAfter(F("start_at"), Value(length)),
    )
    return rows.order_by("start_at", "pk")


@transact
def move_to_slot(
    appointment: Appointment,
    slot_id: int,
    *,
    side: Side,
    actor: User | None,
    reason: str = "",
    now: datetime,
    service: Service | None = None,
    chosen_by_client: bool = False,
) -> Appointment:
    """Swap the slots of an appointment; call it in the transaction that locks its order.

    service: of another counselor, to whom the session goes with it; price and policy stay.
    side: who wants the change, whoever carries it out.  chosen_by_client: among all free times.
    The rules of time of booking hold; a counselor's minimum notice and load are there for them
    and bind a client's choice alone.  Both slots are moved in key order, so crossing moves do not
    wait for each other (S-6).
    """
    if appointment.status != AppointmentStatus.CONFIRMED:
        raise IllegalTransition(status=appointment.status)
    if appointment.slot_id == slot_id:
        raise errors.SameSlot
    _swap(appointment, slot_id, now)
    lock_client(appointment.user_id, appointment.client_id)
    to = service or appointment
    start = _check_slot(
        appointment, slot_id, to.counselor_id, chosen_by_client=chosen_by_client, now=now
    )
    moved = _note(appointment, start, side, actor, reason)
    changes = {
        "slot_id": slot_id,
        "counselor_id": to.counselor_id,
        "service_id": service.pk if service else appointment.service_id,
        "start_at": start,
        "end_at": start + (appointment.end_at - appointment.start_at),
        "remind_at": next_reminder(start, now),
    } | _moments(appointment, start, side, now)
    _write(appointment, changes)
    settle(appointment, actor=actor)
    if service is None:
        notices.rescheduled(moved)
    else:
        notices.reassigned(moved)
    return appointment


def terms(
    *, status: str, start_at: datetime, moved_by_client: int, by_client: bool, now: datetime
) -> RescheduleTerms:
    """Whether somebody may move such an appointment at `now`, how often still and until when."""
    hours = parameter("RESCHEDULE_NOTICE_HOURS") if by_client else 0
    left = max(parameter("RESCHEDULE_TIMES") - moved_by_client, 0) if by_client else None
    until = start_at - timedelta(hours=hours)
    in_time = now <= until and now < start_at
    allowed = status == AppointmentStatus.CONFIRMED and in_time and left != 0
    return RescheduleTerms(allowed, left, until)


def _check_movable(appointment: Appointment, side: Side, now: datetime) -> None:
    if appointment.status != AppointmentStatus.CONFIRMED:
        raise IllegalTransition(status=appointment.status)
    found = terms(
        status=appointment.status,
        start_at=appointment.start_at,
        moved_by_client=appointment.reschedules.filter(side=Side.CLIENT).count(),
        by_client=side == Side.CLIENT,
        now=now,
    )
    if found.left == 0:
        raise errors.TooManyReschedules(at_most=parameter("RESCHEDULE_TIMES"))
    if not found.allowed:
        raise errors.TooLateToReschedule(until=found.until)


def _swap(appointment: Appointment, slot_id: int, now: datetime) -> None:
    for pk in sorted((appointment.slot_id, slot_id)):
        if pk == appointment.slot_id:
            free_slots([pk], SlotStatus.BOOKED, now=now)
        elif not move_slot(pk, SlotStatus.OPEN, SlotStatus.BOOKED):
            raise why_not_free(appointment.user_id, pk)


def _check_slot(
    appointment: Appointment,
    slot_id: int,
    counselor_id: int,
    *,
    chosen_by_client: bool,
    now: datetime,
) -> datetime:
    """When the session would begin there; refuses as booking would."""
    row = facts_of.first(
        slot=slot_id,
        user=appointment.user_id,
        service=appointment.service_id,
        agreement=0,
        besides=appointment.pk,
        now=now,
    )
    if row["counselor_id"] != counselor_id:
        raise errors.SlotOfAnotherCounselor
    reason = why_not(row, now)
    if reason and (chosen_by_client or reason != "too_soon"):
        raise errors.SlotNotBookable(reason=reason)
    check_length(row, (appointment.end_at - appointment.start_at) // timedelta(minutes=1))
    if row["clashes"]:
        raise errors.OverlappingAppointment
    if chosen_by_client:
        check_load(
            row["counselor_id"],
            row["start_at"],
            per_day=row["counselor__max_per_day"],
            per_week=row["counselor__max_per_week"],
            besides=appointment.pk,
        )
    return row["start_at"]


def _moments(
    appointment: Appointment, start: datetime, side: Side, now: datetime
) -> Mapping[str, datetime]:
    """Until when cancelling is free and costs a fee, as far ahead of the start as when booked.

    A client wins nothing by moving just before: a moment that has passed stays passed.  Whom
    others move loses nothing: no moment comes earlier, up to the new start.
    """
    agreed = appointment.reschedules.first() or appointment
    found = {}
    for name in _MOMENTS:
        old, new = getattr(appointment, name), start - (agreed.start_at - getattr(agreed, name))
        if side == Side.CLIENT:
            found[name] = old if now > old else new
        else:
            found[name] = min(max(old, new), start)
    return found


def _note(
    appointment: Appointment, start: datetime, side: Side, actor: User | None, reason: str
) -> Reschedule:
    return appointment.reschedules.create(
        start_at=appointment.start_at,
        free_cancel_until=appointment.free_cancel_until,
        fee_cancel_until=appointment.fee_cancel_until,
        new_start_at=start,
        side=side,
        actor=actor,
        reason=reason[:200],
    )


def _write(appointment: Appointment, changes: dict) -> None:
    rows = Appointment.objects.filter(
        pk=appointment.pk, status=AppointmentStatus.CONFIRMED, slot_id=appointment.slot_id
    )
    if not rows.update(**changes, times_moved=F("times_moved") + 1, updated_at=timezone.now()):
        raise StaleState(id=appointment.pk)
    note_change(
        appointment, {name: (getattr(appointment, name), value) for name, value in changes.items()}
    )
    appointment.refresh_from_db()
