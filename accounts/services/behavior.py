"""What one person did in the last DAYS days, day by day, as far as its reader may see.

A statement for the logins and one per section that has a `moment`, however much there is.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, QuerySet

from accounts.models import LoginLog, User
from accounts.scope import scoped
from accounts.services.people import sections_for
from config.days import day_of, day_start, last_days

DAYS = 90
MOST_DEVICES = 10
_LOGINS = "accounts.view_loginlog"


@dataclass(frozen=True)
class Series:
    """values: how many on each of the days, oldest first."""

    key: str
    title: str
    values: list[int]


@dataclass(frozen=True)
class Behavior:
    """logins_by_method, logins_by_device: most first; devices by their name, else their platform,
    "" for neither."""

    days: list[date]
    series: list[Series]
    logins_by_method: dict[str, int]
    logins_by_device: dict[str, int]


def behavior_of(user: User, *, viewer: User, now: datetime) -> Behavior:
    days = last_days(now, DAYS)
    logins = _logins(user, viewer, days) if viewer.has_perm(_LOGINS) else None
    series = [] if logins is None else [Series("logins", "登录", _each_day(logins, "day", days))]
    for section in sections_for(viewer):
        if section.moment:
            rows = _by_day(section.seen(user, viewer), section.moment, days)
            series.append(Series(section.key, section.title, _each_day(rows, "day", days)))
    return Behavior(
        days=days,
        series=series,
        logins_by_method=_most(logins or [], "method"),
        logins_by_device=dict(list(_most(logins or [], "device").items())[:MOST_DEVICES]),
    )


def _logins(user: User, viewer: User, days: list[date]) -> list[dict]:
    """How many by day, way in and device."""
    rows = scoped(LoginLog.objects.filter(user=user, succeeded=True), viewer, _LOGINS)
    found = _by_day(rows, "created_at", days, "method", "device_name", "platform")
    return [row | {"device": row["device_name"] or row["platform"]} for row in found]


def _by_day(rows: QuerySet, moment: str, days: list[date], *parts: str) -> list[dict]:
    rows = rows.filter(**{f"{moment}__gte": day_start(days[0])}).order_by()
    return list(rows.values(*parts, day=day_of(moment)).annotate(number=Count("pk")))


def _sums(rows: list[dict], name: str) -> Counter:
    found: Counter = Counter()
    for row in rows:
        found[row[name]] += row["number"]
    return found


def _each_day(rows: list[dict], name: str, days: list[date]) -> list[int]:
    found = _sums(rows, name)
    return [found[day] for day in days]


def _most(rows: list[dict], name: str) -> dict[str, int]:
    return dict(sorted(_sums(rows, name).items(), key=lambda part: (-part[1], part[0])))
