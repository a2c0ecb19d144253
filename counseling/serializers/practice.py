"""Applications, qualifications and what counselors keep of their own practice."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import StatusChange
from accounts.serializers.profile import GenderField
from config.api.serializers import ApiModelSerializer, IdField, MoneyField
from config.masking import mask_id
from counseling.models import (
    Counselor,
    CounselorApplication,
    Location,
    Mode,
    Qualification,
    QualificationKind,
    Service,
    ServiceKind,
)
from media.models import File, Variant
from media.services.links import url_for

PROFILE = [
    "name", "title", "gender", "city", "bio", "languages", "training", "orientation",
    "practice_years", "practice_hours", "supervision_hours",
]  # fmt: skip
_HOURS = 200_000


def _ids(at_most: int, **kwargs) -> serializers.ListField:
    one = IdField()
    return serializers.ListField(child=one, max_length=at_most, **kwargs)


class _HasSpecialties(ApiModelSerializer):
    specialties = serializers.SerializerMethodField()

    def get_specialties(self, row) -> list[dict]:
        return [{"id": tag.pk, "name": tag.name} for tag in row.specialties.all()]


class CounselorApplicationSerializer(_HasSpecialties):
    """One's own application, or one that staff review."""

    user_id = IdField(read_only=True)

    class Meta:
        model = CounselorApplication
        fields = [
            "id", "user_id", *PROFILE, "specialties", "status", "submitted_at", "reviewed_at",
            "review_note", "created_at",
        ]  # fmt: skip


class MoveSerializer(ApiModelSerializer):
    """One step of what became of something.  Who decided is not said."""

    from_status = serializers.CharField(source="old", read_only=True)
    to_status = serializers.CharField(source="new", read_only=True)

    class Meta:
        model = StatusChange
        fields = ["from_status", "to_status", "reason", "created_at"]


class ApplicationFormSerializer(serializers.Serializer):
    """The body of PUT and PATCH; specialty_ids: tags in use."""

    name = serializers.CharField(max_length=32)
    title = serializers.CharField(max_length=64, allow_blank=True, required=False)
    gender = GenderField(required=False)
    city = serializers.CharField(max_length=32, allow_blank=True, required=False)
    bio = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    languages = serializers.ListField(
        child=serializers.CharField(max_length=16), max_length=10, required=False
    )
    training = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    orientation = serializers.CharField(max_length=100, allow_blank=True, required=False)
    practice_years = serializers.IntegerField(min_value=0, max_value=80, required=False)
    practice_hours = serializers.IntegerField(min_value=0, max_value=_HOURS, required=False)
    supervision_hours = serializers.IntegerField(min_value=0, max_value=_HOURS, required=False)
    specialty_ids = _ids(20, required=False)


class PracticeBodySerializer(ApplicationFormSerializer):
    """The same of a counselor; min_notice_minutes: how long before it starts a slot is bookable;
    max_per_day, max_per_week: sessions at most, null for no limit."""

    min_notice_minutes = serializers.IntegerField(min_value=0, max_value=43_200, required=False)
    max_per_day = serializers.IntegerField(
        min_value=1, max_value=50, allow_null=True, required=False
    )
    max_per_week = serializers.IntegerField(
        min_value=1, max_value=350, allow_null=True, required=False
    )
    works_on_holidays = serializers.BooleanField(required=False)


class PracticeSerializer(_HasSpecialties):
    """A counselor's own profile.  practising: clients see and can book them now."""

    practising = serializers.BooleanField(read_only=True)

    class Meta:
        model = Counselor
        fields = [
            "id", *PROFILE, "specialties", "avatar", "status", "practising", "rating",
            "rating_count", "lowest_price", "min_notice_minutes", "max_per_day", "max_per_week",
            "works_on_holidays",
        ]  # fmt: skip


class OwnServiceSerializer(ApiModelSerializer):
    """Prices in yuan; is_active: on offer."""

    price = MoneyField(read_only=True)
    first_price = MoneyField(read_only=True, allow_null=True)
    location_id = IdField(read_only=True, allow_null=True)

    class Meta:
        model = Service
        fields = [
            "id", "kind", "mode", "minutes", "price", "first_price", "location_id", "is_active",
        ]  # fmt: skip


class ServiceBodySerializer(serializers.Serializer):
    """first_price: null when the first session costs the same.  location_id: for sessions face to
    face, a studio of one's own."""

    kind = serializers.ChoiceField(ServiceKind.choices)
    mode = serializers.ChoiceField(Mode.choices)
    minutes = serializers.IntegerField(min_value=10, max_value=480)
    price = MoneyField()
    first_price = MoneyField(allow_null=True, required=False)
    location_id = IdField(allow_null=True, required=False)
    is_active = serializers.BooleanField(required=False)


class OwnLocationSerializer(ApiModelSerializer):
    class Meta:
        model = Location
        fields = ["id", "city", "address"]


class LocationBodySerializer(serializers.Serializer):
    city = serializers.CharField(max_length=32)
    address = serializers.CharField(max_length=200)


class ScanSerializer(ApiModelSerializer):
    """A scan; its links are the caller's own and live ten minutes."""

    url = serializers.SerializerMethodField()
    thumbnail_url = serializers.SerializerMethodField()

    class Meta:
        model = File
        fields = ["id", "url", "thumbnail_url"]

    def get_url(self, file) -> str:
        return url_for(file, user_id=self.context["request"].user.pk)

    def get_thumbnail_url(self, file) -> str:
        user_id = self.context["request"].user.pk
        return url_for(file, user_id=user_id, variant=Variant.THUMB)


class QualificationSerializer(ApiModelSerializer):
    """number: masked for everybody.  expires_on: its last valid day, null when it is for good."""

    user_id = IdField(read_only=True)
    number = serializers.SerializerMethodField()
    files = serializers.SerializerMethodField()

    class Meta:
        model = Qualification
        fields = [
            "id", "user_id", "kind", "number", "issuer", "issued_on", "expires_on", "status",
            "review_note", "submitted_at", "reviewed_at", "files",
        ]  # fmt: skip

    def get_number(self, row) -> str:
        return mask_id(row.number)

    @extend_schema_field(ScanSerializer(many=True))
    def get_files(self, row):
        return ScanSerializer(row.files.all(), many=True, context=self.context).data


class QualificationBodySerializer(serializers.Serializer):
    """file_ids: uploads of one's own with the purpose "qualification"."""

    kind = serializers.ChoiceField(QualificationKind.choices)
    number = serializers.CharField(max_length=64)
    issuer = serializers.CharField(max_length=100)
    issued_on = serializers.DateField()
    expires_on = serializers.DateField(allow_null=True, required=False)
    file_ids = _ids(9, min_length=1)
