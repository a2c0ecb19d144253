from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from accounts.models import AgreementKind, LoginLog, NoticeKind, Notification
from config.api.serializers import ApiModelSerializer


class NotificationSerializer(ApiModelSerializer):
    """template and context tell a client what the message is about."""

    class Meta:
        model = Notification
        fields = ["id", "template", "title", "body", "context", "read_at", "created_at"]


class CountSerializer(serializers.Serializer):
    count = serializers.IntegerField(read_only=True)


class UnreadSerializer(CountSerializer):
    """kinds: the same by kind, for the tabs of the message centre."""

    kinds = inline_serializer(
        "UnreadByKind",
        {kind: serializers.IntegerField(read_only=True) for kind in NoticeKind.values},
    )


class ReadAllBody(serializers.Serializer):
    """kind: of one tab; without it all of them."""

    kind = serializers.ChoiceField(choices=NoticeKind.choices, required=False)


class AgreementSerializer(serializers.Serializer):
    kind = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    title = serializers.CharField(read_only=True)
    body = serializers.CharField(read_only=True)
    sha256 = serializers.CharField(read_only=True)
    published_at = serializers.DateTimeField(read_only=True)


class ConsentBody(serializers.Serializer):
    kind = serializers.ChoiceField(choices=AgreementKind.choices)
    version = serializers.IntegerField(min_value=1, max_value=1_000_000)


class ConsentSerializer(serializers.Serializer):
    """agreed_at is null until one has agreed to this version."""

    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    version = serializers.IntegerField(read_only=True)
    agreed_at = serializers.DateTimeField(read_only=True, allow_null=True)


class DeviceSerializer(serializers.Serializer):
    """current: the login this request came by."""

    id = serializers.IntegerField(read_only=True)
    device_name = serializers.CharField(read_only=True)
    platform = serializers.CharField(read_only=True)
    method = serializers.CharField(read_only=True)
    ip_address = serializers.CharField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    last_seen_at = serializers.DateTimeField(read_only=True)
    current = serializers.SerializerMethodField()

    def get_current(self, session) -> bool:
        return session.pk == self.context["request"].auth.session_id


class LoginLogSerializer(ApiModelSerializer):
    """account: what was typed, masked.  reason: why it was refused, in Chinese."""

    class Meta:
        model = LoginLog
        fields = [
            "id", "method", "account", "succeeded", "reason", "device_name", "platform",
            "ip_address", "created_at",
        ]  # fmt: skip
