"""The virtual clock: business time of the simulated world.

Two times live side by side. Expiry, retries and token ages follow the virtual clock, which a
test may push forward. Signature timestamps follow the wall clock, because the back end under test
signs and checks with its own real clock and must stay able to talk to us after a jump.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


@dataclass
class ClockState:
    """`virtual` was the business time when the wall clock showed `wall`."""

    virtual: float
    wall: float
    scale: float = 1.0


class VirtualClock:
    """Wall time that can be advanced and sped up, and calls `changed` when that happens."""

    def __init__(self, store):
        self._store = store
        self._rows = store.table("clock", ClockState)
        self.changed: Callable[[], None] = lambda: None

    def wall(self) -> float:
        return time.time()

    def now(self) -> float:
        state = self._rows.get("main")
        wall = self.wall()
        return wall if state is None else state.virtual + (wall - state.wall) * state.scale

    @property
    def scale(self) -> float:
        state = self._rows.get("main")
        return state.scale if state else 1.0

    def advance(self, seconds: float) -> None:
        self._set(self.now() + seconds, self.scale)

    def set_scale(self, scale: float) -> None:
        """Make virtual seconds pass `scale` times as fast as real ones."""
        self._set(self.now(), scale)

    def reset(self) -> None:
        with self._store.change():
            self._rows.clear()
        self.changed()

    def describe(self) -> dict:
        now = self.now()
        return {
            "now": now,
            "text": rfc3339(now),
            "offset_seconds": round(now - self.wall(), 3),
            "scale": self.scale,
        }

    def _set(self, virtual: float, scale: float) -> None:
        with self._store.change():
            self._rows["main"] = ClockState(virtual, self.wall(), scale)
        self.changed()


def rfc3339(moment: float) -> str:
    """The form WeChat Pay prints: China time, whole seconds."""
    return datetime.fromtimestamp(int(moment), CHINA).isoformat()


def parse_rfc3339(text: str) -> float:
    """Seconds since the epoch; raises ValueError for a text without date, time and offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or "T" not in text:
        raise ValueError(text)
    return moment.astimezone(UTC).timestamp()


def beijing(moment: float) -> str:
    """The form Alipay prints."""
    return f"{datetime.fromtimestamp(int(moment), CHINA):%Y-%m-%d %H:%M:%S}"


def read_beijing(text: str) -> float | None:
    """Seconds since the epoch; None for anything but `yyyy-MM-dd HH:mm:ss`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA).timestamp()
    except ValueError:
        return None
