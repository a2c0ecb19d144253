"""What of commerce can be exported."""

from accounts.exports import StatsExport
from commerce.serializers.stats import OrderStatsQuery
from commerce.services.order_stats import order_stats
from commerce.services.stat_tables import rows_of


class OrderStatsExport(StatsExport):
    label = "订单统计"
    query = OrderStatsQuery

    def table(self, *, viewer, now, **wanted):
        return rows_of(order_stats(**wanted, viewer=viewer, now=now))
