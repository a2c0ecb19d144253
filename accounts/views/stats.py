"""Figures, for staff and for whom they are about; /stat/user."""

from collections.abc import Callable

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

SPAN = [
    OpenApiParameter("from", OpenApiTypes.DATE, description="开始日期，默认为最近 30 天"),
    OpenApiParameter("to", OpenApiTypes.DATE, description="结束日期（含），默认今天"),
    OpenApiParameter("by", str, enum=Period.values, description="按日、按周或按月，默认按日"),
]


class StatsViewSet(ApiViewSet):
    """A /stat/… with its export."""

    filter_backends = []
    pagination_class = None
    log_operations = {"export": "data:export"}
    permissions = {"retrieve": PERMISSION, "export": "accounts.export_data"}
    step_up = frozenset({"export"})
    refusals = {"export": (errors.ExportInvalid, errors.TooManyExports)}

    def asked(self, query: type[SpanQuery]) -> dict:
        """What the query wants."""
        wanted = query(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        return wanted.validated_data

    def told(self, query: type[SpanQuery], figures: Callable) -> Response:
        """What figures(viewer=…, now=…, and what the query wants) gives."""
        stats = figures(**self.asked(query), viewer=self.request.user, now=timezone.now())
        return Response(self.get_serializer(stats).data)

    def requested(self, kind: str, body: type[StatsExportBody]) -> Response:
        """The job that makes the file."""
        job = request_export(self.request.user, kind, **self.body(body))
        return Response(ExportJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class UserStatsViewSet(StatsViewSet):
    """/stat/user: as far as the caller's role reaches."""

    serializer_class = UserStatsSerializer
    log_target = "user"
    summaries = {"retrieve": "用户统计", "export": "导出用户统计"}

    @extend_schema(parameters=SPAN, responses=UserStatsSerializer)
    def retrieve(self, request):
        """Weeks and months are whole ones; days are those of Asia/Shanghai, gapless."""
        return self.told(SpanQuery, user_stats)

    @extend_schema(request=StatsExportBody, responses={202: ExportJobSerializer})
    def export(self, request):
        """A job: see /exports. The figures take `data:view` as well."""
        return self.requested("user_stats", StatsExportBody)
