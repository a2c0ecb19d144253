"""Many slots of one counselor at once: made, moved, closed, reopened, with a report of clashes.

A batch is done whole or not at all (SlotConflicts), or as far as it goes when `partly`; a
`dry_run` says what would come of it and writes nothing.  The counselor's lock keeps batches, rules
and single slots apart; the database's own rule stands behind it (S-2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from config.db import transact
from counseling.errors import SlotConflicts, SlotOverlap
from counseling.models import SlotStatus, TimeSlot
from counseling.services.schedule import lock_counselor
from counseling.services.schedule_rules import Span, leave_spans

LONGEST = timedelta(hours=12)
IN_USE = (SlotStatus.HELD, SlotStatus.BOOKED)


@dataclass(frozen=True)
class Conflict:
    """Why one of a batch cannot be.

    place: which of the batch, from 0.  slot_id: the slot that was to change.  with_slot_id: the
    one that stands in the way; None when it is another of the batch.
    """

    place: int
    reason: str
    slot_id: int | None = None
    with_slot_id: int | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None


@dataclass
class Batch:
    slots: list[TimeSlot] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


@dataclass
class _Move:
    place: int
    slot: TimeSlot
    start: datetime
    end: datetime


@transact
def create_batch(
    counselor_id: int,
    *,
    spans: Sequence[Span],
    partly: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Batch:
    """New free slots; what is not possible and why."""
    now = now or timezone.now()
    lock_counselor(counselor_id)
    standing, leave = _standing(counselor_id, spans), _leave(counselor_id, spans)
    batch = Batch()
    for place, (start, end) in enumerate(spans):
        reason = _wrong_time(start, end, now, leave)
        other = None if reason else _in_the_way(start, end, [*standing, *batch.slots])
        if reason or other:
            batch.conflicts.append(
                Conflict(place, reason or "overlap", None, other and other.pk, start, end)
            )
        else:
            batch.slots.append(TimeSlot(counselor_id=counselor_id, start_at=start, end_at=end))
    if _goes_on(batch, partly, dry_run):
        _insert(batch.slots)
    return batch


@transact
def change_batch(
    counselor_id: int,
    *,
    changes: Sequence[tuple[int, datetime, datetime]],
    partly: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Batch:
    """Other times for slots that nobody has: (slot, start, end).

    A slot that a rule made becomes one made by hand; a closed one stays at its old time, so that
    the rule does not make it again.
    """
    now = now or timezone.now()
    lock_counselor(counselor_id)
    slots = _locked(counselor_id, (slot_id for slot_id, _, _ in changes))
    leave = _leave(counselor_id, [(start, end) for _, start, end in changes])
    batch, moves = Batch(), []
    for place, (slot_id, start, end) in enumerate(changes):
        slot = slots.pop(slot_id, None)  # a slot that is named twice is unknown the second time
        reason = (
            "unknown" if slot is None else (_why_fixed(slot) or _wrong_time(start, end, now, leave))
        )
        if reason:
            batch.conflicts.append(Conflict(place, reason, slot_id, None, start, end))
        else:
            moves.append(_Move(place, slot, start, end))
    moved = {one.slot.pk for one in moves}
    spans = [(one.start, one.end) for one in moves]
    standing = [slot for slot in _standing(counselor_id, spans) if slot.pk not in moved]
    moves = _in_applicable_order(_without_clashes(moves, standing, batch), batch)
    batch.slots = [one.slot for one in moves]
    if _goes_on(batch, partly, dry_run):
        _apply(counselor_id, moves)
    for one in moves:
        one.slot.start_at, one.slot.end_at = one.start, one.end
    return batch


@transact
def set_open_batch(
    counselor_id: int,
    *,
    slot_ids: Sequence[int],
    open: bool,
    actor: User | None = None,
    reason: str = "",
    partly: bool = False,
    dry_run: bool = False,
    now: datetime | None = None,
) -> Batch:
    """Close free slots, or offer closed ones again."""
    now = now or timezone.now()
    slots = _locked(counselor_id, slot_ids)
    wanted = SlotStatus.OPEN if open else SlotStatus.CLOSED
    batch = Batch()
    for place, slot_id in enumerate(slot_ids):
        slot = slots.pop(slot_id, None)
        why = "unknown" if slot is None else _why_fixed(slot)
        if not why and slot.status == wanted:
            why = f"already_{wanted}"
        if not why and open:
            why = "past" if slot.start_at <= now else slot.leave_id and "on_leave"
        if why:
            batch.conflicts.append(Conflict(place, why, slot_id))
        else:
            batch.slots.append(slot)
    if _goes_on(batch, partly, dry_run):
        for slot in batch.slots:
            move(slot, wanted, actor=actor, reason=reason)
    return batch


def _goes_on(batch: Batch, partly: bool, dry_run: bool) -> bool:
    batch.conflicts.sort(key=lambda conflict: conflict.place)
    if batch.conflicts and not partly and not dry_run:
        raise SlotConflicts(conflicts=[vars(conflict) for conflict in batch.conflicts])
    return not dry_run


def _wrong_time(start: datetime, end: datetime, now: datetime, leave: list[Span]) -> str | None:
    if start <= now:
        return "past"
    if not start < end <= start + LONGEST:
        return "times"
    return "on_leave" if any(a < end and start < b for a, b in leave) else None


def _why_fixed(slot: TimeSlot) -> str | None:
    return "in_use" if slot.status in IN_USE else None


def _in_the_way(start: datetime, end: datetime, slots: Iterable[TimeSlot]) -> TimeSlot | None:
    return next((slot for slot in slots if slot.start_at < end and start < slot.end_at), None)


def _standing(counselor_id: int, spans: Sequence[Span]) -> list[TimeSlot]:
    if not spans:
        return []
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return list(
        TimeSlot.objects.filter(counselor_id=counselor_id, start_at__lt=last, end_at__gt=first)
    )


def _leave(counselor_id: int, spans: Sequence[Span]) -> list[Span]:
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    return leave_spans(counselor_id, first, last)


def _locked(counselor_id: int, slot_ids: Iterable[int]) -> dict[int, TimeSlot]:
    rows = TimeSlot.objects.locked().filter(counselor_id=counselor_id, pk__in=list(slot_ids))
    return {slot.pk: slot for slot in rows}


def _insert(slots: list[TimeSlot]) -> None:
    try:
        TimeSlot.objects.bulk_create(slots)
    except IntegrityError:
        raise SlotOverlap(start_at=slots[0].start_at) from None


def _without_clashes(moves: list[_Move], standing: list[TimeSlot], batch: Batch) -> list[_Move]:
    """The moves that end apart from all else; one that cannot be keeps its old place."""
    while True:
        kept: list[_Move] = []
        for one in moves:
            other = _in_the_way(one.start, one.end, standing)
            crowd = any(one.start < k.end and k.start < one.end for k in kept)
            if other or crowd:
                batch.conflicts.append(
                    Conflict(
                        one.place, "overlap", one.slot.pk, other and other.pk, one.start, one.end
                    )
                )
                standing = [*standing, one.slot]
                break
            kept.append(one)
        else:
            return kept
        moves = [another for another in moves if another is not one]


def _in_applicable_order(moves: list[_Move], batch: Batch) -> list[_Move]:
    """Each goes where nothing lies any more; those that would have to pass each other cannot."""
    ordered, waiting = [], list(moves)
    while waiting:
        free = next(
            (
                one
                for one in waiting
                if not _in_the_way(one.start, one.end, [w.slot for w in waiting if w is not one])
            ),
            None,
        )
        if free is None:
            batch.conflicts += [
                Conflict(one.place, "crossing", one.slot.pk, None, one.start, one.end)
                for one in waiting
            ]
            break
        waiting.remove(free)
        ordered.append(free)
    return ordered


def _apply(counselor_id: int, moves: list[_Move]) -> None:
    for one in moves:
        try:
            TimeSlot.objects.filter(pk=one.slot.pk).update(
                start_at=one.start, end_at=one.end, template=None, exception=None,
                updated_at=timezone.now(),
            )  # fmt: skip
        except IntegrityError:
            raise SlotOverlap(start_at=one.start) from None
    left = [one.slot for one in moves if one.slot.template_id or one.slot.exception_id]
    standing = _standing(counselor_id, [(slot.start_at, slot.end_at) for slot in left])
    TimeSlot.objects.bulk_create(
        TimeSlot(
            counselor_id=counselor_id, start_at=slot.start_at, end_at=slot.end_at,
            template_id=slot.template_id, exception_id=slot.exception_id,
            status=SlotStatus.CLOSED,
        )
        for slot in left
        if not _in_the_way(slot.start_at, slot.end_at, standing)
    )  # fmt: skip
