from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import CodePurpose
from accounts.serializers.auth import LoginBody, PasswordField, SmsCodeField
from accounts.serializers.email import EmailAddressField
from config.api.serializers import PhoneField


class SmsCodeBody(serializers.Serializer):
    """captcha: the ticket of a solved captcha; wanted when CaptchaRequired says so."""

    phone = PhoneField()
    purpose = serializers.ChoiceField(choices=CodePurpose.choices)
    captcha = serializers.CharField(max_length=2048, required=False, default="", allow_blank=True)


class SmsCodeSentSerializer(serializers.Serializer):
    """expires_in: seconds the code works.  retry_after: seconds until the next may be asked for."""

    expires_in = serializers.IntegerField(read_only=True)
    retry_after = serializers.IntegerField(read_only=True)


class PhoneLoginBody(LoginBody):
    phone = PhoneField()
    code = SmsCodeField()


class WeChatPhoneLoginBody(LoginBody):
    """code: from wx.login().  phone_code: from the phone number button."""

    code = serializers.CharField(max_length=128)
    phone_code = serializers.CharField(max_length=128)


class ResetPasswordBody(serializers.Serializer):
    """A number or an address, and the code of purpose reset sent to it."""

    phone = PhoneField(required=False)
    email = EmailAddressField(required=False)
    code = SmsCodeField()
    password = PasswordField()

    def validate(self, attrs):
        if len(attrs.keys() & {"phone", "email"}) != 1:
            raise serializers.ValidationError(_("请提供手机号或邮箱中的一种"))
        return attrs


class BindPhoneBody(serializers.Serializer):
    phone = PhoneField()
    code = SmsCodeField()


class BindWeChatBody(serializers.Serializer):
    """code: from wx.login()."""

    code = serializers.CharField(max_length=128)


class MergeBody(serializers.Serializer):
    """What the other account has: a phone number with a code, or a WeChat login code."""

    phone = PhoneField(required=False)
    code = SmsCodeField(required=False)
    wx_code = serializers.CharField(max_length=128, required=False)

    def validate(self, attrs):
        if attrs.keys() not in ({"phone", "code"}, {"wx_code"}):
            raise serializers.ValidationError(_("请提供手机号和验证码，或微信登录凭证"))
        return attrs
