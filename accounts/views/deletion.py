"""Leaving, and what one may take along."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.response import Response

from accounts import errors
from accounts.serializers.deletion import DeletionBody, DeletionSerializer
from accounts.serializers.exports import ExportJobSerializer
from accounts.services import deletion
from accounts.services.holdings import blockers_of
from accounts.services.own_data import request_own_data
from config.api.permissions import LOGIN
from config.api.viewsets import ApiViewSet
from config.errors import NotFound


class OwnDataViewSet(ApiViewSet):
    """/user/data-export: everything about oneself as a file; its state is at /exports/{id}."""

    serializer_class = ExportJobSerializer
    throttle_kind = "login"
    log_target = "user"
    summaries = {"create": "导出我的全部数据"}
    permissions = {"create": LOGIN}
    step_up = frozenset({"create"})
    refusals = {"create": (errors.ExportTooSoon, errors.TooManyExports)}

    @extend_schema(request=None, responses={202: ExportJobSerializer})
    def create(self, request):
        """Once a day; a ZIP of JSON with a page to read, made in the background."""
        job = request_own_data(request.user)
        return Response(ExportJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class DeletionViewSet(ApiViewSet):
    """/user/deletion: leaving, and staying after all."""

    serializer_class = DeletionSerializer
    throttle_kind = "login"
    log_target = "user"
    summaries = {
        "retrieve": "注销状态与未了结事项",
        "create": "申请注销账号",
        "destroy": "撤销注销申请",
    }
    permissions = {"retrieve": LOGIN, "create": LOGIN, "destroy": LOGIN}
    step_up = frozenset({"create"})
    refusals = {
        "create": (errors.DeletionBlocked, errors.AccountDisabled),
        "destroy": (NotFound,),
    }

    @extend_schema(responses=DeletionSerializer)
    def retrieve(self, request):
        """Whether a deletion is pending, when it comes, and what would block it now."""
        return Response(self._state(request.user))

    @extend_schema(request=DeletionBody, responses={201: DeletionSerializer})
    def create(self, request):
        """Logging in stays possible until the end, and the request can be withdrawn."""
        deletion.request_deletion(request.user.pk, **self.body(DeletionBody))
        return Response(self._state(request.user), status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: None})
    def destroy(self, request):
        """Stay."""
        deletion.cancel_deletion(request.user.pk, actor=request.user, reason="本人撤销")
        return Response({})

    def _state(self, user) -> dict:
        found = {"pending": deletion.deletion_of(user), "blockers": blockers_of(user)}
        return DeletionSerializer(found).data
