"""Where a request comes from, and the logins a person has open."""

from urllib.parse import unquote

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from accounts import errors
from accounts.filters import LoginLogFilter
from accounts.models import LoginLog, LoginSession
from accounts.serializers.notifications import DeviceSerializer, LoginLogSerializer
from accounts.services.sessions import Device, revoke_own
from config.api.client_ip import client_ip
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet

# What every way in refuses staff with who have a second factor, or should.
OTP = (errors.OtpRequired, errors.OtpInvalid, errors.TooManyOtps, errors.SecondFactorMissing)


def device_of(request, body: dict) -> Device:
    """The caller's device; the X-Device-Name header is percent-encoded UTF-8."""
    environ = request.META
    name = body.get("device_name") or unquote(environ.get("HTTP_X_DEVICE_NAME", ""))
    return Device(
        ip_address=client_ip(request) or None,
        user_agent=environ.get("HTTP_USER_AGENT", ""),
        device_name=name.replace("\0", ""),
        platform=body.get("platform") or environ.get("HTTP_X_PLATFORM", ""),
    )


class DeviceViewSet(mixins.ListModelMixin, ApiViewSet):
    """/devices: one's live logins, newest first."""

    serializer_class = DeviceSerializer
    queryset = LoginSession.objects.none()
    log_target = "session"
    summaries = {
        "list": "登录设备列表",
        "destroy": "退出某个设备",
    }
    permissions = {"list": LOGIN, "destroy": LOGIN}

    def get_queryset(self):
        return LoginSession.objects.visible_to(self.request.user).order_by("-pk")

    @extend_schema(responses={200: None})
    def destroy(self, request, pk):
        """End that login; harmless when it has ended already."""
        revoke_own(request.user.pk, int(pk), reason="device")
        return Response({})


class LoginLogViewSet(mixins.ListModelMixin, ApiViewSet):
    """/login-logs: who tried to log in to one's account, newest first, refused attempts too."""

    serializer_class = LoginLogSerializer
    queryset = LoginLog.objects.none()
    filterset_class = LoginLogFilter
    ordering_fields = ["created_at"]
    summaries = {"list": "登录记录"}
    permissions = {"list": LOGIN}

    def get_queryset(self):
        return LoginLog.objects.visible_to(self.request.user).order_by("-created_at", "-pk")
