"""Counselors and their time as clients see them; rows come from values(), so no fields run."""

from rest_framework import serializers

from accounts.models import Gender
from config.api.serializers import MoneyField
from counseling.models import Counselor, Mode, ServiceKind, SlotStatus, TimeSlot


class RowSerializer(serializers.Serializer):
    """Declares what a row holds, for the schema; the row itself is ready to be sent."""

    def to_representation(self, row):
        return row


class SpecialtySerializer(RowSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class LocationSerializer(RowSerializer):
    """A studio."""

    id = serializers.IntegerField()
    city = serializers.CharField()
    address = serializers.CharField()


class ServiceSerializer(RowSerializer):
    """Prices in yuan; first_price: of somebody's first session with this counselor, if it differs.

    location: where sessions face to face take place."""

    COLUMNS = (
        "id", "kind", "mode", "minutes", "price", "first_price", "location__id",
        "location__city", "location__address",
    )  # fmt: skip

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(ServiceKind.choices)
    mode = serializers.ChoiceField(Mode.choices)
    minutes = serializers.IntegerField()
    price = MoneyField()
    first_price = MoneyField(allow_null=True)
    location = LocationSerializer(allow_null=True)


class CounselorSerializer(RowSerializer):
    """One row of the list.  rating 0..5; lowest_price in yuan."""

    class Meta:
        model = Counselor

    COLUMNS = (
        "id", "name", "title", "avatar", "city", "gender", "rating", "rating_count",
        "lowest_price", "practice_years", "next_free_at",
    )  # fmt: skip

    id = serializers.IntegerField()
    name = serializers.CharField()
    title = serializers.CharField()
    avatar = serializers.CharField()
    city = serializers.CharField()
    gender = serializers.ChoiceField(Gender.choices, allow_blank=True)
    specialties = SpecialtySerializer(many=True)
    rating = serializers.DecimalField(max_digits=3, decimal_places=2)
    rating_count = serializers.IntegerField()
    lowest_price = MoneyField(allow_null=True)
    practice_years = serializers.IntegerField()
    next_free_at = serializers.DateTimeField(allow_null=True)


class CounselorDetailSerializer(CounselorSerializer):
    COLUMNS = (
        *CounselorSerializer.COLUMNS,
        "bio", "languages", "training", "orientation", "practice_hours", "supervision_hours",
        "min_notice_minutes",
    )  # fmt: skip

    bio = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    training = serializers.CharField()
    orientation = serializers.CharField()
    practice_hours = serializers.IntegerField()
    supervision_hours = serializers.IntegerField()
    min_notice_minutes = serializers.IntegerField()
    services = ServiceSerializer(many=True)


class SlotSerializer(RowSerializer):
    """date: the business day (Asia/Shanghai) the slot begins on."""

    class Meta:
        model = TimeSlot

    COLUMNS = ("id", "counselor_id", "start_at", "end_at", "status")

    id = serializers.IntegerField()
    counselor_id = serializers.IntegerField()
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()
    date = serializers.DateField()
    minutes = serializers.IntegerField()
    status = serializers.ChoiceField(SlotStatus.choices)


class FreeDaySerializer(RowSerializer):
    date = serializers.DateField()
    free = serializers.IntegerField(help_text="可预约的时段数")


class FreeDaysSerializer(RowSerializer):
    month = serializers.CharField()
    days = FreeDaySerializer(many=True)
