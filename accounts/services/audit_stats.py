"""Who did what, where and when, out of the operation log; a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from accounts.models import OperationLog, User
from accounts.scope import seen_by
from config.days import Daily, by_day, by_hour, day_start, last_days

TOP = 10


@dataclass(frozen=True)
class Share:
    """What one person, module or operation has of the writes."""

    name: str
    total: int
    failed: int


@dataclass(frozen=True)
class Analysis:
    """hours: 24 numbers, by the hour of the day in Shanghai."""

    days: Daily
    failed_days: Daily
    people: Sequence[Share]
    modules: Sequence[Share]
    operations: Sequence[Share]
    hours: Sequence[int]


def analyse(*, now: datetime, days: int, viewer: User | None = None) -> Analysis:
    """The last `days` days, today included; of the rows that `viewer` reaches."""
    first = day_start(last_days(now, days)[0])
    logs = OperationLog.objects.filter(created_at__gte=first).order_by()
    logs = seen_by(logs, viewer, "accounts.view_operationlog")
    failed = logs.filter(status=OperationLog.Status.FAILED)
    count = {"n": (Count, "pk")}
    return Analysis(
        days=by_day(logs, "created_at", now=now, count=days, **count)["n"],
        failed_days=by_day(failed, "created_at", now=now, count=days, **count)["n"],
        people=_shares(logs.exclude(admin_name=""), "admin_name"),
        modules=_shares(logs, "module"),
        operations=_shares(logs, "operation"),
        hours=by_hour(logs, "created_at"),
    )


def _shares(logs: QuerySet, column: str) -> list[Share]:
    bad = Count("pk", filter=Q(status=OperationLog.Status.FAILED))
    rows = logs.values(column).annotate(total=Count("pk"), failed=bad)
    return [
        Share(row[column], row["total"], row["failed"])
        for row in rows.order_by("-total", column)[:TOP]
    ]
