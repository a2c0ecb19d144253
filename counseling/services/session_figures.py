"""Counting sessions and bookings, with what became of them.

Counted when asked, by an index: an hour of a counselor holds one session, so a table of sums by
counselor and hour would have as many rows, and what became of a session changes for weeks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import TruncHour

from commerce.models import ReviewStatus
from config.days import SHANGHAI, day_of, day_start
from config.measures import DAY
from counseling.models import Appointment, AppointmentStatus, CounselorVisits

_ORDER = "order_item__order__"
MADE = f"{_ORDER}created_at"  # when an appointment was made: indexed, and the same moment
_REFUNDED = AppointmentStatus.REFUNDED
# Took place before its money went back, for whatever reason.
_HELD_AND_REFUNDED = Q(status=_REFUNDED, **{f"{_ORDER}completed_at__isnull": False})
COMPLETED = Q(status=AppointmentStatus.COMPLETED) | _HELD_AND_REFUNDED
NO_SHOW = Q(status=AppointmentStatus.NO_SHOW)
AHEAD = Q(status__in=(AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS))
# What takes place: neither unpaid nor called off.
HELD = COMPLETED | NO_SHOW | AHEAD
# Paid (be it nothing), then called off.
CANCELLED = Q(
    status__in=(AppointmentStatus.CANCELLED, _REFUNDED),
    **{f"{_ORDER}paid_at__isnull": False, f"{_ORDER}completed_at__isnull": True},
)
OUTCOMES = {"completed": COMPLETED, "no_show": NO_SHOW, "cancelled": CANCELLED, "ahead": AHEAD}


@dataclass(frozen=True)
class Tally:
    """Sessions by what became of them; spent: of those that took place."""

    completed: int = 0
    no_show: int = 0
    cancelled: int = 0
    ahead: int = 0
    spent: timedelta = timedelta(0)

    @property
    def sessions(self) -> int:
        return self.completed + self.no_show + self.ahead


@dataclass(frozen=True)
class Bookings:
    """Appointments by when they were made, and how far they came."""

    booked: int = 0
    paid: int = 0
    attended: int = 0


def starting(rows: QuerySet[Appointment], first: date, last: date) -> QuerySet[Appointment]:
    return rows.filter(**_within("start_at", first, last)).order_by()


def tallies(rows: QuerySet[Appointment], *by: str) -> dict[tuple, Tally]:
    """Those sessions by columns of theirs, "day" among them; one statement."""
    columns = [name for name in by if name != "day"]
    keys = {"_day": day_of("start_at")} if "day" in by else {}
    which = Case(
        *(When(condition, then=Value(name)) for name, condition in OUTCOMES.items()),
        default=Value(""), output_field=CharField(),
    )  # fmt: skip
    found: dict[tuple, dict] = {}
    wanted = rows.filter(HELD | CANCELLED).values(*columns, **keys, _outcome=which)
    for row in wanted.annotate(_n=Count("pk"), _spent=Sum(F("end_at") - F("start_at"))):
        key = tuple(row["_day" if name == "day" else name] for name in by)
        tally = found.setdefault(key, {"spent": timedelta(0)})
        tally[row["_outcome"]] = row["_n"]
        if row["_outcome"] in {"completed", "no_show"}:
            tally["spent"] += row["_spent"]
    return {key: Tally(**numbers) for key, numbers in found.items()}


def heat(rows: QuerySet[Appointment]) -> list[list[int]]:
    """Sessions by weekday (Monday first) and hour of the day in Shanghai."""
    found = [[0] * 24 for _ in range(7)]
    hours = rows.filter(HELD).values(_hour=TruncHour("start_at", tzinfo=UTC))
    for row in hours.annotate(_n=Count("pk")):
        hour = row["_hour"].astimezone(SHANGHAI)
        found[hour.weekday()][hour.hour] += row["_n"]
    return found


def clients_by_tag(rows: QuerySet[Appointment]) -> dict[tuple[int, str], int]:
    """{(tag, its name): people} of what the counselors of those sessions help with."""
    tag = ("counselor__specialties", "counselor__specialties__name")
    tagged = rows.filter(HELD, counselor__specialties__isnull=False).values(*tag)
    people = tagged.annotate(_n=Count("client", distinct=True))
    return {(row[tag[0]], row[tag[1]]): row["_n"] for row in people}


def stars(rows: QuerySet[Appointment]) -> tuple[int, int]:
    """(reviews that are shown, their stars in all) of those sessions."""
    shown = Q(review__status=ReviewStatus.VISIBLE)
    found = rows.filter(shown).aggregate(n=Count("pk"), stars=Sum("review__rating"))
    return found["n"], found["stars"] or 0


def bookings_by_day(rows: QuerySet[Appointment], first: date, last: date) -> dict[date, Bookings]:
    made = rows.filter(**_within(MADE, first, last)).order_by().values(_day=day_of(MADE))
    counts = made.annotate(
        booked=Count("pk"),
        paid=Count("pk", filter=Q(**{f"{_ORDER}paid_at__isnull": False})),
        attended=Count("pk", filter=COMPLETED),
    )
    return {row.pop("_day"): Bookings(**row) for row in counts}


def visits(first: date, last: date, *, counselors: Sequence[int] | QuerySet | None) -> int:
    """How often pages were looked at; None: everybody's."""
    rows = CounselorVisits.objects.filter(day__gte=first, day__lte=last)
    if counselors is not None:
        rows = rows.filter(counselor__in=counselors)
    return rows.aggregate(n=Sum("number"))["n"] or 0


def _within(moment: str, first: date, last: date) -> dict:
    return {f"{moment}__gte": day_start(first), f"{moment}__lt": day_start(last + DAY)}
