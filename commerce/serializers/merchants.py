from rest_framework import serializers

from commerce.models import Merchant, MerchantApplication, MerchantType
from config.api.serializers import ApiModelSerializer, PhoneField


class PublicMerchantSerializer(ApiModelSerializer):
    """A merchant as everybody sees it: no contact of a person."""

    class Meta:
        model = Merchant
        fields = ["id", "merchant_type", "business_name", "address", "description", "created_at"]


class MerchantSerializer(ApiModelSerializer):
    """The same as its owner sees it."""

    user_id = serializers.IntegerField(read_only=True)
    contact_person = serializers.CharField(read_only=True)
    contact_phone = serializers.CharField(read_only=True)

    class Meta:
        model = Merchant
        fields = [
            "id", "user_id", "merchant_type", "business_name", "business_license",
            "contact_person", "contact_phone", "address", "description", "status",
            "review_note", "created_at", "submitted_at", "reviewed_at",
        ]  # fmt: skip


class ReviewedMerchantSerializer(ApiModelSerializer):
    """What staff get back for a decision: no contact of a person."""

    class Meta:
        model = Merchant
        fields = [*PublicMerchantSerializer.Meta.fields, "status", "review_note", "reviewed_at"]


class MerchantBodySerializer(serializers.Serializer):
    merchant_type = serializers.ChoiceField(MerchantType.choices)
    business_name = serializers.CharField(max_length=64)
    business_license = serializers.CharField(max_length=64)
    contact_person = serializers.CharField(max_length=32)
    contact_phone = PhoneField()
    address = serializers.CharField(max_length=200)
    description = serializers.CharField(max_length=2000, allow_blank=True, default="")


class ReasonSerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class ApplicationBodySerializer(serializers.Serializer):
    business_name = serializers.CharField(max_length=64)
    contact_person = serializers.CharField(max_length=32)
    contact_phone = PhoneField()
    email = serializers.EmailField(max_length=254)
    description = serializers.CharField(max_length=2000, allow_blank=True, default="")


class ApplicationSerializer(ApiModelSerializer):
    """Shown once, to whoever sent it."""

    contact_person = serializers.CharField(read_only=True)
    contact_phone = serializers.CharField(read_only=True)
    email = serializers.CharField(read_only=True)

    class Meta:
        model = MerchantApplication
        fields = [
            "id", "business_name", "contact_person", "contact_phone", "email", "description",
            "status", "created_at",
        ]  # fmt: skip
