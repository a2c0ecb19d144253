"""Exports one asked for: their progress and their files."""

from django.conf import settings
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from accounts import errors
from accounts.audit import log_request
from accounts.models import ExportJob
from accounts.serializers.exports import ExportJobSerializer, TokenQuery
from accounts.services.export_running import CONTENT_TYPES
from accounts.services.exports import cancel_export, file_name, open_download
from config import storage
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition

_FILES = {(200, str(kind)): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()}


class ExportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/exports: one's own, newest first; asked for where the rows are (POST /user/export)."""

    serializer_class = ExportJobSerializer
    filterset_fields = ["kind", "status"]
    log_target = "export_job"
    summaries = {"list": "导出任务列表", "retrieve": "导出任务", "destroy": "取消导出或删除文件"}
    permissions = {"list": LOGIN, "retrieve": LOGIN, "destroy": LOGIN}
    refusals = {"destroy": (IllegalTransition,)}

    def get_queryset(self):
        return ExportJob.objects.visible_to(self.request.user).order_by("-pk")

    def destroy(self, request, pk):
        """Stops it, or removes its file at once."""
        cancel_export(int(pk), user=request.user)
        return Response({})


class ExportFileViewSet(ApiViewSet):
    """The bytes; not JSON unless refused."""

    serializer_class = ExportJobSerializer
    filter_backends = []
    pagination_class = None
    log_target = "export_job"
    log_operations = {"download": "data:export"}
    summaries = {"download": "下载导出文件"}
    permissions = {"download": PUBLIC}
    refusals = {"download": (errors.ExportLinkInvalid,)}

    @extend_schema(parameters=[TokenQuery], responses=_FILES)
    def download(self, request, pk):
        """By the link of ten minutes in `download_url`; every download is logged."""
        token = request.query_params.get("token", "")
        job = open_download(int(pk), token, visitor=request.user)
        log_request(request, job.requested_by)
        return _answer(job)


def _answer(job: ExportJob) -> HttpResponseBase:
    headers = {
        "Content-Type": CONTENT_TYPES[job.format],
        "Content-Disposition": content_disposition_header(True, file_name(job)),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if settings.ACCEL_PREFIX and storage.is_local():  # nginx sends it
        path = f"{settings.ACCEL_PREFIX.rstrip('/')}/{job.path}"
        return HttpResponse(headers=headers | {"X-Accel-Redirect": path})
    body = storage.read(job.path, 0, job.size)
    return StreamingHttpResponse(body, headers=headers | {"Content-Length": str(job.size)})
