"""The figures about people as tables with Chinese heads: for charts, the page and files."""

from datetime import date

from accounts.models import Period
from accounts.services.login_log import METHODS
from accounts.services.user_stats import UserStats

NOT_TOLD = "<5"


def labels(stats) -> list[str]:
    """The periods of any figures, for people."""
    if stats.by == Period.MONTH:
        return [f"{start.year}年{start.month}月" for start in stats.starts]
    end = "起" if stats.by == Period.WEEK else ""
    return [f"{start.month}月{start.day}日{end}" for start in stats.starts]


def trend(stats: UserStats) -> dict[str, list[int]]:
    return {"新增用户": stats.registered, "活跃用户": stats.active, "登录次数": stats.logins}


def by_method(stats: UserStats) -> dict[str, list[int]]:
    return {METHODS.get(name, name): numbers for name, numbers in stats.logins_by_method.items()}


def by_platform(stats: UserStats) -> dict[str, list[int]]:
    other = {"other": "未知"}
    return {other.get(name, name): numbers for name, numbers in stats.logins_by_platform.items()}


def rows_of(stats: UserStats) -> list[list]:
    columns: dict[str, list] = dict(trend(stats))
    columns |= {f"登录·{name}": numbers for name, numbers in by_method(stats).items()}
    columns |= {f"平台·{name}": numbers for name, numbers in by_platform(stats).items()}
    columns |= {
        f"第 {after} 天留存": ["" if share is None else f"{share:.2%}" for share in shares]
        for after, shares in stats.retention.items()
    }
    first: list[date] = stats.starts
    table = [["日期", *columns]]
    table += [[str(day), *row] for day, *row in zip(first, *columns.values(), strict=True)]
    return [*table, [], *([step.title, told(step.number)] for step in stats.funnel)]


def told(number: int | None) -> int | str:
    return NOT_TOLD if number is None else number
