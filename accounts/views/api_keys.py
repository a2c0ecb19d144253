"""Keys of third parties, for staff."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.response import Response

from accounts import errors
from accounts.models import ApiKey
from accounts.scope import scoped
from accounts.serializers.api_keys import ApiKeySerializer, NewApiKeyBody, NewApiKeySerializer
from accounts.services.api_keys import create_key, revoke_key
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition, NotFound


class ApiKeyViewSet(mixins.ListModelMixin, ApiViewSet):
    """/api-keys"""

    serializer_class = ApiKeySerializer
    write_serializer_class = NewApiKeyBody
    filterset_fields = ["owner"]
    log_target = "api_key"
    summaries = {"list": "API 密钥列表", "create": "新建 API 密钥", "destroy": "吊销 API 密钥"}
    permissions = {
        "list": "accounts.view_apikey",
        "create": "accounts.add_apikey",
        "destroy": "accounts.revoke_apikey",
    }
    step_up = frozenset({"create", "destroy"})
    refusals = {
        "create": (
            errors.ApiKeyMalformed,
            errors.AccountDisabled,
            errors.TooManyApiKeys,
            NotFound,
        ),
        "destroy": (IllegalTransition,),
    }

    def get_queryset(self):
        permission = self.permissions[self.action]
        return scoped(ApiKey.objects.order_by("-pk"), self.request.user, permission)

    @extend_schema(responses={201: NewApiKeySerializer})
    def create(self, request):
        """`key` is shown this once."""
        body = self.body(NewApiKeyBody)
        row, text = create_key(body.pop("owner_id"), actor=request.user, **body)
        row.key = text
        return Response(NewApiKeySerializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: None})
    def destroy(self, request, pk):
        """It stops working at once and stays in the list."""
        revoke_key(self.get_object().pk, actor=request.user)
        return Response({})
