"""How much a counselor takes on in a day and in a week."""

from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from config.days import day_end, day_start
from counseling.errors import LoadReached
from counseling.models import Appointment, AppointmentStatus, Counselor

# What takes up a counselor's strength: unpaid holds too, what was called off not.
_COUNTS = (
    AppointmentStatus.PENDING_PAYMENT,
    AppointmentStatus.CONFIRMED,
    AppointmentStatus.IN_PROGRESS,
    AppointmentStatus.COMPLETED,
    AppointmentStatus.NO_SHOW,
)


def check_load(
    counselor_id: int,
    start_at: datetime,
    *,
    per_day: int | None,
    per_week: int | None,
    besides: int = 0,
) -> None:
    """LoadReached when one more session at `start_at` is more than the counselor takes on.

    Two statements where a limit is set, none otherwise.  The first locks the counselor, so that
    of two bookings of the last place one sees the other: call it after everything else that may
    refuse, in the transaction that books.  Days are business days, weeks begin on Monday.
    besides: an appointment that is being moved.
    """
    if per_day is None and per_week is None:
        return
    _lock(counselor_id)
    counted = _counted(counselor_id, timezone.localdate(start_at), besides)
    for reason, at_most in (("day", per_day), ("week", per_week)):
        if at_most is not None and counted[reason] >= at_most:
            raise LoadReached(reason=reason, at_most=at_most)


def _lock(counselor_id: int) -> None:
    list(Counselor.objects.locked().filter(pk=counselor_id).values_list("pk"))


def _counted(counselor_id: int, day: date, besides: int) -> dict[str, int]:
    """Sessions of that day and of its week, in one statement."""
    monday = day - timedelta(days=day.weekday())
    week = (day_start(monday), day_start(monday + timedelta(days=7)))
    return Appointment.objects.filter(
        ~Q(pk=besides), counselor_id=counselor_id, status__in=_COUNTS,
        start_at__gte=week[0], start_at__lt=week[1],
    ).aggregate(
        week=Count("pk"),
        day=Count("pk", filter=Q(start_at__gte=day_start(day), start_at__lt=day_end(day))),
    )  # fmt: skip
