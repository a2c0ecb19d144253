"""What beat runs: one step with each row that is due, and a failure stops no other."""

import logging
from collections.abc import Callable, Iterable

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
