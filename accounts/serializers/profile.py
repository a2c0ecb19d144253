from datetime import date

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.fields import empty

from accounts.models import Gender
from config.api.serializers import PhoneField


class ProfileSerializer(serializers.Serializer):
    """The owner's view of themselves: nothing is masked.  Says what the view's rows hold."""

    id = serializers.IntegerField(read_only=True)
    openid = serializers.CharField(read_only=True, allow_null=True)
    nickname = serializers.CharField(read_only=True)
    avatar = serializers.CharField(read_only=True)
    gender = serializers.ChoiceField(choices=Gender.choices, read_only=True, allow_null=True)
    birthday = serializers.DateField(read_only=True, allow_null=True)
    phone = serializers.CharField(read_only=True, allow_null=True)
    email = serializers.CharField(read_only=True, allow_null=True)

    COLUMNS = ("id", "openid", "nickname", "avatar", "gender", "birthday", "phone", "email")


class BirthdayField(serializers.DateField):
    """Of somebody who may be alive."""

    def to_internal_value(self, value):
        birthday = super().to_internal_value(value)
        if not date(1900, 1, 1) <= birthday <= timezone.localdate():
            raise serializers.ValidationError(_("生日须在 1900 年之后且不晚于今天"))
        return birthday


class GenderField(serializers.ChoiceField):
    """male, female or other; null and "" take it back."""

    def __init__(self, **kwargs):
        super().__init__(choices=Gender.choices, allow_blank=True, allow_null=True, **kwargs)

    def run_validation(self, data=empty):
        return super().run_validation(data) or ""


class ProfileBody(serializers.Serializer):
    """Any subset of it.  phone and email only as they are: changing them needs a code."""

    nickname = serializers.CharField(max_length=32, required=False)
    gender = GenderField(required=False)
    birthday = BirthdayField(required=False, allow_null=True)
    phone = PhoneField(required=False, allow_blank=True, allow_null=True)
    email = serializers.EmailField(
        max_length=254, required=False, allow_blank=True, allow_null=True
    )

    def validate_email(self, value):
        return (value or "").lower()

    def validate_phone(self, value):
        return value or ""
