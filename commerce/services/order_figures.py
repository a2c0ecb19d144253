"""Figures of orders: kept for closed days, counted for today and for days that were reopened.

What is kept equals what counting again would give, to the fen (invariants M-13).  A refund stands
on the day its money went back, so a sale of a closed day changes no more; whoever writes something
that belongs to a closed day calls reopen_day() in the same transaction.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    F,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from commerce.models import EVERYBODY, PLATFORM, Flow, Order, OrderDay, OrderFigure, Refund
from config.days import business_day, day_of, day_start
from config.db import transact
from config.measures import DAY, days_between

FEN = Decimal("0.01")
# By what figures are told apart, besides the day; all but the merchant stand in a series.
PARTS = ("flow", "kind", "method", "reason")
_COLUMNS = ("day", "merchant_id", *PARTS)


@dataclass(frozen=True)
class Choice:
    """Which orders are asked about.

    merchants: theirs alone, PLATFORM for its own; None: everybody's.  only: a condition on
    orders; what it chooses is never kept, so all of it is counted.
    """

    merchants: Sequence[int] | None = None
    kind: str = ""
    only: Q | None = None

    def kept(self, by: Sequence[str]) -> QuerySet[OrderFigure]:
        rows = OrderFigure.objects.filter(**self._named("merchant_id"))
        if self.merchants is not None:
            return rows
        if "merchant_id" in by:
            return rows.exclude(merchant_id=EVERYBODY)
        return rows.filter(merchant_id=EVERYBODY)

    def orders(self) -> QuerySet[Order]:
        rows = Order.objects.sold().filter(self.only or Q())
        return rows.alias(seller=_SELLER).filter(**self._named("seller"))

    def refunds(self) -> QuerySet[Refund]:
        rows = Refund.objects.gone_back().alias(seller=_seller("order__"))
        if self.only is not None:
            rows = rows.filter(order__in=Order.objects.filter(self.only).order_by().values("pk"))
        return rows.filter(**self._named("seller", "order__"))

    def _named(self, seller: str, path: str = "") -> dict:
        named: dict = {f"{path}kind": self.kind} if self.kind else {}
        if self.merchants is not None:
            named[f"{seller}__in"] = self.merchants
        return named


def _seller(path: str = "") -> Coalesce:
    return Coalesce(F(f"{path}merchant_id"), Value(PLATFORM))


_SELLER = _seller()
EVERYTHING = Choice()


@dataclass
class Cell:
    """What one flow came to: how many times, and yuan."""

    number: int = 0
    amount: Decimal = field(default_factory=lambda: Decimal("0.00"))

    def add(self, number: int, amount: Decimal) -> None:
        self.number += number
        self.amount += amount


Figures = list[tuple[dict, Cell]]


def figures(
    first: date, last: date, *, by: Sequence[str] = ("day", *PARTS), choice: Choice = EVERYTHING
) -> Figures:
    """What happened from `first` to `last`, told apart by those columns of OrderFigure."""
    found: dict[tuple, Cell] = {}
    kept = _kept_days(first, last) if choice.only is None else set()
    if kept:
        rows = choice.kept(by).filter(day__gte=first, day__lte=last)
        if len(kept) < (last - first).days + 1:
            rows = rows.filter(day__in=kept)
        _take_in(
            found, rows.order_by().values(*by).annotate(n=Sum("number"), sum=Sum("amount")), by
        )
    for start, end in _spans(day for day in days_between(first, last) if day not in kept):
        for rows in _live(start, end, choice):
            _take_in(found, rows, by)
    return [(dict(zip(by, key, strict=True)), cell) for key, cell in found.items()]


def _take_in(found: dict[tuple, Cell], rows: Iterable[dict], by: Sequence[str]) -> None:
    for row in rows:
        cell = found.setdefault(tuple(row[name] for name in by), Cell())
        cell.add(row["n"], _fen(row["sum"]))


def _fen(total: Decimal | None) -> Decimal:
    """Whole fen: SQLite adds up in floats."""
    return round(Decimal(total or 0), 2)


def _live(first: date, last: date, choice: Choice) -> Iterator[list[dict]]:
    """Sales and what went back, counted from the rows by every column; one statement each."""
    yield _counted(
        choice.orders(), "paid_at", first, last, Sum("total_amount"), flow=_text(Flow.SALE),
        merchant_id=_SELLER, kind=F("kind"), method=F("method"), reason=_text(""),
    )  # fmt: skip
    of_sale = When(payment=F("order__paid_by"), then=_text(Flow.REFUND))
    yield _counted(
        choice.refunds(), "succeeded_at", first, last, Sum("amount"),
        flow=Case(of_sale, default=_text(Flow.RETURNED)),
        merchant_id=_seller("order__"), kind=F("order__kind"), method=F("payment__method"),
        reason=F("reason_code"),
    )  # fmt: skip


def _counted(
    rows: QuerySet, moment: str, first: date, last: date, total: Sum, **columns
) -> list[dict]:
    """Of one day there is no day to compute per row."""
    within = {f"{moment}__gte": day_start(first), f"{moment}__lt": day_start(last + DAY)}
    day = Value(first, DateField()) if first == last else day_of(moment)
    keys = {f"_{name}": column for name, column in {"day": day, **columns}.items()}
    found = rows.filter(**within).order_by().values(**keys).annotate(n=Count("pk"), sum=total)
    return [{name.removeprefix("_"): value for name, value in row.items()} for row in found]


def _text(value: str) -> Value:
    return Value(str(value), CharField())


def _spans(days: Iterable[date]) -> Iterator[tuple[date, date]]:
    """Days on end as (first, last)."""
    start = end = None
    for day in days:
        if end is not None and day == end + DAY:
            end = day
            continue
        if start is not None:
            yield start, end
        start = end = day
    if start is not None:
        yield start, end


# -- keeping


def refresh_figures(*, now: datetime) -> int:
    """Count every closed day that is not kept; how many.  A second call does nothing."""
    began = Order.objects.aggregate(first=Min("paid_at"))["first"]
    if began is None:
        return 0
    first, yesterday = business_day(began), business_day(now) - DAY
    kept = _kept_days(first, yesterday)
    missing = [day for day in days_between(first, yesterday) if day not in kept]
    for day in missing:
        keep_day(day)
    return len(missing)


def keep_day(day: date) -> None:
    """Count a closed day and keep what it came to; again, it is the same."""
    if not OrderDay.objects.filter(pk=day).exists():
        OrderDay.objects.bulk_create([OrderDay(day=day)], ignore_conflicts=True)
    _keep_day(day)


@transact
def _keep_day(day: date) -> None:
    OrderDay.objects.locked().get(pk=day)
    OrderFigure.objects.filter(day=day).delete()
    found: dict[tuple, Cell] = {}
    for rows in _live(day, day, EVERYTHING):
        _take_in(found, rows, _COLUMNS)
        _take_in(found, ({**row, "merchant_id": EVERYBODY} for row in rows), _COLUMNS)
    OrderFigure.objects.bulk_create(
        OrderFigure(number=cell.number, amount=cell.amount, **dict(zip(_COLUMNS, key, strict=True)))
        for key, cell in found.items()
    )
    OrderDay.objects.filter(pk=day).update(kept=True)


def reopen_day(moment: datetime, *, now: datetime) -> None:
    """Something of that moment's day was written: have the day counted again if it is closed.

    Call it in the transaction that writes; it waits for a count of the day that is under way.
    """
    day = business_day(moment)
    if day >= business_day(now):
        return
    row = OrderDay.objects.filter(pk=day)
    if not row.update(kept=False):
        OrderDay.objects.bulk_create([OrderDay(day=day)], ignore_conflicts=True)
        row.update(kept=False)


def _kept_days(first: date, last: date) -> set[date]:
    rows = OrderDay.objects.filter(day__gte=first, day__lte=last, kept=True)
    return set(rows.values_list("day", flat=True))
