"""A batch by hours and weekdays instead of single slots."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from accounts.models import User
from config.errors import NotFound
from counseling.models import SlotStatus, TimeSlot
from counseling.services.schedule_rules import Span, cut_into_slots, span_of
from counseling.services.slot_batches import Batch, create_batch, set_open_batch

LONGEST_DAYS = 92


@dataclass(frozen=True)
class Pattern:
    """Hours on some weekdays from `first` to `last`, both included."""

    first: date
    last: date
    weekdays: frozenset[int]
    start_time: time
    end_time: time
    slot_minutes: int = 50
    break_minutes: int = 10

    def days(self) -> Iterator[date]:
        for n in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=n)
            if day.weekday() in self.weekdays:
                yield day

    def windows(self) -> list[Span]:
        return [span_of(day, self.start_time, self.end_time) for day in self.days()]


def run_pattern(
    counselor_id: int,
    pattern: Pattern,
    *,
    what: str,
    actor: User | None,
    partly: bool,
    dry_run: bool,
    now: datetime | None = None,
) -> Batch:
    """what: add slots in those hours, or close or reopen those that lie in them."""
    how = {"partly": partly, "dry_run": dry_run, "now": now or timezone.now()}
    if what == "add":
        made = [one for day in pattern.days() for one in cut_into_slots(pattern, day)]
        spans = [(one.start, one.end) for one in made]
        if not spans:
            raise NotFound
        return create_batch(counselor_id, spans=spans, **how)
    wanted = SlotStatus.OPEN if what == "reopen" else SlotStatus.CLOSED
    ids = _inside(counselor_id, pattern.windows(), besides=wanted)
    return set_open_batch(
        counselor_id, slot_ids=ids, open=wanted == SlotStatus.OPEN, actor=actor, **how
    )


def _inside(counselor_id: int, windows: list[Span], *, besides: str) -> list[int]:
    if not windows:
        return []
    slots = TimeSlot.objects.filter(
        counselor_id=counselor_id, start_at__gte=windows[0][0], end_at__lte=windows[-1][1]
    ).exclude(status=besides)
    return [
        pk for pk, start, end in slots.order_by("start_at").values_list("pk", "start_at", "end_at")
        if any(a <= start and end <= b for a, b in windows)
    ]  # fmt: skip
