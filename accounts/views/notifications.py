import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from accounts.models import NoticeKind, Notification
from accounts.serializers.notifications import (
    CountSerializer,
    NotificationSerializer,
    ReadAllBody,
    UnreadSerializer,
)
from accounts.services.notifications import mark_read, unread_by_kind
from accounts.services.templates import codes_of
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet


class NotificationFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=NoticeKind.choices, method="of_kind")
    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Notification
        fields = ["unread", "template"]

    def of_kind(self, queryset, name, value):
        return queryset.filter(template__in=codes_of(value))


class NotificationViewSet(mixins.ListModelMixin, ApiViewSet):
    """/notifications: one's message centre, newest first."""

    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    log_target = "notification"
    summaries = {
        "list": "消息列表",
        "read": "标记已读",
        "read_all": "全部标记已读",
        "unread_count": "未读消息数",
    }
    permissions = {"list": LOGIN, "read": LOGIN, "read_all": LOGIN, "unread_count": LOGIN}

    def get_queryset(self):
        return Notification.objects.visible_to(self.request.user).order_by("-pk")

    @extend_schema(request=None, responses={200: None})
    def read(self, request, pk):
        mark_read(request.user, notification_id=int(pk))
        return Response({})

    @extend_schema(request=ReadAllBody, responses=CountSerializer)
    def read_all(self, request):
        """count: how many were unread."""
        return Response({"count": mark_read(request.user, **self.body(ReadAllBody))})

    @extend_schema(responses=UnreadSerializer)
    def unread_count(self, request):
        kinds = unread_by_kind(request.user)
        return Response({"count": sum(kinds.values()), "kinds": kinds})
