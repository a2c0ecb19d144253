"""The figures of claims as tables with Chinese heads: for charts, the page and files."""

from collections.abc import Sequence
from decimal import Decimal

from farm.services.farm_stats import FarmStats, Totals

_HEADS = [
    "新认领", "期末认领中", "结束", "续期", "到期", "到期续期", "续期率", "收入", "退款", "净收入",
    "认领天数", "可认领天数", "认领率", "动态",
]  # fmt: skip


def rows_of(stats: FarmStats) -> list[list]:
    table = [["日期", *_HEADS]]
    table += [[str(s), *_row(t)] for s, t in zip(stats.starts, stats.series, strict=True)]
    table.append(["合计", *_row(stats.totals)])
    for named in (ends_table(stats), kinds_table(stats), farms_table(stats), animals_table(stats)):
        table += [[], named["headers"], *named["rows"]]
    return [*table, [], ["逾期未发动态的动物", stats.overdue]]


def ends_table(stats: FarmStats) -> dict:
    rows = [[end.title, end.claims if end.name else "", end.refunded] for end in stats.ends]
    return {"headers": ["结束方式", "认领", "退款额"], "rows": rows}


def kinds_table(stats: FarmStats) -> dict:
    rows = [[p.title, p.orders, p.sales, p.refunds, p.refunded] for p in stats.kinds]
    return {"headers": ["类型", "订单数", "收入", "退款笔数", "退款额"], "rows": rows}


def farms_table(stats: FarmStats) -> dict:
    rows = [[f.title, f.begun, f.live, f.income, f.refunded] for f in stats.farms]
    return {"headers": ["农场", "新认领", "期末认领中", "收入", "退款额"], "rows": rows}


def animals_table(stats: FarmStats) -> dict:
    rows = [[state.title, state.animals] for state in stats.animals]
    return {"headers": ["动物现状", "数量"], "rows": rows}


def in_yuan(table: dict) -> dict:
    """With amounts as a page shows them."""
    rows: Sequence[list] = table["rows"]
    shown = [[f"{v:.2f}" if isinstance(v, Decimal) else v for v in row] for row in rows]
    return table | {"rows": shown}


def percent(share: Decimal | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _row(totals: Totals) -> list:
    return [
        totals.begun, totals.live, totals.ended, totals.renewals, totals.over, totals.renewed,
        _share(totals.renewal_rate), totals.income, totals.refunded, totals.net,
        totals.claimed_days, totals.animal_days, _share(totals.occupancy), totals.updates,
    ]  # fmt: skip


def _share(share: Decimal | None) -> str:
    """A dash would be taken for the beginning of a formula."""
    return "" if share is None else f"{share:.2%}"
