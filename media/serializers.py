from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.api.serializers import ApiModelSerializer
from media.models import OF_THE_BUSINESS, File, Purpose, Variant
from media.services.links import DOWNLOAD, LINK_SECONDS, url_for

# Avatars have an address of their own; what is the business's comes by the back office.
ELSEWHERE = {Purpose.AVATAR, *OF_THE_BUSINESS}
UPLOADS = [(code.value, code.label) for code in Purpose if code not in ELSEWHERE]


class FileSerializer(ApiModelSerializer):
    """The links of a file that is not public are the caller's own and live ten minutes."""

    name = serializers.CharField(source="original_name", read_only=True)
    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()
    download_url = serializers.SerializerMethodField()
    expires_in = serializers.SerializerMethodField()

    class Meta:
        model = File
        fields = [
            "id", "purpose", "visibility", "name", "content_type", "size", "width", "height",
            "created_at", "url", "thumbnail_url", "download_url", "expires_in",
        ]  # fmt: skip

    def get_url(self, file) -> str:
        return self._link(file)

    def get_thumbnail_url(self, file) -> str:
        return self._link(file, variant=Variant.THUMB)

    def get_download_url(self, file) -> str:
        return self._link(file, action=DOWNLOAD)

    @extend_schema_field(serializers.IntegerField(help_text="链接有效的秒数"))
    def get_expires_in(self, file):
        return LINK_SECONDS

    def _link(self, file, **kwargs) -> str:
        return url_for(file, user_id=self.context["request"].user.pk, **kwargs)


class UploadBody(serializers.Serializer):
    """file: an image, by its content."""

    file = serializers.FileField()
    purpose = serializers.ChoiceField(choices=UPLOADS)


class AvatarBody(serializers.Serializer):
    file = serializers.FileField()


class AvatarSerializer(serializers.Serializer):
    """What the profile shows from now on."""

    file_id = serializers.IntegerField(read_only=True)
    avatar = serializers.CharField(read_only=True)
    thumbnail = serializers.CharField(read_only=True)


class TokenQuery(serializers.Serializer):
    token = serializers.CharField(max_length=400)
