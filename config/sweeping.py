"""What beat runs: one step with each row that is due, and a failure stops no other."""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from django.db.models import Model, Q, QuerySet

logger = logging.getLogger(__name__)


def each(rows: Iterable, step: Callable[..., int | bool | None], **known) -> int:
    """Call `step(row, **known)` with every row; the sum of what it answered (True is 1).

    A step is a transaction of its own.  One that raises is logged with its row and counts
    nothing; the next sweep meets its row again.
    """
    done = 0
    for row in list(rows):
        try:
            done += int(step(row, **known) or 0)
        except Exception:
            logger.exception("%s failed for %r", step.__name__, row)
    return done


REMIND_DAYS = (30, 7)


def remind_of_end(
    rows: QuerySet,
    column: str,
    step: Callable[[int, int], bool],
    *,
    now: datetime | date,
    limit: int,
) -> int:
    """Call `step(pk, days)` for rows whose `column` comes in 30, or in 7, days; how many it told.

    Who is told of the nearer moment hears no more of the farther one.  The step locks its row and
    asks is_told(); the model has `reminded_days`.
    """
    told = 0
    for days in sorted(REMIND_DAYS):
        unaware = Q(reminded_days=0) | Q(reminded_days__gt=days)
        near = {f"{column}__gte": now, f"{column}__lte": now + timedelta(days=days)}
        due = rows.filter(unaware, **near).order_by(column, "pk").values_list("pk", flat=True)
        told += each(due[:limit], step, days=days)
    return told


def is_told(row: Model, days: int) -> bool:
    return 0 < row.reminded_days <= days
