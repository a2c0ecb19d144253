"""How often counselors' pages are looked at: counted in the process, written now and then.

No look costs a write.  What a process counted since it last wrote is lost with it; half a minute
of looks at most.
"""

import time
from collections import Counter
from datetime import datetime
from threading import Lock

from django.db import IntegrityError, transaction
from django.db.models import F

from config.days import business_day
from counseling.models import CounselorVisits

WRITE_SECONDS = 30

_lock = Lock()
_seen: Counter = Counter()
_next = 0.0


def count_visit(counselor_id: int, *, now: datetime) -> None:
    key = business_day(now), counselor_id
    with _lock:
        _seen[key] += 1


def write_visits() -> int:
    """Part of the pulse: write what was counted, when it is time to; how many looks."""
    global _next
    if time.monotonic() < _next:
        return 0
    _next = time.monotonic() + WRITE_SECONDS
    return write_all()


def write_all() -> int:
    """What fails is counted again with the next."""
    with _lock:
        taken = Counter(_seen)
        _seen.clear()
    written = 0
    try:
        for (day, counselor_id), number in sorted(taken.items()):
            _add(day, counselor_id, number)
            written += taken.pop((day, counselor_id))
    finally:
        with _lock:
            _seen.update(taken)
    return written


def _add(day, counselor_id: int, number: int) -> None:
    row = CounselorVisits.objects.filter(day=day, counselor_id=counselor_id)
    if row.update(number=F("number") + number):
        return
    try:
        with transaction.atomic():
            row.create(day=day, counselor_id=counselor_id, number=number)
    except IntegrityError:  # another process was first
        row.update(number=F("number") + number)
