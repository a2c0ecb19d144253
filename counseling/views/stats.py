from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema

from accounts.serializers.exports import ExportJobSerializer
from accounts.views.stats import SPAN, StatsViewSet
from config.api.permissions import LOGIN
from config.errors import Forbidden
from counseling.models import Mode, ServiceKind
from counseling.serializers.stats import (
    AppointmentStatsExportBody,
    AppointmentStatsQuery,
    AppointmentStatsSerializer,
)
from counseling.services.appointment_stats import appointment_stats

_CHOICE = [
    OpenApiParameter("counselor", OpenApiTypes.INT, description="咨询师 ID"),
    OpenApiParameter("kind", str, enum=ServiceKind.values, description="咨询类型"),
    OpenApiParameter("mode", str, enum=Mode.values, description="咨询方式"),
]


class AppointmentStatsViewSet(StatsViewSet):
    """/stat/appointment: for staff as far as their role reaches, for a counselor their own."""

    serializer_class = AppointmentStatsSerializer
    log_target = "appointment"
    permissions = StatsViewSet.permissions | {"retrieve": LOGIN}
    refusals = StatsViewSet.refusals | {"retrieve": (Forbidden,)}
    summaries = {"retrieve": "预约统计", "export": "导出预约统计"}

    @extend_schema(parameters=SPAN + _CHOICE, responses=AppointmentStatsSerializer)
    def retrieve(self, request):
        """Sessions on the day they start, bookings on the day they were made."""
        return self.told(AppointmentStatsQuery, appointment_stats)

    @extend_schema(request=AppointmentStatsExportBody, responses={202: ExportJobSerializer})
    def export(self, request):
        """A job: see /exports. The figures take `data:view` as well."""
        return self.requested("appointment_stats", AppointmentStatsExportBody)
