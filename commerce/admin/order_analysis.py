"""The page 订单分析: what was sold and what went back; as far as its reader's role reaches."""

from accounts.admin.analysis import AnalysisPage
from accounts.services.stat_tables import labels
from commerce.models import PLATFORM, Merchant
from commerce.serializers.stats import OrderStatsQuery
from commerce.services.order_stats import PLATFORM_TITLE, OrderStats, kind_titles, order_stats
from commerce.services.stat_tables import part_table, reason_table, rows_of, share
from config.admin import yuan
from config.admin.charts import bar_data, lines_data

# Merchants to choose from; others by ?merchant=.
CHOICES = 200


class OrderAnalysis(AnalysisPage):
    analysis_title = "订单分析"
    analysis_template = "admin/order_analysis.html"
    analysis_file = "order-stats"
    analysis_query = OrderStatsQuery
    figures = staticmethod(order_stats)
    figures_table = staticmethod(rows_of)

    def figures_context(self, request, stats, wanted):
        shops = Merchant.objects.order_by("business_name").values_list("pk", "business_name")
        series, names = stats.series, labels(stats)
        return {
            "cards": _cards(stats),
            "choices": [
                {"name": "merchant", "label": "商户", "chosen": wanted.get("merchant"),
                 "options": [(PLATFORM, PLATFORM_TITLE), *shops[:CHOICES]]},
                {"name": "kind", "label": "类型", "chosen": wanted.get("kind"),
                 "options": kind_titles().items()},
            ],
            "money": lines_data(names, {
                "销售额（元）": [row.sales for row in series],
                "退款额（元）": [row.refunded for row in series],
            }),
            "numbers": lines_data(names, {
                "订单": [row.orders for row in series],
                "退款": [row.refunds for row in series],
            }),
            "averages": lines_data(
                names, {"客单价（元）": [row.average_order for row in series]}
            ),
            "kinds": _bars(stats.kinds),
            "methods": _bars(stats.methods),
            "reasons": reason_table(stats.reasons),
            "merchants": part_table(stats.merchants, "商户"),
        }  # fmt: skip


def _cards(stats: OrderStats) -> list[dict]:
    totals = stats.totals
    rate, average = share(totals.refund_rate) or "-", totals.average_order
    return [
        {"title": "销售额", "icon": "payments", "value": yuan(totals.sales),
         "note": f"净收入 {yuan(totals.net)}"},
        {"title": "订单", "icon": "receipt_long", "value": totals.orders,
         "note": "按支付日期统计"},
        {"title": "客单价", "icon": "shopping_bag",
         "value": "-" if average is None else yuan(average), "note": "不含无需支付的订单"},
        {"title": "退款率", "icon": "currency_exchange", "value": rate,
         "note": f"退款 {totals.refunds} 笔 {yuan(totals.refunded)}"},
        {"title": "原路退回", "icon": "undo", "value": yuan(totals.returned),
         "note": "重复或逾期到账，不计入退款"},
    ]  # fmt: skip


def _bars(parts) -> str:
    return bar_data("销售额（元）", [part.title for part in parts], [str(p.sales) for p in parts])
