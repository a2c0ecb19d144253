from datetime import date

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from commerce.serializers.reviews import AuthoredSerializer, ReviewBodySerializer
from counseling.models import Review, ReviewTag
from counseling.models.reviews import MOST_TAGS

_ID = {"min_value": 1, "max_value": 2**63 - 1}


@extend_schema_field({"type": "array", "items": {"type": "string", "enum": ReviewTag.values}})
class TagsField(serializers.ListField):
    def __init__(self, **kwargs):
        super().__init__(child=serializers.ChoiceField(ReviewTag.choices), **kwargs)


class SessionReviewSerializer(AuthoredSerializer):
    """A review as everybody sees it.  Days without a time: sessions have times."""

    counselor_id = serializers.IntegerField(read_only=True)
    tags = TagsField(read_only=True)
    reviewed_on = serializers.SerializerMethodField()
    replied_on = serializers.SerializerMethodField()

    class Meta:
        model = Review
        fields = [
            "id", "counselor_id", "rating", "comment", "tags", "author", "is_anonymous",
            "reviewed_on", "reply", "replied_on",
        ]  # fmt: skip

    def get_reviewed_on(self, review) -> date:
        return timezone.localdate(review.created_at)

    def get_replied_on(self, review) -> date | None:
        return review.replied_at and timezone.localdate(review.replied_at)


class ModeratedReviewSerializer(SessionReviewSerializer):
    """As staff see it, who know no more whose it is than anybody."""

    class Meta:
        model = Review
        fields = [*SessionReviewSerializer.Meta.fields, "status", "moderation_note"]


class OwnSessionReviewSerializer(ModeratedReviewSerializer):
    """As its author sees it."""

    appointment_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = Review
        fields = [
            *ModeratedReviewSerializer.Meta.fields, "appointment_id", "created_at",
        ]  # fmt: skip


class EditReviewSerializer(ReviewBodySerializer):
    tags = TagsField(max_length=MOST_TAGS, default=list)
    is_anonymous = serializers.BooleanField(default=True)


class WriteReviewSerializer(EditReviewSerializer):
    """appointment_id: the completed session it is about."""

    appointment_id = serializers.IntegerField(**_ID)
