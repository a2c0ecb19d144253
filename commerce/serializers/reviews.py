from rest_framework import serializers

from commerce.models import Merchant, MerchantReview
from commerce.serializers.merchants import PublicMerchantSerializer
from commerce.serializers.pictures import FEW_PICTURES, PictureSerializer, picture_ids
from config.api.serializers import ApiModelSerializer, IdField
from config.masking import mask_name

NOBODY = "匿名用户"


class RatedMerchantSerializer(PublicMerchantSerializer):
    """rating: the mean of 1 to 5, drawn toward a fixed one while there are few, or null."""

    rating = serializers.DecimalField(
        max_digits=3, decimal_places=2, read_only=True, allow_null=True, source="shown_rating"
    )

    class Meta:
        model = Merchant
        fields = [*PublicMerchantSerializer.Meta.fields, "rating", "rating_count"]


class AuthoredSerializer(ApiModelSerializer):
    """author: the first character of a name, or nobody's when they wish so."""

    author = serializers.SerializerMethodField()

    def get_author(self, review) -> str:
        return NOBODY if review.is_anonymous else mask_name(review.user.display_name)


class PublicReviewSerializer(AuthoredSerializer):
    """A review as everybody sees it: neither its author nor the order can be found by it."""

    class Meta:
        model = MerchantReview
        fields = [
            "id", "merchant_id", "rating", "comment", "author", "is_anonymous", "created_at",
            "reply", "replied_at", "images",
        ]  # fmt: skip

    merchant_id = IdField(read_only=True)
    images = PictureSerializer(many=True, read_only=True, source="shown_pictures")


class OwnReviewSerializer(PublicReviewSerializer):
    """The same as its author sees it."""

    order_id = IdField(read_only=True)

    class Meta:
        model = MerchantReview
        fields = [
            *PublicReviewSerializer.Meta.fields, "order_id", "status", "moderation_note",
        ]  # fmt: skip


class ReviewBodySerializer(serializers.Serializer):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=500, allow_blank=True, default="")
    is_anonymous = serializers.BooleanField(default=False)


class OrderReviewBodySerializer(ReviewBodySerializer):
    """image_ids: uploads with the purpose review."""

    image_ids = picture_ids(FEW_PICTURES)


class MerchantReviewBodySerializer(OrderReviewBodySerializer):
    """order_id: the completed order it is about."""

    order_id = IdField()


class ReviewsQuerySerializer(serializers.Serializer):
    rating = serializers.IntegerField(min_value=1, max_value=5, required=False)


class ReplyBodySerializer(serializers.Serializer):
    reply = serializers.CharField(max_length=500)
