from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.serializers.exports import ExportJobSerializer
from accounts.views.stats import SPAN, StatsViewSet
from config.api.permissions import LOGIN
from config.errors import Forbidden
from farm.serializers.stats import FarmStatsExportBody, FarmStatsQuery, FarmStatsSerializer
from farm.services.farm_stats import farm_stats

_CHOICE = [OpenApiParameter("merchant", OpenApiTypes.INT, description="农场（商户）ID")]


class FarmStatsViewSet(StatsViewSet):
    """/stat/farm: for staff as far as their role reaches, for who runs a farm their own."""

    serializer_class = FarmStatsSerializer
    log_target = "animal_claim"
    permissions = StatsViewSet.permissions | {"retrieve": LOGIN}
    refusals = StatsViewSet.refusals | {"retrieve": (Forbidden,)}
    summaries = {"retrieve": "认领统计", "export": "导出认领统计"}

    @extend_schema(parameters=SPAN + _CHOICE, responses=FarmStatsSerializer)
    def retrieve(self, request):
        """Claims on the day they begin and end, money on the day it came and went back."""
        return self.told(FarmStatsQuery, farm_stats)

    @extend_schema(request=FarmStatsExportBody, responses={202: ExportJobSerializer})
    def export(self, request):
        """A job: see /exports. The figures take `data:view` as well."""
        return self.requested("farm_stats", FarmStatsExportBody)
