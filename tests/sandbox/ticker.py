"""The thread that makes virtual time happen: it runs whatever has become due."""

import threading
from typing import Protocol

# The wall clock itself may be moved by a test, so no wait relies on it for longer than this.
LONGEST_WAIT = 0.25
SHORTEST_WAIT = 0.001


class Due(Protocol):
    def tick(self, now: float) -> float | None:
        """Do what is due at virtual time `now`; return when the next thing is due, if any."""


class Ticker:
    """Calls `tick` of its members at the right moments of virtual time."""

    def __init__(self, clock):
        self._clock = clock
        self._members: list[Due] = []
        self._signal = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None

    def add(self, member: Due) -> None:
        self._members.append(member)

    def wake(self) -> None:
        """Something new may be due: look again at once."""
        self._signal.set()

    def start(self) -> None:
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="sandbox-ticker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        self._signal.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopping:
            now = self._clock.now()
            moments = [moment for member in self._members if (moment := member.tick(now))]
            self._signal.wait(self._pause(min(moments)) if moments else None)
            self._signal.clear()

    def _pause(self, moment: float) -> float:
        real = (moment - self._clock.now()) / max(self._clock.scale, 1e-9)
        return min(max(real, SHORTEST_WAIT), LONGEST_WAIT)
