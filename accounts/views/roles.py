"""Roles and what they may do, for staff."""

from django.db.models import Count
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from accounts import errors
from accounts.filters import RoleFilter
from accounts.models import Role
from accounts.rbac import LABELS
from accounts.serializers.roles import (
    NewRoleBody,
    PermissionSerializer,
    RoleBody,
    RoleSerializer,
)
from accounts.services.role_editing import change_role, create_role, delete_role, grantable
from config.api.viewsets import ApiViewSet

_NEW = (errors.RoleUnknown, errors.RoleTooDeep, errors.RoleNameTaken, errors.CannotGrant)
_CHANGE = (*_NEW, errors.CannotChangeSelf)


class RoleViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/role: built-in roles are read, those of staff's own are written too."""

    serializer_class = RoleSerializer
    filterset_class = RoleFilter
    ordering_fields = ["id", "code", "members"]
    log_target = "role"
    summaries = {
        "list": "角色列表",
        "retrieve": "角色详情",
        "create": "新建角色",
        "update": "修改角色",
        "partial_update": "修改角色（部分字段）",
        "destroy": "删除角色",
    }
    permissions = {
        "list": "accounts.view_role",
        "retrieve": "accounts.view_role",
        "create": "accounts.add_role",
        "update": "accounts.change_role",
        "partial_update": "accounts.change_role",
        "destroy": "accounts.delete_role",
    }
    step_up = frozenset({"create", "update", "partial_update", "destroy"})
    refusals = {
        "create": _NEW,
        "update": _CHANGE,
        "partial_update": _CHANGE,
        "destroy": (errors.RoleInUse, errors.CannotGrant),
    }

    def get_queryset(self):
        roles = Role.objects.select_related("group").prefetch_related("parent")
        return roles.annotate(members=Count("group__user")).order_by("pk")

    @extend_schema(request=NewRoleBody, responses={201: RoleSerializer})
    def create(self, request):
        role = create_role(actor=request.user, **self.body(NewRoleBody))
        return self._answer(role.pk, status=201)

    @extend_schema(request=RoleBody, responses=RoleSerializer)
    def update(self, request, pk, partial=False):
        """Not the code, and no built-in role; whoever holds it feels it with the next request."""
        body = self.body(RoleBody, partial=partial)
        return self._answer(change_role(int(pk), actor=request.user, **body).pk)

    @extend_schema(request=RoleBody, responses=RoleSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk, partial=True)

    def destroy(self, request, pk):
        """Only one of staff's own that nobody holds and none inherits from."""
        delete_role(self.get_object().pk, actor=request.user)
        return Response({})

    def _answer(self, pk: int, status: int = 200) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(pk=pk)).data, status=status)


class RolePermissionViewSet(ApiViewSet):
    """/role/permissions"""

    serializer_class = PermissionSerializer
    summaries = {
        "available": "可用于角色的权限",
    }
    permissions = {"available": "accounts.view_role"}
    pagination_class = None

    @extend_schema(
        operation_id="role_permissions", responses=PermissionSerializer(many=True), filters=False
    )
    def available(self, request):
        """Every name a role's permissions may have; nobody grants what they do not hold."""
        mine = grantable(request.user)
        rows = [
            {"name": name, "label": label, "grantable": name in mine}
            for name, label in LABELS.items()
        ]
        return Response(PermissionSerializer(rows, many=True).data)
