"""Moves of a slot: conditional UPDATEs, so that of two who want it one gets it."""

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


def free_slot(slot_id: int, old: SlotStatus, *, now: datetime) -> bool:
    """Give a slot back: open while it lies ahead, closed once its time has come or for leave.

    The leave is looked for in the slot's own row: what another table says would be of the moment
    before this waited for the row.
    """
    ahead = When(start_at__gt=now, leave=None, then=Value(SlotStatus.OPEN))
    rows = TimeSlot.objects.filter(pk=slot_id, status=old)
    return bool(rows.update(status=Case(ahead, default=Value(SlotStatus.CLOSED)), updated_at=now))
