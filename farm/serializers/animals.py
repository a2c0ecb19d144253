"""Animals as everybody and as their farm sees them."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from commerce.serializers.pictures import PictureSerializer, picture_ids
from config.addresses import LONGEST, public_address
from config.api.serializers import ApiModelSerializer, MoneyField
from farm.models import (
    Animal,
    AnimalUpdate,
    HealthKind,
    HealthRecord,
    UpdateType,
    UpdateVisibility,
)


class HealthRecordSerializer(ApiModelSerializer):
    class Meta:
        model = HealthRecord
        fields = ["id", "kind", "happened_on", "note", "created_at"]


class AnimalSerializer(ApiModelSerializer):
    """An animal as everybody sees it; price in yuan, term_months 0: as the platform has it."""

    merchant_id = serializers.IntegerField(read_only=True)
    merchant_name = serializers.CharField(source="merchant.business_name", read_only=True)
    age_months = serializers.SerializerMethodField()
    photos = PictureSerializer(many=True, read_only=True)

    class Meta:
        model = Animal
        fields = [
            "id", "merchant_id", "merchant_name", "name", "species", "breed", "birth_date",
            "age_months", "personality", "farm_location", "price", "term_months", "status",
            "photos", "created_at",
        ]  # fmt: skip

    def get_age_months(self, animal) -> int | None:
        born, today = animal.birth_date, timezone.localdate()
        if born is None:
            return None
        months = (today.year - born.year) * 12 + today.month - born.month
        return max(months - (today.day < born.day), 0)


class AnimalDetailSerializer(AnimalSerializer):
    health_records = HealthRecordSerializer(many=True, read_only=True)

    class Meta:
        model = Animal
        fields = [*AnimalSerializer.Meta.fields, "health_records"]


class OwnAnimalSerializer(AnimalDetailSerializer):
    """The same as its farm sees it."""

    class Meta:
        model = Animal
        fields = [
            *AnimalDetailSerializer.Meta.fields, "listing", "is_offered", "review_note",
            "submitted_at", "reviewed_at", "lost_at",
        ]  # fmt: skip


class AnimalBodySerializer(serializers.Serializer):
    """photo_ids: uploads with the purpose animal; the first is the portrait."""

    name = serializers.CharField(max_length=32)
    species = serializers.CharField(max_length=32)
    breed = serializers.CharField(max_length=32, allow_blank=True, default="")
    birth_date = serializers.DateField(allow_null=True, default=None)
    personality = serializers.CharField(max_length=1000, allow_blank=True, default="")
    farm_location = serializers.CharField(max_length=200, allow_blank=True, default="")
    price = MoneyField()
    term_months = serializers.IntegerField(
        min_value=0, max_value=120, default=0, help_text="0：按平台的默认期限"
    )
    photo_ids = picture_ids()

    def validate_birth_date(self, value):
        if value is not None and value > timezone.localdate():
            raise serializers.ValidationError(_("不能晚于今天"))
        return value


class OfferBodySerializer(serializers.Serializer):
    available = serializers.BooleanField()


class LossBodySerializer(serializers.Serializer):
    reason = serializers.CharField(max_length=200)


class HealthBodySerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=HealthKind.choices)
    happened_on = serializers.DateField()
    note = serializers.CharField(max_length=500)

    def validate_happened_on(self, value):
        if value > timezone.localdate():
            raise serializers.ValidationError(_("不能晚于今天"))
        return value


class UpdateSerializer(ApiModelSerializer):
    animal_id = serializers.IntegerField(read_only=True)

    class Meta:
        model = AnimalUpdate
        fields = [
            "id", "animal_id", "update_type", "content", "media_url", "visibility", "created_at",
        ]  # fmt: skip


class UpdateBodySerializer(serializers.Serializer):
    update_type = serializers.ChoiceField(choices=UpdateType.choices)
    content = serializers.CharField(max_length=2000)
    media_url = serializers.URLField(
        max_length=LONGEST, allow_blank=True, default="", validators=[public_address]
    )
    visibility = serializers.ChoiceField(
        choices=UpdateVisibility.choices, default=UpdateVisibility.PUBLIC
    )
