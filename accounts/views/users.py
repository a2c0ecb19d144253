"""People and who holds which role, for staff."""

from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.response import Response

from accounts import errors
from accounts.filters import UserFilter
from accounts.models import User
from accounts.scope import reached
from accounts.serializers.exports import ExportBody, ExportJobSerializer
from accounts.serializers.reveals import RevealedSerializer, UserRevealBody
from accounts.serializers.tags import UserTagsBody
from accounts.serializers.users import (
    STAFF_COLUMNS,
    AssignRoleBody,
    NewUserBody,
    ReasonBody,
    StaffUserBody,
    StaffUserDetailSerializer,
    StaffUserSerializer,
    staff_rows,
)
from accounts.services.deletion import delete_user
from accounts.services.exports import request_export
from accounts.services.organisations import home_of_new
from accounts.services.people import with_last_active
from accounts.services.registration import create_user
from accounts.services.roles import assign_role, remove_role
from accounts.services.tags import set_user_tags
from accounts.services.users import change_user, disable_user, enable_user, unlock_user
from accounts.views.reveals import revealed
from config.api.viewsets import ApiViewSet
from config.errors import IllegalTransition
from config.prepared import Prepared, PreparedPages, counted

_all = Prepared(lambda: with_last_active(User.objects.order_by("-pk")).values(*STAFF_COLUMNS))
_total = Prepared(lambda: counted(User.objects.all()))

_STATUS = (errors.CannotChangeSelf, errors.CannotManage, errors.LastSuperAdmin, IllegalTransition)
_CHANGE = (errors.CannotChangeSelf, errors.CannotManage, IllegalTransition)
_EXPORT = (errors.ExportInvalid, errors.ReasonRequired, errors.TooManyExports)
_GRANT = (errors.CannotChangeSelf, errors.CannotManage, errors.CannotGrant, errors.RoleUnknown)


class UserViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ApiViewSet):
    """/user"""

    serializer_class = StaffUserSerializer
    filterset_class = UserFilter
    ordering_fields = ["id", "created_at", "username"]
    log_target = "user"
    log_operations = {"export": "data:export"}
    summaries = {
        "list": "用户列表",
        "export": "导出用户",
        "retrieve": "用户详情",
        "create": "新建用户",
        "update": "修改用户",
        "partial_update": "修改用户（部分字段）",
        "set_tags": "设置用户的标签",
        "disable": "停用用户",
        "enable": "启用用户",
        "unlock": "解除登录锁定",
        "reveal": "查看完整手机号或邮箱",
        "destroy": "注销用户（匿名化，不可恢复）",
        "assign_role": "授予角色",
        "remove_role": "移除角色",
    }
    permissions = {
        "list": "accounts.view_user",
        "retrieve": "accounts.view_user",
        "create": "accounts.add_user",
        "update": "accounts.change_user",
        "partial_update": "accounts.change_user",
        "set_tags": "accounts.change_user",
        "export": "accounts.export_data",
        "disable": "accounts.disable_user",
        "enable": "accounts.disable_user",
        "unlock": "accounts.disable_user",
        "reveal": "accounts.reveal_user",
        "destroy": "accounts.delete_user",
        "assign_role": "accounts.assign_role",
        "remove_role": "accounts.assign_role",
    }
    step_up = frozenset({"export", "disable", "destroy", "reveal", "assign_role", "remove_role"})
    refusals = {
        "create": (errors.UsernameMalformed, errors.UsernameTaken, errors.WeakPassword),
        "update": _CHANGE,
        "partial_update": _CHANGE,
        "set_tags": (errors.CannotManage, errors.UserTagUnknown),
        "export": _EXPORT,
        "disable": _STATUS,
        "enable": _STATUS,
        "unlock": (errors.CannotChangeSelf, errors.CannotManage),
        "reveal": (errors.TooManyReveals, errors.FieldUnreadable),
        "destroy": (
            errors.CannotChangeSelf,
            errors.CannotManage,
            errors.DeletionBlocked,
            IllegalTransition,
        ),
        "assign_role": _GRANT,
        "remove_role": (*_GRANT, errors.LastSuperAdmin),
    }

    def get_queryset(self):
        people = with_last_active(User.objects.visible_to(self.request.user))
        return people.prefetch_related("groups__role", "tags").order_by("-pk")

    def list(self, request):
        """As many statements for a hundred as for one."""
        people = self.paginate_queryset(self._wanted(request))
        return self.get_paginated_response(staff_rows(people))

    def _wanted(self, request):
        """The plain list of everybody is what nearly all ask for."""
        plain = request.query_params.keys() <= {"page", "size"}
        if plain and reached(User, request.user, "accounts.view_user") is None:
            return PreparedPages(_all, _total)
        return self.filter_queryset(self.get_queryset()).values(*STAFF_COLUMNS)

    @extend_schema(responses=StaffUserDetailSerializer)
    def retrieve(self, request, pk):
        """With how many orders, appointments, logins and so on they have, as far as you may see."""
        context = self.get_serializer_context()
        return Response(StaffUserDetailSerializer(self.get_object(), context=context).data)

    @extend_schema(request=NewUserBody, responses={201: StaffUserSerializer})
    def create(self, request):
        """Somebody who logs in by username and has to change the password you choose."""
        home = home_of_new(request.user)
        user = create_user(**self.body(NewUserBody), must_change=True, organisation_id=home)
        return self._answer(user.pk, status=201)

    @extend_schema(request=StaffUserBody, responses=StaffUserSerializer)
    def update(self, request, pk):
        """Any subset of the fields; PUT and PATCH are the same. Roles, status, phone and email
        have endpoints of their own."""
        change_user(self._pk(), actor=request.user, **self.body(StaffUserBody))
        return self._answer(pk)

    @extend_schema(request=StaffUserBody, responses=StaffUserSerializer)
    def partial_update(self, request, pk):
        return self.update(request, pk)

    @extend_schema(
        operation_id="user_set_tags", request=UserTagsBody, responses=StaffUserSerializer
    )
    def set_tags(self, request, pk):
        """Just these tags from now on; an empty list takes all of them off."""
        set_user_tags(self._pk(), self.body(UserTagsBody)["tags"], actor=request.user)
        return self._answer(pk)

    @extend_schema(request=ReasonBody, responses=StaffUserSerializer)
    def disable(self, request, pk):
        """Every login of theirs ends at once."""
        disable_user(self._pk(), actor=request.user, reason=self.body(ReasonBody)["reason"])
        return self._answer(pk)

    @extend_schema(request=ReasonBody, responses=StaffUserSerializer)
    def enable(self, request, pk):
        enable_user(self._pk(), actor=request.user, reason=self.body(ReasonBody)["reason"])
        return self._answer(pk)

    @extend_schema(request=None, responses=StaffUserSerializer)
    def unlock(self, request, pk):
        """Forget their failed logins."""
        unlock_user(self._pk(), actor=request.user)
        return self._answer(pk)

    @extend_schema(request=UserRevealBody, responses=RevealedSerializer)
    def reveal(self, request, pk):
        """One value in full; who asked for which and why stands in the operation log."""
        return revealed(request, self.get_object(), self.body(UserRevealBody))

    @extend_schema(request=ReasonBody, responses={200: None})
    def destroy(self, request, pk):
        """Anonymise them at once; orders, appointments and logs stay under a pseudonym."""
        delete_user(self._pk(), actor=request.user, reason=self.body(ReasonBody)["reason"])
        return Response({})

    @extend_schema(request=AssignRoleBody, responses=StaffUserSerializer)
    def assign_role(self, request, pk):
        assign_role(self._pk(), self.body(AssignRoleBody)["role"], actor=request.user)
        return self._answer(pk)

    @extend_schema(responses=StaffUserSerializer)
    def remove_role(self, request, pk, code):
        remove_role(self._pk(), code, actor=request.user)
        return self._answer(pk)

    @extend_schema(request=ExportBody, responses={202: ExportJobSerializer}, filters=False)
    def export(self, request):
        """A job: see /exports. Phone numbers and emails are masked; unmasked needs data:unmask
        and a reason."""
        job = request_export(request.user, "user", **self.body(ExportBody))
        return Response(ExportJobSerializer(job).data, status=202)

    def _pk(self) -> int:
        return self.get_object().pk

    def _answer(self, pk, status: int = 200) -> Response:
        user = self.get_queryset().get(pk=pk)
        return Response(self.get_serializer(user).data, status=status)
