"""What is reported is the sum of the rows, to the fen (invariants M-13)."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from commerce.models import PLATFORM, Merchant, Order
from commerce.services.order_figures import figures, refresh_figures
from commerce.services.order_stats import OrderStats, Part, Totals, order_stats
from commerce.services.stat_tables import rows_of
from config.measures import DAY, bucket_of
from tests.commerce.order_rows import NAMES, Row, fen, fill, moved, sums
from tests.races.figures import FULL

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # 11:00 in Shanghai
TODAY = date(2026, 11, 20)
ORDERS, DAYS = (50_000, 365) if FULL else (2500, 30)
FIRST = TODAY - (DAYS - 1) * DAY
NOTHING = (0, 0)


@pytest.mark.django_db
def test_M13_what_is_reported_is_the_sum_of_the_rows():
    what_is_reported_is_what_moved()


def what_is_reported_is_what_moved() -> list[Row]:
    """Counted live, then kept; of everybody, of the platform and of a shop; in the file too."""
    fill(ORDERS, last=TODAY, days=DAYS)
    rows = list(moved())
    assert (Order.objects.count(), len({row.day for row in rows})) == (ORDERS, DAYS)
    told = sums(rows, *NAMES)

    assert counted() == told
    assert refresh_figures(now=NOW) == DAYS - 1
    assert counted() == told

    shop = Merchant.objects.order_by("pk").last().pk
    for period in ("day", "week", "month"):
        for merchant in (None, PLATFORM, shop):
            theirs = [row for row in rows if merchant in (None, row.merchant_id)]
            stats = order_stats(
                first=FIRST, last=TODAY, by=period, viewer=None, now=NOW, merchant=merchant
            )
            report_is(stats, theirs, period)
    return rows


def counted() -> dict:
    found = figures(FIRST, TODAY, by=NAMES)
    return {tuple(column.values()): (cell.number, fen(cell.amount)) for column, cell in found}


def report_is(stats: OrderStats, rows: list[Row], period: str) -> None:
    periods: dict[date, list[Row]] = {start: [] for start in stats.starts}
    for row in rows:
        periods[bucket_of(row.day, period)].append(row)
    assert totals(stats.totals) == flows(rows)
    for start, one in zip(stats.starts, stats.series, strict=True):
        assert totals(one) == flows(periods[start]), start
    for name, parts in (("kind", stats.kinds), ("method", stats.methods)):
        assert by_part(parts) == expected_parts(rows, name)
    refunds = [row for row in rows if row.flow == "refund"]
    assert by_part(stats.reasons) == expected_parts(refunds, "reason")
    shops = expected_parts(rows, "merchant_id")
    assert by_part(stats.merchants).items() <= shops.items()
    assert len(stats.merchants) == min(len(shops), 10)
    table = rows_of(stats)
    series = table[1 : 1 + len(stats.starts)]
    for column, flow in ((2, "sale"), (4, "refund"), (8, "returned")):
        written = sum(fen(Decimal(line[column])) for line in series)
        assert written == fen(Decimal(table[len(series) + 1][column])) == flows(rows)[flow][-1]


def totals(told: Totals) -> dict[str, tuple]:
    """Of what bought nothing and went back, only the money is told."""
    assert told.net == told.sales - told.refunded
    return {
        "sale": (told.orders, fen(told.sales)),
        "refund": (told.refunds, fen(told.refunded)),
        "returned": (fen(told.returned),),
    }


def flows(rows: list[Row]) -> dict[str, tuple]:
    found = sums(rows, "flow")
    told = {flow: found.get((flow,), NOTHING) for flow in ("sale", "refund", "returned")}
    return told | {"returned": told["returned"][1:]}


def by_part(parts: Iterable[Part]) -> dict[str, tuple]:
    return {
        part.name: ((part.orders, fen(part.sales)), (part.refunds, fen(part.refunded)))
        for part in parts
    }


def expected_parts(rows: list[Row], name: str) -> dict[str, tuple]:
    found = sums([row for row in rows if row.flow != "returned"], name, "flow")
    return {
        str(value): (found.get((value, "sale"), NOTHING), found.get((value, "refund"), NOTHING))
        for value in {value for value, _ in found}
    }
