from rest_framework import serializers

from accounts.models import EmailPurpose
from accounts.serializers.auth import SmsCodeField


class EmailAddressField(serializers.EmailField):
    """In lower case, however it was typed."""

    def __init__(self, **kwargs):
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data):
        return super().to_internal_value(data).lower()


class EmailCodeBody(serializers.Serializer):
    email = EmailAddressField()
    purpose = serializers.ChoiceField(choices=EmailPurpose.choices)


class BindEmailBody(serializers.Serializer):
    email = EmailAddressField()
    code = SmsCodeField()
