"""The page 用户分析: how people come, stay and pay; as far as its reader's role reaches."""

import csv
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from accounts.models import Period, Segment, User
from accounts.serializers.stats import SpanQuery
from accounts.services.segments import segment_counts
from accounts.services.stat_tables import (
    NOT_TOLD,
    by_method,
    by_platform,
    labels,
    rows_of,
    trend,
)
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
            "trend": lines_data(labels(stats), trend(stats)),
            "methods": lines_data(labels(stats), by_method(stats)),
            "platforms": lines_data(labels(stats), by_platform(stats)),
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
        csv.writer(response).writerows([[cell(value) for value in row] for row in rows_of(stats)])
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


def _funnel_table(stats: UserStats) -> dict:
    whole = stats.funnel[0].number
    rows = []
    for step in stats.funnel:
        told = step.number is not None
        share = f"{step.number / whole:.1%}" if told and whole else "-"
        rows.append([step.title, step.number if told else NOT_TOLD, share])
    return {"headers": ["步骤", "人数", "占注册"], "rows": rows}


def _retention_table(stats: UserStats) -> dict:
    rows = [
        [label, size, *("-" if share is None else f"{share:.1%}" for share in shares)]
        for label, size, *shares in zip(
            labels(stats), stats.registered, *stats.retention.values(), strict=True
        )
        if size
    ]
    heads = [f"第 {after} 天" for after in stats.retention]
    return {"headers": ["注册时间", "注册人数", *heads], "rows": rows[-31:]}


def _features_table(uses) -> dict:
    rows = [[use.title, NOT_TOLD if use.number is None else use.number] for use in uses]
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
