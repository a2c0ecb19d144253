"""A counselor's week as staff read it: slots by their state, and why a day is short of them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from config.days import day_end, day_start
from counseling.models import (
    Appointment,
    Holiday,
    ScheduleException,
    SlotStatus,
    TimeSlot,
)
from counseling.services.schedule_rules import leave_spans

_MINUTE = timedelta(minutes=1)
EARLIEST, LATEST = 8 * 60, 20 * 60  # minutes of the day that are always shown


@dataclass(frozen=True)
class Block:
    """A slot, or the part of it that lies on one day; minutes since midnight."""

    slot_id: int
    appointment_id: int | None
    status: str
    start_at: datetime
    end_at: datetime
    first: int
    last: int

    @property
    def label(self) -> str:
        return SlotStatus(self.status).label


@dataclass
class Day:
    date: date
    notes: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)


@dataclass(frozen=True)
class Week:
    """first, last: the minutes of the day that all blocks lie between, whole hours."""

    days: list[Day]
    minutes: dict[str, int]
    first: int
    last: int

    @property
    def hours(self) -> range:
        return range(self.first // 60, self.last // 60)


def week_of(counselor_id: int, monday: date) -> Week:
    """Monday to Sunday, Asia/Shanghai; four statements.  No client is named."""
    start, end = day_start(monday), day_start(monday + timedelta(days=7))
    days = {day: Day(day) for day in (monday + timedelta(days=n) for n in range(7))}
    minutes: dict[str, int] = dict.fromkeys(SlotStatus.values, 0)
    live = Appointment.objects.filter(live_slot=OuterRef("pk")).values("pk")[:1]
    slots = TimeSlot.objects.filter(
        counselor_id=counselor_id, start_at__lt=end, end_at__gt=start,
        start_at__gt=start - timedelta(days=1),
    ).annotate(appointment_id=Subquery(live))  # fmt: skip
    for slot in slots.order_by("start_at"):
        minutes[slot.status] += (slot.end_at - slot.start_at) // _MINUTE
        for day, block in _parts(slot):
            if day in days:
                days[day].blocks.append(block)
    for day, notes in _notes(counselor_id, monday).items():
        days[day].notes += notes
    shown = [block for day in days.values() for block in day.blocks]
    first = min([EARLIEST, *(block.first for block in shown)]) // 60 * 60
    last = -(-max([LATEST, *(block.last for block in shown)]) // 60) * 60
    return Week(list(days.values()), minutes, first, last)


def _parts(slot: TimeSlot) -> Iterator[tuple[date, Block]]:
    """A slot across midnight has a part on each of its days."""
    day = timezone.localdate(slot.start_at)
    start = slot.start_at
    while start < slot.end_at:
        midnight = day_start(day)
        end = min(slot.end_at, day_end(day))
        yield day, Block(
            slot.pk, slot.appointment_id, slot.status, slot.start_at, slot.end_at,
            (start - midnight) // _MINUTE, (end - midnight) // _MINUTE,
        )  # fmt: skip
        start, day = end, day + timedelta(days=1)


def _notes(counselor_id: int, monday: date) -> dict[date, list[str]]:
    """Why a day is not as others are: holidays, exceptions, leave."""
    sunday = monday + timedelta(days=6)
    found: dict[date, list[str]] = defaultdict(list)
    for holiday in Holiday.objects.filter(date__range=(monday, sunday)):
        found[holiday.date].append(f"{holiday.name}（{holiday.get_kind_display()}）")
    exceptions = ScheduleException.objects.filter(
        counselor_id=counselor_id, is_active=True, date__range=(monday, sunday)
    )
    for rule in exceptions:
        hours = f" {rule.start_time:%H:%M}–{rule.end_time:%H:%M}" if rule.start_time else ""
        found[rule.date].append(f"{rule.get_kind_display()}{hours}")
    leave = leave_spans(counselor_id, day_start(monday), day_end(sunday))
    for day in (monday + timedelta(days=n) for n in range(7)):
        if any(start < day_end(day) and day_start(day) < end for start, end in leave):
            found[day].append("休假")
    return found
