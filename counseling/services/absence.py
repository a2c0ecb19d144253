"""What a counselor's absence does to their time, and undoes when it ends.

Locks: slots in key order, then the counselor, then the absence, then what it hits.  Who books
holds a slot and then shares the counselor's row, so taking the counselor first would meet each
booking under way head-on.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, QuerySet, Value, When

from accounts.audit import move
from accounts.models import User
from accounts.services.parameters import parameter
from config.errors import NotFound
from counseling.models import (
    AffectedAppointment,
    AffectedStatus,
    Appointment,
    AppointmentStatus,
    Counselor,
    LeaveRequest,
    SlotStatus,
    TimeSlot,
)
from counseling.services import leave_notices


@dataclass(frozen=True)
class Impact:
    """What an absence takes away: free slots, and sessions that somebody booked."""

    slots: list[TimeSlot]
    appointments: list[Appointment]


def impact_on(
    counselor_id: int, *, start_at: datetime, end_at: datetime | None, now: datetime
) -> Impact:
    """What an absence at that time would take away if it began now; nothing is locked."""
    slots = _slots(counselor_id, start_at, end_at, now).filter(status=SlotStatus.OPEN)
    return Impact(list(slots), list(_appointments(counselor_id, start_at, end_at, now)))


def impact_of(leave: LeaveRequest) -> Impact:
    """What an absence that was approved took away."""
    slots = leave.slots.filter(status=SlotStatus.CLOSED)
    hit = Appointment.objects.filter(affected__leave=leave).order_by("start_at", "pk")
    return Impact(list(slots), list(hit))


def lock_schedule(counselor_id: int, start_at: datetime, end_at: datetime | None, now) -> Counselor:
    """The counselor, locked, after every slot that an absence at that time concerns.

    Slots made while this waited are locked as well: whoever makes some holds the counselor.
    """
    slots = _slots(counselor_id, start_at, end_at, now).locked()
    list(slots.values_list("pk"))
    counselor = Counselor.objects.locked().filter(pk=counselor_id).first()
    if counselor is None:
        raise NotFound
    list(slots.all().values_list("pk"))
    return counselor


def begin(leave: LeaveRequest, *, now: datetime) -> None:
    """Close what is free, and write down every session that is hit with the time to handle it.

    Call it under lock_schedule().  Slots that somebody holds close when they are given back
    (services.slots.free_slots).
    """
    span = (leave.counselor_id, leave.start_at, leave.end_at, now)
    taken = _slots(*span).filter(leave=None).exclude(status=SlotStatus.CLOSED)
    closed = When(status=SlotStatus.OPEN, then=Value(SlotStatus.CLOSED))
    taken.update(leave=leave, status=Case(closed, default=F("status")), updated_at=now)
    handled = AffectedAppointment.objects.unsettled().values("appointment_id")
    hit = list(_appointments(*span).exclude(pk__in=handled))
    AffectedAppointment.objects.bulk_create(
        AffectedAppointment(
            leave=leave,
            appointment=appointment,
            deadline_at=_deadline(appointment, now),
        )
        for appointment in hit
    )
    for appointment in hit:
        if appointment.status == AppointmentStatus.CONFIRMED:
            leave_notices.affected(appointment.pk, leave, deadline=_deadline(appointment, now))


def end(leave: LeaveRequest, *, actor: User | None, now: datetime) -> None:
    """Open what it closed and keep what is not handled yet, unless another absence covers it.

    Call it under lock_schedule(), once the absence itself has moved on.
    """
    held = Q(leave=leave)
    for other in LeaveRequest.objects.running(leave.counselor_id):
        covered = Q(end_at__gt=other.start_at)
        if other.end_at is not None:
            covered &= Q(start_at__lt=other.end_at)
        TimeSlot.objects.filter(held & covered).update(leave=other, updated_at=now)
        rows = AffectedAppointment.objects.unsettled().filter(leave=leave)
        hit = _appointments(leave.counselor_id, other.start_at, other.end_at, now)
        rows.filter(appointment__in=hit).update(leave=other, updated_at=now)
    reopened = When(status=SlotStatus.CLOSED, start_at__gt=now, then=Value(SlotStatus.OPEN))
    TimeSlot.objects.filter(held).update(
        leave=None, status=Case(reopened, default=F("status")), updated_at=now
    )
    for row in AffectedAppointment.objects.locked().unsettled().filter(leave=leave):
        move(row, AffectedStatus.KEPT, actor=actor, resolved_by=actor, resolved_at=now)
        leave_notices.kept(row.appointment_id)


def _slots(counselor_id: int, start_at, end_at, now: datetime) -> QuerySet:
    return _ahead(TimeSlot.objects.filter(counselor_id=counselor_id), start_at, end_at, now)


def _appointments(counselor_id: int, start_at, end_at, now: datetime) -> QuerySet:
    expected = (AppointmentStatus.PENDING_PAYMENT, AppointmentStatus.CONFIRMED)
    rows = Appointment.objects.filter(counselor_id=counselor_id, status__in=expected)
    return _ahead(rows, start_at, end_at, now).order_by("start_at", "pk")


def _ahead(rows: QuerySet, start_at, end_at, now: datetime) -> QuerySet:
    """Those in [start_at, end_at) that have not begun; end_at None: without an end."""
    rows = rows.filter(start_at__gt=now, end_at__gt=start_at)
    return rows if end_at is None else rows.filter(start_at__lt=end_at)


def _deadline(appointment: Appointment, now: datetime) -> datetime:
    """LEAVE_HANDLING_HOURS from now, LEAVE_LATEST_HOURS before the session at the latest."""
    latest = appointment.start_at - timedelta(hours=parameter("LEAVE_LATEST_HOURS"))
    return max(now, min(now + timedelta(hours=parameter("LEAVE_HANDLING_HOURS")), latest))
