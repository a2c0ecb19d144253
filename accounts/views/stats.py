"""Figures about people, for staff."""

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.response import Response

from accounts import errors
from accounts.models import Period
from accounts.serializers.exports import ExportJobSerializer
from accounts.serializers.stats import SpanQuery, StatsExportBody, UserStatsSerializer
from accounts.services.exports import request_export
from accounts.services.user_stats import PERMISSION, user_stats
from config.api.viewsets import ApiViewSet

_SPAN = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="开始日期，默认为最近 30 天"),
    OpenApiParameter("to", OpenApiTypes.DATE, description="结束日期（含），默认今天"),
    OpenApiParameter("by", str, enum=Period.values, description="按日、按周或按月，默认按日"),
]


class UserStatsViewSet(ApiViewSet):
    """/stat/user: as far as the caller's role reaches."""

    serializer_class = UserStatsSerializer
    filter_backends = []
    pagination_class = None
    log_target = "user"
    log_operations = {"export": "data:export"}
    permissions = {"retrieve": PERMISSION, "export": "accounts.export_data"}
    step_up = frozenset({"export"})
    refusals = {"export": (errors.ExportInvalid, errors.TooManyExports)}
    summaries = {"retrieve": "用户统计", "export": "导出用户统计"}

    @extend_schema(parameters=_SPAN, responses=UserStatsSerializer)
    def retrieve(self, request):
        """Weeks and months are whole ones; days are those of Asia/Shanghai, gapless."""
        query = SpanQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        stats = user_stats(**query.validated_data, viewer=request.user, now=timezone.now())
        return Response(UserStatsSerializer(stats).data)

    @extend_schema(request=StatsExportBody, responses={202: ExportJobSerializer})
    def export(self, request):
        """A job: see /exports. The figures take `data:view` as well."""
        job = request_export(request.user, "user_stats", **self.body(StatsExportBody))
        return Response(ExportJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
