"""How old a signed link is.

Signatures follow the real clock; so that nobody has to wait for a link's end, a control call makes
all that was signed so far older.
"""

import time
from dataclasses import dataclass


@dataclass
class Mark:
    """Whatever was signed in that second or before is `seconds` older than its own date says."""

    second: int
    seconds: float


class Links:
    def __init__(self, world):
        self._world = world
        self._marks = world.store.table("s3.marks", Mark)

    def age(self, signed_at: float) -> float:
        """Negative for what comes from the future."""
        with self._world.store.lock:
            added = sum(m.seconds for m in self._marks.values() if signed_at <= m.second)
        return self._world.clock.wall() - signed_at + added

    def grow_old(self, seconds: float) -> None:
        """Answers once the second is over: dates have no finer grain to tell later links by."""
        with self._world.store.change():
            mark = Mark(int(self._world.clock.wall()), seconds)
            self._marks[str(len(self._marks) + 1)] = mark
        while (rest := mark.second + 1 - self._world.clock.wall()) > 0:
            time.sleep(rest)
