from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.serializers.auth import PasswordField, SmsCodeField


class StepUpBody(serializers.Serializer):
    """One of the three: the password, a code by SMS (purpose step_up), a WeChat login code."""

    password = PasswordField(required=False)
    code = SmsCodeField(required=False)
    wx_code = serializers.CharField(max_length=128, required=False)

    def validate(self, attrs):
        if len(attrs) != 1:
            raise serializers.ValidationError(_("请提供密码、短信验证码或微信登录凭证其中一项"))
        return attrs


class SteppedUpSerializer(serializers.Serializer):
    """expires_in: seconds until it has to be shown again."""

    expires_in = serializers.IntegerField(read_only=True)
