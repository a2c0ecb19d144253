from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from media import errors
from media.models import Variant
from media.parsers import UploadParser
from media.serializers import AvatarBody, AvatarSerializer, FileSerializer, UploadBody
from media.services.links import public_url
from media.services.uploads import replace_avatar, store_upload

_REFUSED = (
    errors.FileTypeNotAllowed,
    errors.FileTooLarge,
    errors.ImageBroken,
    errors.ImageTooLarge,
    errors.QuotaExceeded,
)


class UploadViewSet(ApiViewSet):
    """/file/upload and /user/avatar: the two addresses that take multipart/form-data."""

    serializer_class = FileSerializer
    parser_classes = [UploadParser]
    log_target = "file"
    permissions = {"create": LOGIN, "avatar": LOGIN}
    summaries = {"create": "上传图片", "avatar": "更换头像"}
    refusals = {"create": _REFUSED, "avatar": _REFUSED}

    @extend_schema(request=UploadBody, responses={201: FileSerializer})
    def create(self, request):
        """JPEG, PNG, WebP or GIF, by content; kept as WebP without any metadata."""
        body = self.body(UploadBody)
        file = store_upload(request.user, purpose=body["purpose"], **_content(body["file"]))
        return Response(self.get_serializer(file).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=AvatarBody, responses={201: AvatarSerializer})
    def avatar(self, request):
        """Cut to a square of 256 pixels and worn at once; the one before it is deleted."""
        file = replace_avatar(request.user, **_content(self.body(AvatarBody)["file"]))
        links = {
            "file_id": file.pk,
            "avatar": public_url(file, Variant.MAIN),
            "thumbnail": public_url(file, Variant.THUMB),
        }
        return Response(links, status=status.HTTP_201_CREATED)


def _content(upload) -> dict:
    return {"content": upload.file, "size": upload.size, "name": upload.name}
