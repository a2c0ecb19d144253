"""The page 用户分析: how people come, stay and pay; as far as its reader's role reaches."""

import csv
from datetime import date
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from accounts.admin.logins import METHODS
from accounts.models import Period, Segment, User
from accounts.serializers.stats import SpanQuery
from accounts.services.segments import segment_counts
from accounts.services.user_stats import (
    PERMISSION,
    UserStats,
    feature_use,
    login_hours,
    may_take_along,
    people_of,
    user_stats,
)
from config.admin.charts import OPTIONS, bar_data, lines_data
from config.tables import cell

SPANS = (7, 30, 90)
_NOT_TOLD = "<5"


class UserAnalysis:
    """Put before UserAdmin: two more addresses."""

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("analysis/", wrap(self.analysis), name="accounts_user_analysis"),
            path("analysis/export/", wrap(self.export), name="accounts_user_export_analysis"),
            *super().get_urls(),
        ]

    def analysis(self, request):
        query, stats = self._asked(request, request.GET)
        span = {"first": stats.first, "last": stats.last}
        context = self.admin_site.each_context(request) | {
            "title": "用户分析",
            "query": query,
            "stats": stats,
            "periods": Period.choices,
            "today": timezone.localdate(),
            "spans": SPANS,
            "options": OPTIONS,
            "trend": lines_data(_labels(stats), _trend(stats)),
            "methods": lines_data(_labels(stats), _by_method(stats)),
            "platforms": lines_data(_labels(stats), _by_platform(stats)),
            "hours": bar_data(
                "登录", [f"{hour} 时" for hour in range(24)],
                login_hours(viewer=request.user, **span),
            ),
            "funnel": _funnel_table(stats),
            "retention": _retention_table(stats),
            "features": _features_table(
                feature_use(viewer=request.user, now=timezone.now(), **span)
            ),
            "segments": _segments(request.user),
            "may_export": may_take_along(request.user),
        }  # fmt: skip
        return TemplateResponse(request, "admin/user_analysis.html", context)

    def export(self, request):
        """The same figures as CSV; the operation log has who took them."""
        if request.method != "POST" or not may_take_along(request.user):
            raise PermissionDenied
        _, stats = self._asked(request, request.POST)
        response = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
        name = f"user-stats-{stats.first}-{stats.last}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        csv.writer(response).writerows([[cell(value) for value in row] for row in _rows(stats)])
        return response

    def _asked(self, request, source) -> tuple[SpanQuery, UserStats]:
        """What was asked for; the last 30 days where that makes no sense."""
        if not request.user.has_perm(PERMISSION):
            raise PermissionDenied
        asked = {name: source[name] for name in ("from", "to", "by") if source.get(name)}
        query = SpanQuery(data=asked)
        wrong = not query.is_valid()
        if wrong:
            fallback = SpanQuery(data={})
            fallback.is_valid(raise_exception=True)
        wanted = (fallback if wrong else query).validated_data
        return query, user_stats(**wanted, viewer=request.user, now=timezone.now())


def _labels(stats: UserStats) -> list[str]:
    if stats.by == Period.MONTH:
        return [f"{start.year}年{start.month}月" for start in stats.starts]
    end = "起" if stats.by == Period.WEEK else ""
    return [f"{start.month}月{start.day}日{end}" for start in stats.starts]


def _trend(stats: UserStats) -> dict[str, list[int]]:
    return {"新增用户": stats.registered, "活跃用户": stats.active, "登录次数": stats.logins}


def _by_method(stats: UserStats) -> dict[str, list[int]]:
    return {METHODS.get(name, name): numbers for name, numbers in stats.logins_by_method.items()}


def _by_platform(stats: UserStats) -> dict[str, list[int]]:
    other = {"other": "未知"}
    return {other.get(name, name): numbers for name, numbers in stats.logins_by_platform.items()}


def _funnel_table(stats: UserStats) -> dict:
    whole = stats.funnel[0].number
    rows = []
    for step in stats.funnel:
        told = step.number is not None
        share = f"{step.number / whole:.1%}" if told and whole else "-"
        rows.append([step.title, step.number if told else _NOT_TOLD, share])
    return {"headers": ["步骤", "人数", "占注册"], "rows": rows}


def _retention_table(stats: UserStats) -> dict:
    rows = [
        [label, size, *("-" if share is None else f"{share:.1%}" for share in shares)]
        for label, size, *shares in zip(
            _labels(stats), stats.registered, *stats.retention.values(), strict=True
        )
        if size
    ]
    heads = [f"第 {after} 天" for after in stats.retention]
    return {"headers": ["注册时间", "注册人数", *heads], "rows": rows[-31:]}


def _features_table(uses) -> dict:
    rows = [[use.title, _NOT_TOLD if use.number is None else use.number] for use in uses]
    return {"headers": ["功能", "次数"], "rows": rows}


def _segments(viewer: User) -> dict:
    """Each with the list of its people; only for who reaches everybody: made for all at once."""
    if people_of(viewer) is not None:
        return {}
    counts, computed_at = segment_counts()
    listing = reverse("admin:accounts_user_changelist")
    return {
        "computed_at": computed_at,
        "rows": [
            {
                "title": label,
                "number": counts.get(name, 0),
                "link": f"{listing}?{urlencode({'segment': name})}",
            }
            for name, label in Segment.choices
        ],
    }


def _rows(stats: UserStats) -> list[list]:
    columns: dict[str, list] = dict(_trend(stats))
    columns |= {f"登录·{name}": numbers for name, numbers in _by_method(stats).items()}
    columns |= {f"平台·{name}": numbers for name, numbers in _by_platform(stats).items()}
    columns |= {
        f"第 {after} 天留存": ["" if share is None else f"{share:.2%}" for share in shares]
        for after, shares in stats.retention.items()
    }
    first: list[date] = stats.starts
    table = [["日期", *columns]]
    table += [[str(day), *row] for day, *row in zip(first, *columns.values(), strict=True)]
    return [*table, [], *([step.title, _told(step)] for step in stats.funnel)]


def _told(step) -> int | str:
    return _NOT_TOLD if step.number is None else step.number
