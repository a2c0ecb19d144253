"""When counselors are free, as clients see it."""

from datetime import datetime
from itertools import groupby

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User
from config.prepared import Prepared
from counseling.models import Counselor, TimeSlot
from counseling.services.calendar import horizon_end
from counseling.services.load import strength_left


def bookable(now: datetime, until: datetime | None = None) -> QuerySet[TimeSlot]:
    """What clients are offered: free slots on days that the counselor has strength left for."""
    return TimeSlot.objects.free(now, until).filter(strength_left())


def next_free_at(now: datetime, until: datetime) -> Subquery:
    """For a queryset of counselors: the start of their next bookable slot, or NULL."""
    slots = bookable(now, until).filter(counselor_id=OuterRef("pk"))
    return Subquery(slots.order_by("start_at").values("start_at")[:1])


def slots_seen_by(user: User, counselor_id: int | None, *, now: datetime) -> QuerySet:
    """The slots `user` may know: bookable ones; counselors see all of theirs, planners all."""
    if sees_all_slots(user, counselor_id):
        return TimeSlot.objects.all()
    return bookable(now, horizon_end(now))


def sees_all_slots(user: User, counselor_id: int | None) -> bool:
    if not user.is_authenticated:
        return False
    if user.has_perm("counseling.view_timeslot"):
        return True
    return bool(counselor_id and _own(counselor=counselor_id, user=user.pk))


_own = Prepared(
    lambda counselor, user: (
        Counselor.objects.filter(pk=counselor, user_id=user).order_by().values("pk")
    )
)


def free_days(
    counselor_id: int, *, first: datetime, last: datetime, now: datetime
) -> list[tuple[str, int]]:
    """(business day, number of bookable slots) of each day that has some, first <= start < last."""
    slots = bookable(now, horizon_end(now)).filter(
        counselor_id=counselor_id, start_at__gte=first, start_at__lt=last
    )
    starts = slots.order_by("start_at").values_list("start_at", flat=True)
    days = groupby(timezone.localdate(start).isoformat() for start in starts)
    return [(day, len(list(starts))) for day, starts in days]
