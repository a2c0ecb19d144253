"""Reminding both sides of a session a day and an hour ahead.

An appointment's remind_at is when the next reminder is due: set when it is confirmed or moved,
put on with each reminder.  What is sent is decided under the lock of its order, which whoever
cancels or moves the session holds too: nobody is reminded of a time that is not any more.
"""

from datetime import datetime, timedelta

from django.utils import timezone

from config.db import transact
from config.sweeping import each
from counseling.models import Appointment, AppointmentStatus
from counseling.services import notices
from counseling.services.outcomes import is_affected
from counseling.services.sides import lock_with_order

HOURS_AHEAD = (24, 1)


def next_reminder(start_at: datetime, after: datetime) -> datetime | None:
    """When the first reminder after `after` is due: none for what was agreed later than that."""
    due = (start_at - timedelta(hours=hours) for hours in HOURS_AHEAD)
    return next((moment for moment in due if moment > after), None)


def remind(*, now: datetime | None = None, limit: int = 500) -> int:
    """Send the reminders that are due; of how many appointments."""
    now = now or timezone.now()
    due = Appointment.objects.filter(remind_at__lte=now).order_by("remind_at")
    return each(due.values_list("pk", flat=True)[:limit], _remind, now=now)


@transact
def _remind(appointment_id: int, now: datetime) -> bool:
    """One reminder however many were missed, and none of what does not stand or has begun."""
    _, appointment = lock_with_order(appointment_id)
    due = appointment.remind_at
    if due is None or due > now:
        return False
    start = appointment.start_at
    Appointment.objects.filter(pk=appointment.pk).update(remind_at=next_reminder(start, now))
    stands = appointment.status == AppointmentStatus.CONFIRMED and not is_affected(appointment_id)
    if not stands or now >= start:
        return False
    hours = min(hours for hours in HOURS_AHEAD if now >= start - timedelta(hours=hours))
    notices.reminder(appointment.pk, hours=hours)
    return True
