from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts import errors
from accounts.idempotency import idempotent
from accounts.serializers.reaching import (
    AnswersBody,
    LeavesSerializer,
    PreferencesBody,
    PreferencesSerializer,
    SceneQuery,
)
from accounts.services import preferences, subscriptions
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet


class SubscriptionViewSet(ApiViewSet):
    """/notifications/wechat: leave to send subscribe messages."""

    log_target = "notification"
    summaries = {"templates": "该场景应请求订阅的模板", "answers": "上报订阅结果"}
    permissions = {"templates": LOGIN, "answers": LOGIN}

    @extend_schema(parameters=[SceneQuery], responses=LeavesSerializer)
    def templates(self, request):
        """At most three, as many as one call may ask for."""
        query = SceneQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        leaves = subscriptions.templates_to_ask(request.user, **query.validated_data)
        return Response(LeavesSerializer({"templates": leaves}).data)

    @extend_schema(request=AnswersBody, responses=LeavesSerializer)
    @idempotent
    def answers(self, request):
        """Each accept is leave for one message more.  Templates that are not ours are ignored."""
        leaves = subscriptions.take_answers(request.user, **self.body(AnswersBody))
        return Response(LeavesSerializer({"templates": leaves}).data)


class PreferenceViewSet(ApiViewSet):
    """/notifications/preferences: what leaves the app for oneself, and when not."""

    log_target = "notification"
    summaries = {"retrieve": "我的通知偏好", "update": "修改我的通知偏好"}
    permissions = {"retrieve": LOGIN, "update": LOGIN}
    refusals = {"update": (errors.NoticeUnknown, errors.NoticeMandatory)}

    @extend_schema(responses=PreferencesSerializer)
    def retrieve(self, request):
        return Response(self._shown(request))

    @extend_schema(request=PreferencesBody, responses=PreferencesSerializer)
    def update(self, request):
        """Any subset."""
        body = dict(self.body(PreferencesBody))
        rows = body.pop("preferences", ())
        wanted = [(row["template"], row["channel"], row["enabled"]) for row in rows]
        preferences.change_preferences(request.user, wanted=wanted, **body)
        return Response(self._shown(request))

    def _shown(self, request) -> dict:
        user = request.user
        return PreferencesSerializer(
            {
                "preferences": preferences.choices_of(user),
                "quiet_hours": preferences.quiet_hours_of(user),
            }
        ).data
