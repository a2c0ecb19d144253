"""How often one number may be written to, on the virtual clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

DAY = 86400


class Window(NamedTuple):
    """At most `permits` messages in any span of that many seconds."""

    unit: str
    seconds: int
    permits: int


# By provider and kind of template. Tencent's own name for its shortest window is thirty seconds.
WINDOWS = {
    ("aliyun", "code"): (
        Window("minute", 60, 1),
        Window("hour", 3600, 5),
        Window("day", DAY, 10),
    ),
    ("aliyun", "notice"): (Window("day", DAY, 50),),
    ("tencent", "code"): (
        Window("minute", 30, 1),
        Window("hour", 3600, 5),
        Window("day", DAY, 10),
    ),
    ("tencent", "notice"): (Window("day", DAY, 50),),
}


@dataclass
class Sent:
    """When a number was written to under one signature, oldest first."""

    times: list[float] = field(default_factory=list)


class Limits:
    """Rolling windows per provider, kind, signature and number. Call under the store's lock."""

    def __init__(self, world):
        self._clock = world.clock
        self._rows = world.store.table("sms.sent", Sent)

    def full(self, provider: str, kind: str, sign: str, phone: str) -> Window | None:
        """The shortest window that allows no further message."""
        sent = self._rows.get(_key(provider, kind, sign, phone))
        if sent is None:
            return None
        now = self._clock.now()
        return next((w for w in WINDOWS[provider, kind] if _is_full(w, sent.times, now)), None)

    def count(self, provider: str, kind: str, sign: str, phone: str) -> None:
        now = self._clock.now()
        sent = self._rows.setdefault(_key(provider, kind, sign, phone), Sent())
        sent.times = [*(time for time in sent.times if 0 <= now - time < DAY), now]


def _is_full(window: Window, times: Sequence[float], now: float) -> bool:
    return sum(0 <= now - time < window.seconds for time in times) >= window.permits


def _key(*parts: str) -> str:
    return " ".join(parts)
