"""Which slots the rules yield: weekly templates, date exceptions, holidays, absences.

Business days and times are Asia/Shanghai.  A day is looked at in this order:

1. Hours of its own (exceptions `replace` and `add`) come first, holiday or not; `replace` puts the
   weekly templates of that day aside.
2. On a holiday no weekly template counts.  On a make-up workday those of the weekday count that it
   stands for (Holiday.works_as).  Whoever works on holidays knows neither.
3. What an absence covers is taken away (blocked_spans): time off and whatever else it names.

Between two neighbours lies the longer of their breaks, not the sum; where there is no room for
both, hours of the day's own go before weekly ones, and the earlier before the later.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from config.days import day_end, day_start, monday_of
from counseling.models import (
    Counselor,
    ExceptionKind,
    Holiday,
    HolidayKind,
    LeaveKind,
    LeaveRequest,
    ScheduleException,
    WeeklyTemplate,
)
from counseling.models.schedule import Hours

Span = tuple[datetime, datetime]
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """A slot that is wanted or stands; pause: the break it wants to its neighbours."""

    start: datetime
    end: datetime
    pause: timedelta = timedelta(0)
    template_id: int | None = None
    exception_id: int | None = None

    def fits(self, others: Iterable["Stretch"]) -> bool:
        """Whether it overlaps none of `others` and keeps the longer break to each."""
        for other in others:
            gap = max(self.pause, other.pause)
            if other.start < self.end + gap and self.start < other.end + gap:
                return False
        return True


def wanted_slots(counselor_id: int, *, now: datetime, days: int) -> list[Stretch]:
    """What the rules yield from `now` on, in the next `days` business days; six statements."""
    today = timezone.localdate(now)
    first, last = today - _DAY, today + timedelta(days=days - 1)  # yesterday's may cross midnight
    blocked = blocked_spans(counselor_id, day_start(first), day_end(last + _DAY))
    templates = list(WeeklyTemplate.objects.filter(counselor_id=counselor_id, is_active=True))
    special = defaultdict(list)
    for exception in _exceptions(counselor_id, first, last).exclude(kind=ExceptionKind.OFF):
        special[exception.date].append(exception)
    holidays = _holidays(counselor_id, first, last)
    extra, weekly = [], []
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        for exception in special[day]:
            extra += cut_into_slots(exception, day, exception_id=exception.pk)
        if all(exception.kind != ExceptionKind.REPLACE for exception in special[day]):
            for template in templates:
                if _in_force(template, day, weekday_of(day, holidays)):
                    weekly += cut_into_slots(template, day, template_id=template.pk)
    chosen: list[Stretch] = []
    for stretch in [*_in_order(extra), *_in_order(weekly)]:
        free = not any(a < stretch.end and stretch.start < b for a, b in blocked)
        if stretch.start > now and free and stretch.fits(chosen):
            chosen.append(stretch)
    return _in_order(chosen)


def blocked_spans(counselor_id: int, first: datetime, last: datetime) -> list[Span]:
    """Stretches between `first` and `last` in which no slots are made for this counselor.

    One statement per kind of absence.  Slots that stand are not its business.
    """
    days = (timezone.localdate(first) - _DAY, timezone.localdate(last))
    absences = _exceptions(counselor_id, *days).filter(kind=ExceptionKind.OFF)
    off = [
        span_of(absence.date, absence.start_time, absence.end_time)
        if absence.start_time is not None
        else (day_start(absence.date), day_end(absence.date))
        for absence in absences
    ]
    return off + leave_spans(counselor_id, first, last)


def leave_spans(counselor_id: int, first: datetime, last: datetime) -> list[Span]:
    """Leave that was approved, between `first` and `last`."""
    leave = LeaveRequest.objects.running(counselor_id).filter(kind=LeaveKind.LEAVE)
    return list(leave.within(first, last).values_list("start_at", "end_at"))


def weekday_of(day: date, holidays: dict[date, Holiday]) -> int | None:
    """The weekday whose templates `day` has; None on a holiday."""
    holiday = holidays.get(day)
    if holiday is None:
        return day.weekday()
    if holiday.kind == HolidayKind.OFF:
        return None
    return day.weekday() if holiday.works_as is None else holiday.works_as


def span_of(day: date, start: time, end: time) -> Span:
    """From `start` on `day` to `end`, which is on the next day when it is not after `start`."""
    midnight = day_start(day)
    finish = midnight + _since_midnight(end)
    return midnight + _since_midnight(start), finish if end > start else finish + _DAY


def _exceptions(counselor_id: int, first: date, last: date):
    return ScheduleException.objects.filter(
        counselor_id=counselor_id, is_active=True, date__range=(first, last)
    )


def _holidays(counselor_id: int, first: date, last: date) -> dict[date, Holiday]:
    if Counselor.objects.filter(pk=counselor_id, works_on_holidays=True).exists():
        return {}
    return {holiday.date: holiday for holiday in Holiday.objects.filter(date__range=(first, last))}


def _in_force(template: WeeklyTemplate, day: date, weekday: int | None) -> bool:
    if (
        template.weekday != weekday
        or (template.valid_from is not None and day < template.valid_from)
        or (template.valid_until is not None and template.valid_until < day)
    ):
        return False
    if template.every_weeks == 1:
        return True
    return (monday_of(day) - monday_of(template.anchor_date)).days // 7 % template.every_weeks == 0


def cut_into_slots(hours: Hours, day: date, **source: int) -> Iterator[Stretch]:
    """What an interval yields on `day`: slots of its length with its breaks between."""
    start, last = span_of(day, hours.start_time, hours.end_time)
    length, pause = timedelta(minutes=hours.slot_minutes), timedelta(minutes=hours.break_minutes)
    while start + length <= last:
        yield Stretch(start, start + length, pause, **source)
        start += length + pause


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second)


def _in_order(stretches: Iterable[Stretch]) -> list[Stretch]:
    return sorted(stretches, key=lambda stretch: (stretch.start, stretch.end))
