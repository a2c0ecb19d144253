from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet
from config.errors import NotFound
from media import errors
from media.access import PRIVATE_CACHE, PUBLIC_CACHE, WHILE_SHOWN_CACHE, answer
from media.filters import FileFilter
from media.models import File, Purpose, Visibility
from media.serializers import FileSerializer, TokenQuery
from media.services.files import delete_file
from media.services.links import DOWNLOAD, PREVIEW, open_link

_IMAGE = {(200, "image/webp"): OpenApiTypes.BINARY, (206, "image/webp"): OpenApiTypes.BINARY}


class FileViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/file: one's own files."""

    serializer_class = FileSerializer
    filterset_class = FileFilter
    ordering_fields = ["created_at", "size"]
    permissions = {"list": LOGIN, "retrieve": LOGIN, "destroy": LOGIN}
    refusals = {"destroy": (errors.FileInUse,)}

    def get_queryset(self):
        return File.objects.visible_to(self.request.user).order_by("-pk")

    def destroy(self, request, pk):
        file = self.get_object()
        delete_file(file.pk, actor=request.user)
        return Response({})


class ContentViewSet(ApiViewSet):
    """The bytes themselves; not JSON unless refused."""

    serializer_class = FileSerializer
    filter_backends = []
    pagination_class = None
    permissions = {"download": PUBLIC, "preview": PUBLIC, "public": PUBLIC}
    summaries = {"download": "下载文件", "preview": "查看图片", "public": "公开图片"}
    refusals = {"download": (errors.LinkInvalid,), "preview": (errors.LinkInvalid,)}

    @extend_schema(parameters=[TokenQuery], responses=_IMAGE)
    def download(self, request):
        """By a link of ten minutes that says whose it is; with Range. To be saved."""
        return self._linked(request, DOWNLOAD)

    @extend_schema(parameters=[TokenQuery], responses=_IMAGE)
    def preview(self, request):
        """By a link of ten minutes that says whose it is; with Range. To be shown."""
        return self._linked(request, PREVIEW)

    @extend_schema(responses=_IMAGE)
    def public(self, request, key, name):
        """A public file; what an address holds never changes, but pictures of reviews may go."""
        variant, _, extension = name.partition(".")
        file = File.objects.ready().filter(key=key, visibility=Visibility.PUBLIC).first()
        if file is None or extension != file.extension:
            raise NotFound
        cache = WHILE_SHOWN_CACHE if file.purpose == Purpose.REVIEW else PUBLIC_CACHE
        return answer(request, file, variant, cache=cache)

    def _linked(self, request, action: str):
        token = request.query_params.get("token", "")
        file, variant = open_link(token, action=action, visitor=request.user)
        return answer(request, file, variant, cache=PRIVATE_CACHE, attachment=action == DOWNLOAD)
