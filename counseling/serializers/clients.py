from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Gender
from accounts.serializers.profile import GenderField
from config.api.serializers import PhoneField
from config.masking import mask_phone
from counseling.models import ClientProfile, Relation
from counseling.services.calendar import age_on

OLDEST = 120


class ClientProfileSerializer(serializers.Serializer):
    """A profile as its owner sees it alone: everything in full."""

    class Meta:
        model = ClientProfile

    id = serializers.IntegerField()
    relation = serializers.ChoiceField(Relation.choices)
    name = serializers.CharField()
    gender = serializers.ChoiceField(Gender.choices, allow_blank=True)
    birth_date = serializers.DateField()
    phone = serializers.CharField()
    emergency_name = serializers.CharField()
    emergency_phone = serializers.CharField()
    guardian_name = serializers.CharField()
    guardian_phone = serializers.CharField()
    guardian_consented_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    COLUMNS = (
        "id", "relation", "name", "gender", "birth_date", "phone", "emergency_name",
        "emergency_phone", "guardian_name", "guardian_phone", "guardian_consented_at",
        "created_at",
    )  # fmt: skip

    def to_representation(self, client):
        return {name: getattr(client, name) for name in self.COLUMNS}


class MaskedClientProfileSerializer(ClientProfileSerializer):
    """The same in a list: phone numbers are masked."""

    MASKED = ("phone", "emergency_phone", "guardian_phone")

    def to_representation(self, client):
        row = super().to_representation(client)
        return row | {name: mask_phone(row[name]) for name in self.MASKED}


class ClientProfileBodySerializer(serializers.Serializer):
    """The body of POST and PATCH.

    guardian_consent: the guardian agrees (needed under 18; with guardian_phone under 14).
    """

    relation = serializers.ChoiceField(Relation.choices, required=False)
    name = serializers.CharField(max_length=32)
    gender = GenderField(required=False)
    birth_date = serializers.DateField()
    phone = PhoneField(allow_blank=True, required=False)
    emergency_name = serializers.CharField(max_length=32, allow_blank=True, required=False)
    emergency_phone = PhoneField(allow_blank=True, required=False)
    guardian_name = serializers.CharField(max_length=32, allow_blank=True, required=False)
    guardian_phone = PhoneField(allow_blank=True, required=False)
    guardian_consent = serializers.BooleanField(required=False)

    def validate_birth_date(self, value):
        today = timezone.localdate()
        if value > today or age_on(value, today) > OLDEST:
            raise serializers.ValidationError(_("出生日期无效"))
        return value
