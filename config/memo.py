"""A value every process may keep for a moment, so that reading live settings costs nothing."""

import functools
import time
from dataclasses import dataclass


@dataclass
class Hits:
    """Of one namespace in this process, since it started.  Threads may lose one now and then."""

    hits: int = 0
    misses: int = 0


def memo(seconds: float):
    """Keep a function's result per arguments for `seconds`; .clear() forgets at once.

    Only for data where `seconds` of staleness is allowed; at most 10,000 results are kept.
    """

    def decorate(func):
        kept: dict = {}
        counted = Hits()

        @functools.wraps(func)
        def wrapper(*args):
            now = time.monotonic()
            hit = kept.get(args)
            if hit is not None and hit[0] > now:
                counted.hits += 1
                return hit[1]
            counted.misses += 1
            value = func(*args)
            if len(kept) >= 10_000:
                kept.clear()
            kept[args] = (now + seconds, value)
            return value

        wrapper.clear = kept.clear
        wrapper.forget = lambda *args: kept.pop(args, None)
        wrapper.counted = counted
        wrapper.size = kept.__len__
        return wrapper

    return decorate
