"""The page 用户分析: how people come, stay and pay; as far as its reader's role reaches."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from accounts.admin.analysis import AnalysisPage
from accounts.models import Segment, User
from accounts.services.segments import segment_counts
from accounts.services.stat_tables import (
    by_method,
    by_platform,
    labels,
    rows_of,
    told,
    trend,
)
from accounts.services.user_stats import (
    UserStats,
    feature_use,
    login_hours,
    people_of,
    user_stats,
)
from config.admin.charts import bar_data, lines_data


class UserAnalysis(AnalysisPage):
    analysis_title = "用户分析"
    analysis_template = "admin/user_analysis.html"
    analysis_file = "user-stats"
    figures = staticmethod(user_stats)
    figures_table = staticmethod(rows_of)

    def figures_context(self, request, stats, wanted):
        span = {"first": stats.first, "last": stats.last}
        return {
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
        }  # fmt: skip


def _funnel_table(stats: UserStats) -> dict:
    whole = stats.funnel[0].number
    rows = []
    for step in stats.funnel:
        share = f"{step.number / whole:.1%}" if step.number is not None and whole else "-"
        rows.append([step.title, told(step.number), share])
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
    rows = [[use.title, told(use.number)] for use in uses]
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
