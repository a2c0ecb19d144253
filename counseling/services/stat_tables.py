"""The figures of appointments as tables with Chinese heads: for charts, the page and files."""

from collections.abc import Sequence
from decimal import Decimal

from accounts.services.stat_tables import told
from counseling.models import Weekday
from counseling.services.appointment_stats import AppointmentStats, Outcome, Share

HEADS = {
    "booked": "新预约", "sessions": "咨询", "completed": "已完成", "no_show": "未到场",
    "cancelled": "取消",
}  # fmt: skip
NOTHING = "-"  # on pages; in a file it would be taken for the beginning of a formula
_SHARE_HEADS = ["咨询", "已完成", "未到场", "取消", "时长（小时）"]


def rows_of(stats: AppointmentStats) -> list[list]:
    table = [["日期", *HEADS.values()]]
    table += [[str(s), *_row(row)] for s, row in zip(stats.starts, stats.series, strict=True)]
    table.append(["合计", *_row(stats.totals)])
    table += [[], *([title, percent(rate)] for title, rate in rates_of(stats).items())]
    table.append(["满意度（星）", mean_of(stats), "评价", told(stats.satisfaction.reviews)])
    table += [[], ["类型", *_SHARE_HEADS], *_shares(stats.types)]
    table += [[], ["咨询师", *_SHARE_HEADS], *_shares(stats.counselors)]
    table += [[], ["困扰", "来访者"], *([tag.title, told(tag.number)] for tag in stats.tags)]
    table += [[], ["转化", "数量"], *([step.title, told(step.number)] for step in stats.funnel)]
    table += [[], ["时段", *(f"{hour} 时" for hour in range(24))]]
    table += [
        [day, *map(told, hours)] for day, hours in zip(Weekday.labels, stats.heat, strict=True)
    ]
    return [["" if value == NOTHING else value for value in row] for row in table]


def rates_of(stats: AppointmentStats) -> dict[str, Decimal | float | None]:
    rates = stats.rates
    return {
        "完成率": rates.completion,
        "取消率": rates.cancellation,
        "未到场率": rates.no_show,
        "时段利用率": stats.utilisation.share,
    }


def mean_of(stats: AppointmentStats) -> str:
    mean = stats.satisfaction.mean
    return NOTHING if mean is None else f"{mean:.2f}"


def share_table(shares: Sequence[Share], head: str) -> dict:
    return {"headers": [head, *_SHARE_HEADS], "rows": _shares(shares)}


def percent(rate: Decimal | float | None) -> str:
    return NOTHING if rate is None else f"{rate:.1%}"


def _row(row: Outcome) -> list:
    return [told(getattr(row, name)) for name in HEADS]


def _shares(shares: Sequence[Share]) -> list[list]:
    return [
        [
            share.title, told(share.sessions), told(share.completed), told(share.no_show),
            told(share.cancelled), NOTHING if share.hours is None else str(share.hours),
        ]
        for share in shares
    ]  # fmt: skip
