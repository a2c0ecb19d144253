"""Figures of closed days, counted once and kept; what is not closed yet is counted when asked.

A number is kept only once it cannot change any more (Measure.settles), so what is kept always
equals what counting again would give.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min, QuerySet

from accounts.measures import ACTIVE, RETENTION, funnel, noted_until, tokens_between
from accounts.models import ActiveDay, Period, RefreshToken, StatFigure, User
from config.days import business_day
from config.db import transact
from config.measures import (
    DAY,
    Counts,
    bucket_end,
    bucket_of,
    buckets,
    days_between,
    measures,
)

CHUNK_DAYS = 31
_BATCH = 1000


def all_measures() -> dict:
    """Every measure, cohort and step by its name."""
    cohorts = [ACTIVE, *RETENTION, *(step for step, _ in funnel())]
    return dict(measures()) | {measure.name: measure for measure in cohorts}


def refresh_figures(*, now: datetime) -> int:
    """Note activity and keep the figures of all days that are over since the last time; how many
    days of measures.  A second call does nothing; two at once write the same."""
    yesterday = business_day(now) - DAY
    note_active_days(yesterday)
    began = User.objects.aggregate(first=Min("created_at"))["first"]
    if began is None:
        return 0
    done, beginning = kept_until(), business_day(began)
    spans: list[Span] = []
    for name, measure in all_measures().items():
        first = done[name] + DAY if name in done else beginning
        spans += _days_of(measure, first, yesterday - timedelta(days=measure.settles))
        if measure.distinct:
            spans += _periods_of(measure, beginning, yesterday)
    return _write(spans)


def recompute_figures(first: date, last: date, *, now: datetime) -> int:
    """Count the kept days from `first` to `last` again, as far as their rows are still there."""
    spans, ends = [], kept_until()
    days = StatFigure.objects.filter(period=Period.DAY)
    oldest = days.aggregate(first=Min("start"))["first"]
    first = max(first, oldest or first)
    for name, measure in all_measures().items():
        begin = first
        if measure.recount_days is not None:
            begin = max(first, business_day(now) - timedelta(days=measure.recount_days))
        end = min(last, ends.get(name, first - DAY))
        spans += _days_of(measure, begin, end)
    return _write(spans)


def note_active_days(last: date) -> None:
    """Write down who was active on each day up to `last` that is not noted yet."""
    noted = noted_until()
    if noted is None:
        oldest = RefreshToken.objects.aggregate(first=Min("issued_at"))["first"]
        if oldest is None:
            return
        noted = business_day(oldest) - DAY
    for day in days_between(noted + DAY, last):
        users = tokens_between(day, day).order_by().values_list("session__user", flat=True)
        rows = [ActiveDay(user_id=pk, day=day) for pk in sorted(set(users))]
        ActiveDay.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)


def counted(
    measure, first: date, last: date, *, now: datetime, people: QuerySet | None = None
) -> Counts:
    """{(day, part): how many}: kept where it is kept, counted where not.

    people: only those; nothing is kept of parts of the people, so all of it is counted.
    """
    if people is not None:
        return measure.counts(first, last, people=people)
    until = kept_until(measure.name).get(measure.name)
    found: Counts = {}
    if until and until >= first:
        rows = StatFigure.objects.filter(
            measure=measure.name, period=Period.DAY, start__gte=first, start__lte=min(until, last)
        )
        found = {(start, part): n for start, part, n in rows.values_list("start", "part", "value")}
    begin = max(first, until + DAY) if until else first
    if begin <= last:
        found |= measure.counts(begin, last)
    return found


def counted_by(
    measure, first: date, last: date, period: str, *, now: datetime, people=None
) -> Counts:
    """As counted(), by week or month; `first` and `last` are the ends of whole periods."""
    if not measure.distinct or period == Period.DAY:
        added: Counts = {}
        for (day, part), number in counted(measure, first, last, now=now, people=people).items():
            key = bucket_of(day, period), part
            added[key] = added.get(key, 0) + number
        return added
    kept = {}
    if people is None:
        rows = StatFigure.objects.filter(
            measure=measure.name, period=period, start__gte=first, start__lte=last
        )
        kept = dict(rows.values_list("start", "value"))
    return {
        (start, ""): kept[start]
        if start in kept
        else measure.total(start, bucket_end(start, period), people=people)
        for start in buckets(first, last, period)
    }


def kept_until(*names: str) -> dict[str, date]:
    """The last day that is kept, per measure."""
    rows = StatFigure.objects.filter(period=Period.DAY)
    if names:
        rows = rows.filter(measure__in=names)
    return dict(rows.values_list("measure").annotate(last=Max("start")).order_by())


@dataclass(frozen=True)
class Span:
    """What a measure came to from `first` to `last`: (start, part, number)."""

    measure: str
    period: str
    first: date
    last: date
    figures: list[tuple[date, str, int]]


def _days_of(measure, first: date, last: date) -> Iterator[Span]:
    for begin, end in _chunks(first, last):
        counts = measure.counts(begin, end)
        figures = [(day, part, number) for (day, part), number in counts.items() if part or number]
        whole = {day for day, part, _ in figures if not part}
        figures += [(day, "", 0) for day in days_between(begin, end) if day not in whole]
        yield Span(measure.name, Period.DAY, begin, end, figures)


def _periods_of(measure, beginning: date, yesterday: date) -> Iterator[Span]:
    """Weeks and months that are over: people are not added up."""
    for period in (Period.WEEK, Period.MONTH):
        rows = StatFigure.objects.filter(measure=measure.name, period=period)
        last = rows.aggregate(last=Max("start"))["last"]
        first = bucket_end(last, period) + DAY if last else beginning
        for start in buckets(first, yesterday, period) if first <= yesterday else ():
            end = bucket_end(start, period)
            if end <= yesterday:
                whole = [(start, "", measure.total(start, end))]
                yield Span(measure.name, period, start, start, whole)


@transact
def _write(spans: Sequence[Span]) -> int:
    """All of them at once: a commit each is most of what keeping a day would cost.  How many days
    of measures."""
    for span in spans:
        StatFigure.objects.filter(
            measure=span.measure, period=span.period, start__gte=span.first, start__lte=span.last
        ).delete()
    rows = (
        StatFigure(measure=span.measure, period=span.period, start=day, part=part[:32], value=n)
        for span in spans
        for day, part, n in span.figures
    )
    StatFigure.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
    days = [span for span in spans if span.period == Period.DAY]
    return sum((span.last - span.first).days + 1 for span in days)


def _chunks(first: date, last: date) -> Iterator[tuple[date, date]]:
    while first <= last:
        end = min(first + timedelta(days=CHUNK_DAYS - 1), last)
        yield first, end
        first = end + DAY
