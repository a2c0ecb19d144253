"""Days of the business, which are those of Asia/Shanghai whatever the database thinks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import ExtractHour, TruncDate

_OFFSET = timedelta(hours=8)  # no summer time since 1991
SHANGHAI = timezone(_OFFSET)


@dataclass(frozen=True)
class Daily:
    """One number per day, oldest first and gapless; the last day is today.

    yesterday_so_far: yesterday's number at this time of day.
    """

    days: Sequence[date]
    values: Sequence[int | Decimal]
    yesterday_so_far: int | Decimal

    @property
    def today(self) -> int | Decimal:
        return self.values[-1]

    @property
    def yesterday(self) -> int | Decimal:
        return self.values[-2]


def business_day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def day_start(day: date) -> datetime:
    """The first moment of that day."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def day_end(day: date) -> datetime:
    """The first moment of the day after."""
    return day_start(day + timedelta(days=1))


def monday_of(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def last_days(now: datetime, count: int) -> list[date]:
    """`count` days, oldest first, ending with the day `now` is in."""
    today = business_day(now)
    return [today - timedelta(days=back) for back in reversed(range(count))]


def by_day(
    queryset: QuerySet,
    moment: str,
    *,
    now: datetime,
    count: int,
    **measures: tuple[type[Aggregate], str],
) -> dict[str, Daily]:
    """What happened on each of the last `count` days, by the DateTimeField `moment`.

    measures: name=(Count, "pk") or name=(Sum, "amount").  One statement for all of them.
    """
    days = last_days(now, count)
    before = Q(**{f"{moment}__lt": now - timedelta(days=1)})
    wanted = {f"_{name}": what(of) for name, (what, of) in measures.items()}
    wanted |= {f"_{name}_so_far": what(of, filter=before) for name, (what, of) in measures.items()}
    rows = (
        queryset.filter(
            **{
                f"{moment}__gte": day_start(days[0]),
                f"{moment}__lt": day_start(days[-1] + timedelta(days=1)),
            }
        )
        .order_by()
        .values(_day=day_of(moment))
        .annotate(**wanted)
    )
    found = {row["_day"]: row for row in rows}
    yesterday = found.get(days[-2], {}) if count > 1 else {}
    return {
        name: Daily(
            days=days,
            values=[found.get(day, {}).get(f"_{name}") or 0 for day in days],
            yesterday_so_far=yesterday.get(f"_{name}_so_far") or 0,
        )
        for name in measures
    }


def by_hour(queryset: QuerySet, moment: str) -> list[int]:
    """24 numbers: rows by the hour of the day in Shanghai.

    Asked in UTC: MariaDB answers NULL unless somebody loaded its time zone tables.
    """
    rows = queryset.order_by().values(_hour=ExtractHour(moment, tzinfo=UTC))
    found = {row["_hour"]: row["_n"] for row in rows.annotate(_n=Count("pk"))}
    behind = _OFFSET // timedelta(hours=1)
    return [found.get((hour - behind) % 24, 0) for hour in range(24)]


def day_of(moment: str) -> TruncDate:
    """The business day of a DateTimeField.

    Adds the hours itself: MariaDB answers NULL unless somebody loaded its time zone tables.
    """
    local = ExpressionWrapper(F(moment) + Value(_OFFSET), output_field=DateTimeField())
    return TruncDate(local, tzinfo=UTC)
