"""Pictures of goods and animals, as everybody sees them and as their owners choose them."""

from rest_framework import serializers

from config.api.serializers import IdField, ReadSerializer
from media.models import Variant
from media.services.links import public_url

MOST_PICTURES, FEW_PICTURES = 9, 6


class PictureSerializer(ReadSerializer):
    """id: the upload's, as the lists of ids take it."""

    id = serializers.IntegerField(source="file_id", read_only=True)
    url = serializers.SerializerMethodField()
    thumb_url = serializers.SerializerMethodField()

    def get_url(self, picture) -> str:
        return public_url(picture.file, Variant.MAIN)

    def get_thumb_url(self, picture) -> str:
        return public_url(picture.file, Variant.THUMB)


def picture_ids(most: int = MOST_PICTURES) -> serializers.ListField:
    """A body's uploads, in the order in which they are shown."""
    return serializers.ListField(
        child=IdField(),
        max_length=most,
        required=False,
    )
