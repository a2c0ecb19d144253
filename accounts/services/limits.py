"""How often something may happen, exactly: counted in tables under a lock, never in the cache."""

import ipaddress
import math
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.errors import TooManyCodes
from accounts.models import RateCounter
from config.db import transact
from config.errors import Busy, DomainError

KEEP = timedelta(days=2)


class Window(NamedTuple):
    """At most `limit` in any `seconds` on end."""

    seconds: int
    limit: int


def make_counters(keys: list[str]) -> None:
    """Have a row per key.

    Each in a transaction of its own, before the one that locks them: an insert that finds its
    row there already waits for it, and holding another one meanwhile it would deadlock.
    """
    known = set(RateCounter.objects.filter(key__in=keys).values_list("key", flat=True))
    for key in keys:
        if key not in known:
            _make_counter(key)


@transact
def _make_counter(key: str) -> None:
    row = RateCounter(key=key, expires_at=timezone.now() + KEEP)
    RateCounter.objects.bulk_create([row], ignore_conflicts=True)


def lock(key: str) -> None:
    """Hold `key` until the transaction ends: whoever counts for it waits."""
    held = RateCounter.objects.filter(key=key).update(expires_at=timezone.now() + KEEP)
    if not held:  # purged this very moment
        raise Busy


def check_windows(
    events: QuerySet,
    windows: list[Window],
    *,
    now: datetime,
    refusal: type[DomainError] = TooManyCodes,
) -> None:
    """Raise `refusal`, with the seconds to wait as retry_after, when one of the windows is full.

    events: the rows that count, by created_at.  The caller holds the lock.
    """
    longest = max(window.seconds for window in windows)
    since = now - timedelta(seconds=longest)
    latest = events.filter(created_at__gt=since).order_by("-created_at")
    times = list(latest.values_list("created_at", flat=True)[: max(w.limit for w in windows)])
    waits = [_wait(times, window, now) for window in windows]
    if max(waits) > 0:
        raise refusal(retry_after=max(waits))


def _wait(times: list[datetime], window: Window, now: datetime) -> int:
    """Whole seconds until there is room again; times: newest first."""
    if len(times) < window.limit:
        return 0
    left = window.seconds - (now - times[window.limit - 1]).total_seconds()
    return max(math.ceil(left), 0)


def spend_budget(key: str, limit: int) -> bool:
    """Take one of `limit`; False when all are gone."""
    row = RateCounter.objects.filter(key=key, used__lt=limit)
    return bool(row.update(used=F("used") + 1))


def restore_budget(key: str) -> None:
    """Give back one that was taken."""
    RateCounter.objects.filter(key=key, used__gt=0).update(used=F("used") - 1)


def network_of(address: str | None) -> str:
    """What one household or office shares: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if ip.version == 4:
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))
