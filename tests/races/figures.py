"""How large the storms are, and what they came to.

The suite runs them at a tenth; `make races ARGS=--full` (RACES_FULL=1) at the size that the
invariants name.  What was reached is printed at the end of the run.
"""

import os
from collections.abc import Callable

from tests.helpers import together

FULL = os.environ.get("RACES_FULL") == "1"
THREADS = 40  # a connection each; servers allow 100 to 150

reached: list[tuple[str, str]] = []


def size(full: int) -> int:
    return full if FULL else max(full // 10, 1)


def figure(invariant: str, text: str) -> None:
    """One line of the table at the end."""
    reached.append((invariant, text))


def storm(n: int, job: Callable) -> list:
    """job(0..n-1) from THREADS threads at once; what each call returned or raised."""

    def share(thread):
        outcomes = []
        for i in range(thread, n, threads):
            try:
                outcomes.append(job(i))
            except Exception as error:
                outcomes.append(error)
        return outcomes

    threads = min(n, THREADS)
    return [outcome for part in together(threads, share) for outcome in part]
