"""Logging in and out; what ends a login elsewhere is in devices.py and users.py."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from accounts import errors, tokens
from accounts.serializers.auth import (
    ChangePasswordBody,
    LoggedInSerializer,
    LogoutBody,
    PasswordLoginBody,
    RefreshBody,
    RegisterBody,
    TokenPairSerializer,
    VerifyBody,
    WeChatLoginBody,
)
from accounts.services import login, passwords, sessions
from accounts.services.phone_login import create_by_phone
from accounts.services.registration import create_user
from accounts.views.devices import OTP, device_of
from config.api.permissions import LOGIN, PUBLIC
from config.api.viewsets import ApiViewSet


class LoginViewSet(ApiViewSet):
    """/login, /login/wx (also /users/login), /register, /token/refresh, /token/verify."""

    serializer_class = LoggedInSerializer
    throttle_kind = "login"
    summaries = {
        "password": "账号密码登录",
        "wechat": "微信登录",
        "register": "注册",
        "refresh": "刷新令牌",
        "verify": "校验令牌",
    }
    permissions = {
        "password": PUBLIC,
        "wechat": PUBLIC,
        "register": PUBLIC,
        "refresh": PUBLIC,
        "verify": PUBLIC,
    }
    refusals = {
        "password": (
            errors.BadCredentials,
            errors.AccountDisabled,
            errors.TooManyAttempts,
            *OTP,
        ),
        "wechat": (
            errors.WeChatCodeInvalid,
            errors.WeChatBlocked,
            errors.WeChatTooFrequent,
            errors.WeChatUnavailable,
            errors.AccountDisabled,
            *OTP,
        ),
        "register": (
            errors.UsernameMalformed,
            errors.UsernameTaken,
            errors.WeakPassword,
            errors.CodeInvalid,
            errors.PhoneTaken,
        ),
        "refresh": (errors.SessionEnded,),
        "verify": (errors.SessionEnded,),
    }

    def get_authenticators(self):
        return []  # an old token beside the password is no reason to refuse

    @extend_schema(request=PasswordLoginBody, responses=LoggedInSerializer)
    def password(self, request):
        body = self.body(PasswordLoginBody)
        device = device_of(request, body)
        result = login.by_password(
            body["account"], body["password"], device=device, otp=body["otp"]
        )
        return Response(LoggedInSerializer(result).data)

    @extend_schema(request=WeChatLoginBody, responses=LoggedInSerializer)
    def wechat(self, request):
        body = self.body(WeChatLoginBody)
        result = login.by_wechat(body["code"], device=device_of(request, body), otp=body["otp"])
        return Response(LoggedInSerializer(result).data)

    @extend_schema(request=RegisterBody, responses={201: LoggedInSerializer})
    def register(self, request):
        """By username and password, or by phone and code."""
        body = self.body(RegisterBody)
        if "username" not in body:
            wanted = ("phone", "code", "password", "nickname")
            user = create_by_phone(**{name: body[name] for name in wanted if name in body})
        else:
            user = create_user(
                username=body["username"], password=body["password"], nickname=body["nickname"]
            )
        result = login.by_registration(user, device=device_of(request, body))
        return Response(LoggedInSerializer(result).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=RefreshBody, responses=TokenPairSerializer)
    def refresh(self, request):
        raw = self.body(RefreshBody)["refresh"]
        pair = sessions.refresh(raw, device=device_of(request, {}))
        return Response(TokenPairSerializer(pair).data)

    @extend_schema(request=VerifyBody, responses={200: None})
    def verify(self, request):
        """200 when the access token works, 401 when not."""
        try:
            tokens.authenticate(self.body(VerifyBody)["token"])
        except tokens.BadToken:
            raise errors.SessionEnded from None
        return Response({})


class AccountViewSet(ApiViewSet):
    """/logout, /password/change."""

    serializer_class = LogoutBody
    log_target = "user"
    summaries = {
        "logout": "退出登录",
        "change_password": "修改密码",
    }
    permissions = {"logout": LOGIN, "change_password": LOGIN}
    restricted = ("logout", "change_password")
    refusals = {
        "change_password": (errors.WrongPassword, errors.WeakPassword, errors.TooManyAttempts),
    }

    @extend_schema(request=LogoutBody, responses={200: None})
    def logout(self, request):
        """End this login, or with `all` every one."""
        if self.body(LogoutBody)["all"]:
            sessions.revoke_all(request.user.pk, reason="logout")
        else:
            sessions.revoke_own(request.user.pk, request.auth.session_id, reason="logout")
        return Response({})

    @extend_schema(request=ChangePasswordBody, responses={200: None})
    def change_password(self, request):
        """Every other login ends."""
        body = self.body(ChangePasswordBody)
        passwords.change_password(
            request.user.pk,
            old=body["old_password"],
            new=body["new_password"],
            keep_session=request.auth.session_id,
        )
        return Response({})
