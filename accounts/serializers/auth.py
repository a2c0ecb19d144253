from collections.abc import Mapping

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.services.login import LONGEST_PASSWORD
from config.api.serializers import PhoneField, ReadSerializer


class DeviceBody(serializers.Serializer):
    """What a client may say about itself beside any login."""

    device_name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    platform = serializers.CharField(max_length=32, required=False, allow_blank=True)


class LoginBody(DeviceBody):
    """otp: staff with a second factor send its code, or a recovery code, along."""

    otp = serializers.CharField(max_length=32, required=False, default="", allow_blank=True)


class PasswordField(serializers.CharField):
    """Taken as it is: blanks belong to it."""

    def __init__(self, **kwargs):
        super().__init__(max_length=LONGEST_PASSWORD, trim_whitespace=False, **kwargs)


class PasswordLoginBody(LoginBody):
    """account: username, phone or email; username is another name for the same field."""

    account = serializers.CharField(max_length=254, required=False)
    username = serializers.CharField(max_length=254, required=False)
    password = PasswordField()

    def to_internal_value(self, data):
        """All that is missing is named at once."""
        nobody = isinstance(data, Mapping) and not data.keys() & {"account", "username"}
        missing = {"account": [self.fields["account"].error_messages["required"]]}
        try:
            attrs = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError((missing if nobody else {}) | error.detail) from error
        if nobody:
            raise serializers.ValidationError(missing, code="required")
        return attrs | {"account": attrs.get("account") or attrs["username"]}


class WeChatLoginBody(LoginBody):
    code = serializers.CharField(max_length=128)


@extend_schema_field({"type": "string", "pattern": "^[0-9]{6}$", "example": "482913"})
class SmsCodeField(serializers.RegexField):
    """Six digits."""

    def __init__(self, **kwargs):
        super().__init__(r"(?a:^[0-9]{6}\Z)", **kwargs)


class RegisterBody(DeviceBody):
    """username and password, or else phone and code with a password or without."""

    username = serializers.CharField(max_length=32, required=False)
    password = PasswordField(required=False)
    phone = PhoneField(required=False)
    code = SmsCodeField(required=False)
    nickname = serializers.CharField(max_length=32, required=False, default="")

    def validate(self, attrs):
        by_phone = "username" not in attrs and attrs.keys() & {"phone", "code"}
        wanted = ("phone", "code") if by_phone else ("username", "password")
        required = self.fields["username"].error_messages["required"]
        missing = {name: [required] for name in wanted if name not in attrs}
        if missing:
            raise serializers.ValidationError(missing, code="required")
        return attrs


class RefreshBody(serializers.Serializer):
    refresh = serializers.CharField(max_length=2000)


class VerifyBody(serializers.Serializer):
    token = serializers.CharField(max_length=2000)


class LogoutBody(serializers.Serializer):
    all = serializers.BooleanField(default=False)


class ChangePasswordBody(serializers.Serializer):
    old_password = PasswordField()
    new_password = PasswordField()


class LoginUserSerializer(ReadSerializer):
    """deletes_at: when the account will be deleted as its owner asked; null when they did not."""

    id = serializers.IntegerField(source="user.id", read_only=True)
    openid = serializers.CharField(read_only=True, allow_null=True)
    nickname = serializers.CharField(source="user.nickname", read_only=True)
    avatar = serializers.CharField(source="user.avatar", read_only=True)
    deletes_at = serializers.DateTimeField(
        source="user.deletes_at", read_only=True, allow_null=True
    )


class TokenPairSerializer(ReadSerializer):
    """expires_in: seconds until `token` ends."""

    token = serializers.CharField(source="access", read_only=True)
    refresh = serializers.CharField(read_only=True)
    expires_in = serializers.IntegerField(read_only=True)


class LoggedInSerializer(ReadSerializer):
    token = serializers.CharField(source="tokens.access", read_only=True)
    refresh = serializers.CharField(source="tokens.refresh", read_only=True)
    expires_in = serializers.IntegerField(source="tokens.expires_in", read_only=True)
    user = LoginUserSerializer(source="*", read_only=True)
