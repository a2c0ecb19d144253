"""What a phone number, or a second way in, does: codes, logging in by them, binding."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from accounts import errors
from accounts.serializers.auth import LoggedInSerializer
from accounts.serializers.phone import (
    BindPhoneBody,
    BindWeChatBody,
    MergeBody,
    PhoneLoginBody,
    ResetPasswordBody,
    SmsCodeBody,
    SmsCodeSentSerializer,
    WeChatPhoneLoginBody,
)
from accounts.services import binding, email_binding, phone_codes, phone_login
from accounts.services.codes import MINUTE
from accounts.services.login import exchange
from accounts.services.parameters import parameter
from accounts.tokens import account_of
from accounts.views.devices import OTP, device_of
from accounts.wechat import wechat_client
from config.api.client_ip import client_ip
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet

_WECHAT = (
    errors.WeChatCodeInvalid,
    errors.WeChatBlocked,
    errors.WeChatTooFrequent,
    errors.WeChatUnavailable,
)


class PhoneViewSet(ApiViewSet):
    """/sms/code, /login/phone, /login/wx-phone, /password/reset."""

    serializer_class = LoggedInSerializer
    throttle_kind = "login"
    summaries = {
        "send_code": "发送短信验证码",
        "login": "手机验证码登录",
        "wechat_login": "微信手机号登录",
        "reset_password": "用验证码重置密码",
    }
    permissions = dict.fromkeys(("send_code", "login", "wechat_login", "reset_password"), PUBLIC)
    refusals = {
        "send_code": (
            errors.TooManyCodes,
            errors.SmsBudgetSpent,
            errors.SmsUnavailable,
            errors.CaptchaRequired,
            errors.CaptchaInvalid,
            errors.CaptchaUnavailable,
        ),
        "login": (errors.CodeInvalid, errors.AccountDisabled, *OTP),
        "wechat_login": (
            *_WECHAT,
            errors.PhoneUnsupported,
            errors.PhoneTaken,
            errors.WeChatAlreadyBound,
            errors.AccountDisabled,
            *OTP,
        ),
        "reset_password": (errors.CodeInvalid, errors.WeakPassword, errors.AccountDisabled),
    }

    def get_authenticators(self):
        return []  # an old token beside the code is no reason to refuse

    @extend_schema(request=SmsCodeBody, responses={202: SmsCodeSentSerializer})
    def send_code(self, request):
        """The same answer whether the number is registered or not."""
        body = self.body(SmsCodeBody)
        phone_codes.request_code(**body, ip_address=client_ip(request), asker=account_of(request))
        answer = {
            "expires_in": parameter("SMS_CODE_TTL_SECONDS"),
            "retry_after": MINUTE,
        }
        return Response(answer, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=PhoneLoginBody, responses=LoggedInSerializer)
    def login(self, request):
        """The first login registers."""
        body = self.body(PhoneLoginBody)
        device = device_of(request, body)
        result = phone_login.by_phone(body["phone"], body["code"], device=device, otp=body["otp"])
        return Response(LoggedInSerializer(result).data)

    @extend_schema(request=WeChatPhoneLoginBody, responses=LoggedInSerializer)
    def wechat_login(self, request):
        """Binds the number that WeChat vouches for; the first login registers."""
        body = self.body(WeChatPhoneLoginBody)
        device = device_of(request, body)
        result = phone_login.by_wechat_phone(
            body["code"], body["phone_code"], device=device, otp=body["otp"]
        )
        return Response(LoggedInSerializer(result).data)

    @extend_schema(request=ResetPasswordBody, responses={200: None})
    def reset_password(self, request):
        """Every login ends."""
        body = self.body(ResetPasswordBody)
        proof = {"code": body["code"], "new": body["password"]}
        if "email" in body:
            email_binding.reset_password_by_email(body["email"], **proof)
        else:
            phone_login.reset_password(body["phone"], **proof)
        return Response({})


class BindingViewSet(ApiViewSet):
    """/user/phone/bind, /user/wechat/bind, /user/merge: one's own ways in."""

    serializer_class = BindPhoneBody
    throttle_kind = "login"
    log_target = "user"
    summaries = {
        "bind_phone": "绑定或更换手机号",
        "bind_wechat": "绑定微信",
        "merge": "转移另一个账号的登录方式",
    }
    permissions = dict.fromkeys(("bind_phone", "bind_wechat", "merge"), LOGIN)
    step_up = frozenset({"merge"})
    refusals = {
        "bind_phone": (errors.CodeInvalid, errors.PhoneTaken, errors.StepUpRequired),
        "bind_wechat": (*_WECHAT, errors.WeChatTaken, errors.WeChatAlreadyBound),
        "merge": (
            errors.CodeInvalid,
            *_WECHAT,
            errors.WeChatAlreadyBound,
            errors.AccountDisabled,
            errors.CannotManage,
        ),
    }

    @extend_schema(request=BindPhoneBody, responses={200: None})
    def bind_phone(self, request):
        """The code's purpose: bind for the first number, change for another (after /step-up)."""
        body = self.body(BindPhoneBody)
        binding.bind_phone(
            request.user.pk, phone=body["phone"], code=body["code"], login=request.auth
        )
        return Response({})

    @extend_schema(request=BindWeChatBody, responses={200: None})
    def bind_wechat(self, request):
        person = exchange(self.body(BindWeChatBody)["code"])
        binding.bind_wechat(request.user.pk, appid=wechat_client().appid, person=person)
        return Response({})

    @extend_schema(request=MergeBody, responses={200: None})
    def merge(self, request):
        """Moves a number or a WeChat here from the account that has it, which logs out."""
        body, user_id = self.body(MergeBody), request.user.pk
        if "phone" in body:
            binding.merge_phone(user_id, phone=body["phone"], code=body["code"])
        else:
            person = exchange(body["wx_code"])
            binding.merge_wechat(user_id, appid=wechat_client().appid, person=person)
        return Response({})
