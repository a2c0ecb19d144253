"""How an appointment that an absence hit came out: one outcome, whoever brought it about."""

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from counseling.models import AffectedAppointment, AffectedStatus, Appointment, AppointmentStatus

_GONE = (AppointmentStatus.CANCELLED, AppointmentStatus.EXPIRED, AppointmentStatus.REFUNDED)
_AWAITED = (AppointmentStatus.PENDING_PAYMENT, AppointmentStatus.CONFIRMED)


def is_affected(appointment_id: int) -> bool:
    """Whether its counselor does not come and nothing was arranged yet."""
    return AffectedAppointment.objects.filter(open_appointment=appointment_id).exists()


def with_hit(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Each with what is_affected() says, as `hit`."""
    affected = AffectedAppointment.objects.filter(open_appointment=OuterRef("pk")).order_by()
    return rows.annotate(hit=Exists(affected))


def settle(*appointments: Appointment, actor: User | None = None) -> None:
    """Note what became of those that were hit; call it wherever an appointment's status, time or
    counselor changed, in the transaction that locks its order.  A second call does nothing."""
    known = {appointment.pk: appointment for appointment in appointments}
    for row in AffectedAppointment.objects.locked().filter(open_appointment__in=known):
        outcome = _outcome(row, known[row.appointment_id])
        if outcome:
            move(row, outcome, actor=actor, resolved_by=actor, resolved_at=timezone.now())


def _outcome(row: AffectedAppointment, appointment: Appointment) -> AffectedStatus | None:
    leave = row.leave
    if appointment.status in _GONE:
        return AffectedStatus.CANCELLED
    if appointment.counselor_id != leave.counselor_id:
        return AffectedStatus.REASSIGNED
    if appointment.status not in _AWAITED:
        return AffectedStatus.KEPT
    before = appointment.end_at <= leave.start_at
    after = leave.end_at is not None and appointment.start_at >= leave.end_at
    return AffectedStatus.MOVED if before or after else None
