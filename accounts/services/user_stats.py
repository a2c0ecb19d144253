"""What /stat/user and the back office's page of it show: kept figures, and the open days counted.

A viewer whose role does not reach everybody gets figures of the people they reach, counted anew.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet

from accounts.measures import ACTIVE, LOGINS, PLATFORMS, REGISTERED, RETENTION, funnel
from accounts.models import LoginLog, Period, User
from accounts.scope import ALL, covers, grants, scope_of, scoped
from accounts.services.rollups import counted, counted_by
from config.days import business_day, by_hour, day_start
from config.measures import DAY, Measure, bucket_end, bucket_of, buckets, measures

PERMISSION = "accounts.view_statistics"
# How many days a question may span, by period.
LONGEST = {Period.DAY: 366, Period.WEEK: 366 * 3, Period.MONTH: 366 * 10}
# Below this many people nothing is said about health, and above only multiples of it: so that no
# difference of two answers is a smaller number (invariants P-7).
FEWEST = 5

Series = list[int]


@dataclass(frozen=True)
class Step:
    """number: people; None where it is too small to be told."""

    name: str
    title: str
    number: int | None


@dataclass(frozen=True)
class UserStats:
    """starts: the first day of each period; the lists have one number for each of them.

    retention: {days after: share of the cohort, None where those days are not over or nobody came}.
    """

    first: date
    last: date
    by: str
    starts: list[date]
    registered: Series
    active: Series
    logins: Series
    logins_by_method: dict[str, Series]
    logins_by_platform: dict[str, Series]
    retention: dict[int, list[Decimal | None]]
    funnel: list[Step] = field(default_factory=list)


def user_stats(
    *, first: date, last: date, by: str, viewer: User | None, now: datetime
) -> UserStats:
    """Figures from `first` to `last`, widened to whole weeks or months, but not past today."""
    first, end = bucket_of(first, by), bucket_end(bucket_of(last, by), by)
    last = min(end, business_day(now))
    view = _View(first, last, end, by, people_of(viewer), now)
    return UserStats(
        first=first,
        last=last,
        by=by,
        starts=view.starts,
        registered=view.series(REGISTERED),
        active=view.series(ACTIVE),
        logins=view.series(LOGINS),
        logins_by_method=view.parts(LOGINS),
        logins_by_platform=view.parts(PLATFORMS),
        retention={kind.after: view.retention(kind) for kind in RETENTION},
        funnel=view.funnel(),
    )


def people_of(viewer: User | None) -> QuerySet[User] | None:
    """Those a viewer's figures are about; None for everybody."""
    if viewer is None or scope_of(viewer, PERMISSION) == ALL:
        return None
    return scoped(User.objects.all(), viewer, PERMISSION)


def may_take_along(viewer: User) -> bool:
    """Whether they may export figures: to export must reach as far as to look."""
    held = grants(viewer)
    looking = held.get(PERMISSION)
    return looking is not None and covers(held, {"accounts.export_data": looking})


def feature_use(*, first: date, last: date, viewer: User | None, now: datetime) -> list[Step]:
    """How often each feature was used in those days, most first."""
    people = people_of(viewer)
    rows = []
    for measure in measures().values():
        if measure.feature:
            counts = counted(measure, first, last, now=now, people=people)
            number = sum(n for (_, part), n in counts.items() if not part)
            shown = discreet(number) if measure.sensitive else number
            rows.append(Step(measure.name, measure.title, shown))
    return sorted(rows, key=lambda row: (-(row.number or 0), row.name))


def login_hours(*, first: date, last: date, viewer: User | None) -> list[int]:
    """24 numbers: logins in those days by the hour of the day in Shanghai."""
    rows = LoginLog.objects.filter(
        succeeded=True, created_at__gte=day_start(first), created_at__lt=day_start(last + DAY)
    )
    if (people := people_of(viewer)) is not None:
        rows = rows.filter(user__in=people)
    return by_hour(rows, "created_at")


def discreet(number: int) -> int | None:
    """A number of people that says something of their health, as it may be shown."""
    if number == 0:
        return 0
    return None if number < FEWEST else number - number % FEWEST


@dataclass
class _View:
    first: date
    last: date
    end: date
    by: str
    people: QuerySet | None
    now: datetime

    def __post_init__(self):
        self.starts = buckets(self.first, self.last, self.by)
        self._counts: dict[str, dict] = {}

    def counts(self, measure) -> dict:
        if measure.name not in self._counts:
            last = self.end if measure.distinct else self.last
            self._counts[measure.name] = counted_by(
                measure, self.first, last, self.by, now=self.now, people=self.people
            )
        return self._counts[measure.name]

    def series(self, measure, part: str = "") -> Series:
        counts = self.counts(measure)
        return [counts.get((start, part), 0) for start in self.starts]

    def parts(self, measure: Measure) -> dict[str, Series]:
        names = sorted({part for _, part in self.counts(measure) if part})
        return {name: self.series(measure, name) for name in names}

    def retention(self, kind) -> list[Decimal | None]:
        """Only of cohorts whose days are over, the last of a week's or month's too."""
        over = business_day(self.now) - DAY * kind.after
        cohorts, stayed = self.series(REGISTERED), self.series(kind)
        return [
            round(Decimal(stay) / size, 4) if size and bucket_end(start, self.by) < over else None
            for start, size, stay in zip(self.starts, cohorts, stayed, strict=True)
        ]

    def funnel(self) -> list[Step]:
        steps = [Step("registered", "注册", sum(self.series(REGISTERED)))]
        for counting, step in funnel():
            number = sum(self.series(counting))
            shown = discreet(number) if step.sensitive else number
            steps.append(Step(step.name, step.title, shown))
        return steps
