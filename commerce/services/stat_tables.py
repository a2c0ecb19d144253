"""The figures of orders as tables with Chinese heads: for charts, the page and files."""

from collections.abc import Sequence
from decimal import Decimal

from commerce.services.order_stats import OrderStats, Part, Totals

_HEADS = ["订单数", "销售额", "退款笔数", "退款额", "净收入", "客单价", "退款率", "原路退回"]
_PART_HEADS = ["订单数", "销售额", "退款笔数", "退款额"]
SECTIONS = {
    "kinds": "按类型", "methods": "按支付方式", "merchants": "按商户", "reasons": "退款原因",
}  # fmt: skip


def rows_of(stats: OrderStats) -> list[list]:
    table = [["日期", *_HEADS]]
    table += [[str(s), *_row(t)] for s, t in zip(stats.starts, stats.series, strict=True)]
    table.append(["合计", *_row(stats.totals)])
    for name, title in SECTIONS.items():
        table += [[], [title, *_PART_HEADS], *parts_of(getattr(stats, name))]
    return table


def parts_of(parts: Sequence[Part]) -> list[list]:
    return [[p.title, p.orders, _yuan(p.sales), p.refunds, _yuan(p.refunded)] for p in parts]


def part_table(parts: Sequence[Part], head: str) -> dict:
    return {"headers": [head, *_PART_HEADS], "rows": parts_of(parts)}


def reason_table(parts: Sequence[Part]) -> dict:
    whole = sum(part.refunded for part in parts)
    rows = [[p.title, p.refunds, _yuan(p.refunded), f"{p.refunded / whole:.1%}"] for p in parts]
    return {"headers": ["原因", "笔数", "退款额", "占比"], "rows": rows}


def _row(totals: Totals) -> list:
    return [
        totals.orders, _yuan(totals.sales), totals.refunds, _yuan(totals.refunded),
        round(totals.net, 2),  # a number: below zero its text would be taken for a formula
        _yuan(totals.average_order), share(totals.refund_rate), _yuan(totals.returned),
    ]  # fmt: skip


def _yuan(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"


def share(part: Decimal | None) -> str:
    return "" if part is None else f"{part:.2%}"
