from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.serializers.exports import ExportJobSerializer
from accounts.views.stats import SPAN, StatsViewSet
from commerce.serializers.stats import (
    OrderStatsExportBody,
    OrderStatsQuery,
    OrderStatsSerializer,
)
from commerce.services.order_stats import order_stats
from config.api.permissions import LOGIN
from config.errors import Forbidden

_CHOICE = [
    OpenApiParameter("merchant", OpenApiTypes.INT, description="商户 ID，0 为平台自营"),
    OpenApiParameter("kind", str, description="订单类型"),
]


class OrderStatsViewSet(StatsViewSet):
    """/stat/order: for staff as far as their role reaches, for a merchant their own."""

    serializer_class = OrderStatsSerializer
    log_target = "order"
    permissions = StatsViewSet.permissions | {"retrieve": LOGIN}
    refusals = StatsViewSet.refusals | {"retrieve": (Forbidden,)}
    summaries = {"retrieve": "订单统计", "export": "导出订单统计"}

    @extend_schema(parameters=SPAN + _CHOICE, responses=OrderStatsSerializer)
    def retrieve(self, request):
        """Sales on the day they were paid, refunds on the day the money went back."""
        return self.told(OrderStatsQuery, order_stats)

    @extend_schema(request=OrderStatsExportBody, responses={202: ExportJobSerializer})
    def export(self, request):
        """A job: see /exports. The figures take `data:view` as well."""
        return self.requested("order_stats", OrderStatsExportBody)
