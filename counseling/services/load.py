"""How much a counselor takes on in a day and in a week."""

from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from config.days import business_day, day_end, day_start, monday_of
from config.db import BusinessDay, BusinessWeek
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
    counted = _counted(counselor_id, start_at, besides)
    for reason, at_most in (("day", per_day), ("week", per_week)):
        if at_most is not None and counted[reason] >= at_most:
            raise LoadReached(reason=reason, at_most=at_most)


def strength_left() -> Q:
    """For a queryset of slots: what check_load() would not refuse.

    Counted where a limit is set only, slot by slot in an index that holds all of it.
    """
    week = _sessions(counselor_id=OuterRef("counselor_id"), week=BusinessWeek(OuterRef("start_at")))
    day = week.alias(day=BusinessDay("start_at")).filter(day=BusinessDay(OuterRef("start_at")))
    return _below("counselor__max_per_day", day) & _below("counselor__max_per_week", week)


def _below(limit: str, sessions: QuerySet) -> Q:
    number = sessions.values("counselor_id").annotate(number=Count("*")).values("number")
    return Q(**{limit: None}) | Q(**{f"{limit}__gt": Coalesce(Subquery(number), 0)})


def _lock(counselor_id: int) -> None:
    list(Counselor.objects.locked().filter(pk=counselor_id).values_list("pk"))


def _counted(counselor_id: int, start_at: datetime, besides: int) -> dict[str, int]:
    """Sessions of that day and of its week, in one statement."""
    day = business_day(start_at)
    of_day = Q(start_at__gte=day_start(day), start_at__lt=day_end(day))
    sessions = _sessions(counselor_id=counselor_id, week=monday_of(day)).exclude(pk=besides)
    return sessions.aggregate(week=Count("pk"), day=Count("pk", filter=of_day))


def _sessions(**of) -> QuerySet:
    return Appointment.objects.filter(status__in=_COUNTS, **of).order_by()
