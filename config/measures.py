"""What can be counted per day: each app's stats.py lists its measures, settings.MEASURES the lists.

A measure knows how to count itself from the rows; services.rollups of accounts keeps what it came
to for days that are over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Aggregate, Count, F, QuerySet
from django.utils.module_loading import import_string

from config.days import day_of, day_start, monday_of

Counts = dict[tuple[date, str], int]
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Measure:
    """Rows counted by the day of `moment` (a DateTimeField, or a DateField of business days).

    rows: the queryset, made anew; moment should be indexed.  person: the path to whom a row is
    about, "" when it is them.
    part: a field to tell parts by.  distinct: the same person counts once a week and month too,
    so these are counted anew instead of added up.  settles: days after which the number of a day
    changes no more; recount_days: how long the rows are there to be counted again.  feature: shown
    as the use of a feature.  sensitive: says something of somebody's health, so small numbers are
    not shown (invariants P-7).
    """

    name: str
    title: str
    rows: Callable[[], QuerySet]
    moment: str = "created_at"
    person: str = "user"
    part: str = ""
    distinct: bool = False
    feature: bool = False
    sensitive: bool = False
    settles: int = 0
    recount_days: int | None = None

    def counts(self, first: date, last: date, *, people: QuerySet | None = None) -> Counts:
        """{(day, part): how many} from `first` to `last`, in one statement; "" is the whole.

        people: count only what is about them.
        """
        rows = self._between(first, last, people)
        keys = {"_day": F(self.moment) if self._by_date() else day_of(self.moment)}
        columns = [self.part] if self.part else []
        found: Counts = {}
        for row in rows.order_by().values(*columns, **keys).annotate(_n=self._how_many()):
            day = row["_day"]
            found[day, ""] = found.get((day, ""), 0) + row["_n"]
            if self.part:
                found[day, row[self.part] or "other"] = row["_n"]
        return found

    def total(self, first: date, last: date, *, people: QuerySet | None = None) -> int:
        """The whole of it as one number; of a distinct measure, people."""
        return self._between(first, last, people).order_by().aggregate(n=self._how_many())["n"]

    def _between(self, first: date, last: date, people: QuerySet | None) -> QuerySet:
        rows = self.rows()
        if self._by_date():
            rows = rows.filter(**{f"{self.moment}__gte": first, f"{self.moment}__lte": last})
        else:
            start, end = day_start(first), day_start(last + DAY)
            rows = rows.filter(**{f"{self.moment}__gte": start, f"{self.moment}__lt": end})
        if people is not None:
            rows = rows.filter(**{f"{self.person or 'pk'}__in": people.values("pk")})
        return rows

    def _by_date(self) -> bool:
        if "__" in self.moment:
            return False
        field = self.rows().model._meta.get_field(self.moment)
        return field.get_internal_type() == "DateField"

    def _how_many(self) -> Aggregate:
        return Count(self.person or "pk", distinct=True) if self.distinct else Count("pk")


def measures() -> Mapping[str, Measure]:
    """Every measure there is, by name."""
    found = [measure for path in settings.MEASURES for measure in import_string(path)]
    return {measure.name: measure for measure in found}


def days_between(first: date, last: date) -> list[date]:
    return [first + DAY * n for n in range((last - first).days + 1)]


def bucket_of(day: date, period: str) -> date:
    """The first day of the week or month that `day` is in; itself for period "day"."""
    if period == "week":
        return monday_of(day)
    return day.replace(day=1) if period == "month" else day


def bucket_end(start: date, period: str) -> date:
    """The last day of the period that begins with `start`."""
    if period == "week":
        return start + DAY * 6
    if period == "month":
        return (start.replace(day=28) + DAY * 4).replace(day=1) - DAY
    return start


def buckets(first: date, last: date, period: str) -> list[date]:
    """The periods that `first` to `last` touch, by their first days."""
    found = []
    start = bucket_of(first, period)
    while start <= last:
        found.append(start)
        start = bucket_end(start, period) + DAY
    return found
