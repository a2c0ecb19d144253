"""Moves of a slot: conditional UPDATEs, so that of two who want it one gets it."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Case, Value, When
from django.utils import timezone

from config.prepared import PreparedUpdate
from counseling.models import SlotStatus, TimeSlot


def move_slot(slot_id: int, old: SlotStatus, new: SlotStatus) -> bool:
    """Move a slot if it is still `old`; whether it was."""
    TimeSlot.TRANSITIONS.check(old, new)
    return bool(_move(slot=slot_id, old=str(old), new=str(new), now=timezone.now()))


_move = PreparedUpdate(
    lambda slot, old, new, now: (
        TimeSlot.objects.filter(pk=slot, status=old),
        {"status": new, "updated_at": now},
    )
)


def free_slots(slot_ids: Sequence[int], old: SlotStatus, *, now: datetime) -> int:
    """Give slots back: open while they lie ahead, closed once their time has come or for leave.

    The leave is looked for in the slot's own row: what another table says would be of the moment
    before this waited for the row.  How many were still `old`.
    """
    ahead = When(start_at__gt=now, leave=None, then=Value(SlotStatus.OPEN))
    if len(slot_ids) > 1:
        list(TimeSlot.objects.locked().filter(pk__in=slot_ids).values_list("pk"))
    rows = TimeSlot.objects.filter(pk__in=slot_ids, status=old)
    return rows.update(status=Case(ahead, default=Value(SlotStatus.CLOSED)), updated_at=now)
