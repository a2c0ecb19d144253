"""A million slots of five hundred counselors (performance 4): a week, a day, who is free when."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Count
from django.utils import timezone

from accounts.models import User
from config.days import day_start
from counseling.models import Counselor, TimeSlot
from counseling.serializers.counselors import SlotSerializer
from counseling.services.availability import bookable, next_free_at
from counseling.services.calendar import horizon_end
from tests.benchmarks.sql.frame import Question, load

TABLES = [TimeSlot]
COUNSELORS, SLOTS = 500, 2000
A_DAY = 8  # slots of one counselor
AHEAD = 28  # days of them lie ahead, as SLOT_HORIZON_DAYS has it; the others are history
PAST = ("booked", "booked", "open", "closed")
FUTURE = ("open", "open", "booked", "held", "closed")
FAR = datetime(2999, 1, 1, tzinfo=UTC)
_FIELDS = ("counselor", "start_at", "end_at", "status", "created_at", "updated_at")


@dataclass(frozen=True)
class Known:
    counselor_id: int
    now: datetime
    today: date


def fill(scale: float) -> Known:
    now = timezone.now()
    people = User.objects.bulk_create(
        User(username=f"sql{n}") for n in range(max(int(COUNSELORS * scale), 5))
    )
    counselors = Counselor.objects.bulk_create(
        Counselor(user=person, name=f"咨询师{n}", status="published", qualified_until=FAR)
        for n, person in enumerate(people)
    )
    ids = [counselor.pk for counselor in counselors]
    load(TimeSlot, _slots(ids, timezone.localdate(now), now), *_FIELDS)
    return Known(ids[len(ids) // 2], now, timezone.localdate(now))


def _slots(ids: list[int], today: date, now: datetime) -> Iterator[tuple]:
    """Latest first: the embedded database looks for overlaps among what begins earlier."""
    pick = random.Random(7)
    for back in range(SLOTS // A_DAY):
        morning = day_start(today + timedelta(days=AHEAD - 1 - back)) + timedelta(hours=9)
        statuses = FUTURE if back < AHEAD else PAST
        for hour in reversed(range(A_DAY)):
            start = morning + timedelta(hours=hour)
            end = start + timedelta(minutes=50)
            for counselor_id in ids:
                yield counselor_id, start, end, pick.choice(statuses), now, now


def questions(known: Known) -> list[Question]:
    now, until = known.now, horizon_end(known.now)
    monday = day_start(known.today + timedelta(days=7 - known.today.weekday()))
    day = day_start(known.today + timedelta(days=3))
    noon = day + timedelta(hours=12)
    mine = TimeSlot.objects.filter(counselor_id=known.counselor_id)
    free = bookable(now, until)
    of_day = {"start_at__gte": day, "start_at__lt": day + timedelta(days=1)}
    open_then = TimeSlot.objects.filter(status="open", **of_day).order_by()
    free_then = TimeSlot.objects.filter(
        status="open", start_at__gte=noon - timedelta(hours=2), start_at__lt=noon
    ).order_by()
    ahead = mine.filter(start_at__gt=now, start_at__lt=until).order_by()
    week = mine.filter(start_at__gte=monday, start_at__lt=monday + timedelta(days=7))
    return [
        Question(
            "a counselor's week",
            week.order_by("start_at", "pk").values(*SlotSerializer.COLUMNS),
            index="slot_counselor_start",
            bound=week.order_by().values("start_at"),
            gain=100,
            above_bound=4,
        ),
        Question(
            "free days of a month",
            free.filter(counselor_id=known.counselor_id).order_by("start_at").values("start_at"),
            index="slot_counselor_start",
            bound=ahead.values("start_at"),
            gain=20,
            above_bound=4,
        ),
        Question(
            "who is free 10-12",
            free.filter(start_at__gte=noon - timedelta(hours=2), start_at__lt=noon)
            .order_by()
            .values("counselor_id"),
            index="slot_free_on",
            bound=free_then.values("counselor_id"),
            gain=15,
            above_bound=4,
        ),
        Question(
            "free slots of a day, by counselor",
            free.filter(**of_day).order_by().values("counselor_id").annotate(free=Count("pk")),
            index="slot_free_on",
            bound=open_then.values("counselor_id"),
            gain=8,
            above_bound=4,
        ),
        Question(
            "one counselor's next free time",
            Counselor.objects.filter(pk=known.counselor_id)
            .order_by()
            .annotate(next_free_at=next_free_at(now, until))
            .values("next_free_at"),
            index="slot_counselor_start",
            gain=50,
        ),
    ]
