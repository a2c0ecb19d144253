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
    Aggregate,
    Case,
    CharField,
    Count,
    DateField,
    Expression,
    F,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Round

from commerce.models import EVERYBODY, PLATFORM, Flow, Order, OrderDay, OrderFigure, Refund
from config.days import business_day, day_of, day_start
from config.db import transact
from config.measures import DAY, days_between
from config.prepared import Prepared, PreparedCopy, PreparedUpdate

FEN = Decimal("0.01")
# By what figures are told apart, besides the day; all but the merchant stand in a series.
PARTS = ("flow", "kind", "method", "reason")


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


@dataclass(slots=True)
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
        _take_in(found, _read(rows, by, choice), by)
    for start, end in _spans(day for day in days_between(first, last) if day not in kept):
        known = {"day": start} if start == end else {}
        for rows in _live(start, end, choice):
            _take_in(found, rows, by, **known)
    return [(dict(zip(by, key, strict=True)), cell) for key, cell in found.items()]


def _take_in(found: dict[tuple, Cell], rows: QuerySet, by: Sequence[str], **known) -> None:
    """known: columns that the rows do not have, because all of them are of that."""
    names = [f"_{name}" for name in by if name not in known]
    for *columns, number, amount in rows.values_list(*names, "_number", "_amount"):
        if known:
            told = iter(columns)
            columns = [known[name] if name in known else next(told) for name in by]
        key = tuple(columns)
        if key in found:
            found[key].add(number, _fen(amount))
        else:
            found[key] = Cell(number, _fen(amount))


def _fen(total: Decimal | None) -> Decimal:
    """Whole fen: SQLite adds up in floats."""
    return round(Decimal(total or 0), 2)


def _live(first: date, last: date, choice: Choice) -> Iterator[QuerySet]:
    """Sales and what went back, counted from the rows by every column; one statement each.

    Of one day there is no day to compute per row, and as a constant MariaDB makes it text.
    """
    start, end, several = day_start(first), day_start(last + DAY), first < last
    yield _sales(choice.orders(), start, end, **({"day": day_of("paid_at")} if several else {}))
    yield _returns(
        choice.refunds(), start, end, **({"day": day_of("succeeded_at")} if several else {})
    )


def _sales(orders: QuerySet[Order], start: datetime, end: datetime, **day: Expression) -> QuerySet:
    return _grouped(
        orders.filter(paid_at__gte=start, paid_at__lt=end), Count("pk"), Sum("total_amount"),
        **day, flow=_text(Flow.SALE), merchant_id=_SELLER,
        kind=F("kind"), method=F("method"), reason=_text(""),
    )  # fmt: skip


def _returns(
    refunds: QuerySet[Refund], start: datetime, end: datetime, **day: Expression
) -> QuerySet:
    of_sale = When(payment=F("order__paid_by"), then=_text(Flow.REFUND))
    return _grouped(
        refunds.filter(succeeded_at__gte=start, succeeded_at__lt=end), Count("pk"), Sum("amount"),
        **day, flow=Case(of_sale, default=_text(Flow.RETURNED)),
        merchant_id=_seller("order__"), kind=F("order__kind"), method=F("payment__method"),
        reason=F("reason_code"),
    )  # fmt: skip


def _read(rows: QuerySet[OrderFigure], by: Sequence[str], choice: Choice) -> QuerySet:
    """What is kept, added up where rows fall together; a key told whole has one row."""
    told = {*by, "kind"} if choice.kind else set(by)
    if choice.merchants is None or len(choice.merchants) == 1:
        told.add("merchant_id")  # one, or EVERYBODY
    columns = {name: F(name) for name in by}
    if told.issuperset(("merchant_id", "day", *PARTS)):
        return _renamed(rows, **columns, number=F("number"), amount=F("amount"))
    return _added_up(rows, **columns)


def _added_up(rows: QuerySet[OrderFigure], **columns) -> QuerySet:
    return _grouped(rows, Sum("number"), Sum("amount"), **columns)


def _grouped(rows: QuerySet, number: Aggregate, amount: Aggregate, **columns) -> QuerySet:
    return _renamed(rows, **columns).annotate(_number=number, _amount=Round(amount, 2))


def _renamed(rows: QuerySet, **columns) -> QuerySet:
    """{"_<column>": …}: their own names belong to the rows' fields."""
    return rows.order_by().values(**{f"_{name}": column for name, column in columns.items()})


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
    if not _keep_day(day):
        OrderDay.objects.bulk_create([OrderDay(day=day)], ignore_conflicts=True)
        _keep_day(day)


@transact
def _keep_day(day: date) -> bool:
    """False: there is no row to take turns by."""
    if not _locked_day(day=day):
        return False
    OrderFigure.objects.filter(day=day).delete()
    start, end = day_start(day), day_start(day + DAY)
    _keep_sales(day=day, start=start, end=end)
    _keep_returns(day=day, start=start, end=end)
    _keep_sums(day=day)
    _set_kept(day=day)
    return True


_locked_day = Prepared(lambda day: OrderDay.objects.filter(pk=day).locked().values("day"))
_set_kept = PreparedUpdate(lambda day: (OrderDay.objects.filter(pk=day), {"kept": True}))


def _day(day: date) -> Value:
    return Value(day, DateField())


# The database counts and keeps in one statement each; everybody's figures are sums of those.
_keep_sales = PreparedCopy(
    lambda day, start, end: (OrderFigure, _sales(EVERYTHING.orders(), start, end, day=_day(day)))
)
_keep_returns = PreparedCopy(
    lambda day, start, end: (OrderFigure, _returns(EVERYTHING.refunds(), start, end, day=_day(day)))
)
_keep_sums = PreparedCopy(
    lambda day: (
        OrderFigure,
        _added_up(
            OrderFigure.objects.filter(day=day),
            day=_day(day),
            merchant_id=Value(EVERYBODY),
            **{name: F(name) for name in PARTS},
        ),
    )
)


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
    return {row["day"] for row in _kept(first=first, last=last)}


_kept = Prepared(
    lambda first, last: OrderDay.objects.filter(day__gte=first, day__lte=last, kept=True).values(
        "day"
    )
)
