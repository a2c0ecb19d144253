"""Pictures of goods and animals, as everybody sees them and as their owners choose them."""

from rest_framework import serializers

from config.api.serializers import ReadSerializer
from media.models import Variant
from media.services.links import public_url

MOST_PICTURES = 9


class PictureSerializer(ReadSerializer):
    """id: the upload's, as the lists of ids take it."""

    id = serializers.IntegerField(source="file_id", read_only=True)
    url = serializers.SerializerMethodField()
    thumb_url = serializers.SerializerMethodField()

    def get_url(self, picture) -> str:
        return public_url(picture.file, Variant.MAIN)

    def get_thumb_url(self, picture) -> str:
        return public_url(picture.file, Variant.THUMB)


def picture_ids() -> serializers.ListField:
    """A body's uploads, in the order in which they are shown."""
    return serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=MOST_PICTURES,
        required=False,
    )
