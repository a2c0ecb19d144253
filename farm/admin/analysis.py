"""The page 认领分析: claims, what they bring in, and the animals; as far as a role reaches."""

from accounts.admin.analysis import AnalysisPage
from accounts.services.stat_tables import labels
from commerce.models import Merchant, MerchantType
from config.admin import yuan
from config.admin.charts import bar_data, lines_data
from farm.serializers.stats import FarmStatsQuery
from farm.services.farm_stats import FarmStats, farm_stats
from farm.services.stat_tables import (
    ends_table,
    farms_table,
    in_yuan,
    kinds_table,
    percent,
    rows_of,
)

# Farms to choose from; others by ?merchant=.
CHOICES = 200


class ClaimAnalysis(AnalysisPage):
    analysis_title = "认领分析"
    analysis_template = "admin/claim_analysis.html"
    analysis_file = "farm-stats"
    analysis_query = FarmStatsQuery
    figures = staticmethod(farm_stats)
    figures_table = staticmethod(rows_of)

    def figures_context(self, request, stats, wanted):
        farms = Merchant.objects.filter(merchant_type=MerchantType.FARM_OWNER)
        options = farms.order_by("business_name").values_list("pk", "business_name")[:CHOICES]
        return {
            "cards": _cards(stats),
            "choices": [
                {"name": "merchant", "label": "农场", "chosen": wanted.get("merchant"),
                 "options": options},
            ],
            "trend": _lines(stats, {"新认领": "begun", "结束": "ended", "续期": "renewals"}),
            "live": _lines(stats, {"期末认领中": "live"}),
            "money": _lines(stats, {"收入（元）": "income", "退款（元）": "refunded"}),
            "updates": _lines(stats, {"动态": "updates"}),
            "animals": bar_data(
                "动物", [s.title for s in stats.animals], [s.animals for s in stats.animals]
            ),
            "ends": in_yuan(ends_table(stats)),
            "kinds": in_yuan(kinds_table(stats)),
            "farms": in_yuan(farms_table(stats)),
        }  # fmt: skip


def _lines(stats: FarmStats, named: dict[str, str]) -> str:
    series = {title: [getattr(t, name) for t in stats.series] for title, name in named.items()}
    return lines_data(labels(stats), series)


def _cards(stats: FarmStats) -> list[dict]:
    totals = stats.totals
    return [
        {"title": "新认领", "icon": "volunteer_activism", "value": totals.begun,
         "note": f"期末认领中 {totals.live}"},
        {"title": "收入", "icon": "payments", "value": yuan(totals.income),
         "note": f"退款 {yuan(totals.refunded)}，净收入 {yuan(totals.net)}"},
        {"title": "续期率", "icon": "autorenew", "value": percent(totals.renewal_rate),
         "note": f"到期 {totals.over}，其中续期 {totals.renewed}"},
        {"title": "认领率", "icon": "pets", "value": percent(totals.occupancy),
         "note": f"认领 {totals.claimed_days} 天 / 可认领 {totals.animal_days} 天"},
        {"title": "动态", "icon": "feed", "value": totals.updates,
         "note": f"逾期未发的动物 {stats.overdue} 只"},
    ]  # fmt: skip
