from rest_framework import serializers

from accounts.models import DataScope
from accounts.rbac import PERMISSIONS


class RoleSerializer(serializers.Serializer):
    """permissions: the names this role itself grants; those of parent come on top."""

    id = serializers.IntegerField(read_only=True)
    code = serializers.CharField(read_only=True)
    name = serializers.CharField(source="group.name", read_only=True)
    description = serializers.CharField(read_only=True)
    parent = serializers.SerializerMethodField()
    data_scope = serializers.CharField(read_only=True)
    staff = serializers.BooleanField(read_only=True)
    built_in = serializers.BooleanField(read_only=True)
    permissions = serializers.ListField(
        child=serializers.CharField(), source="permission_names", read_only=True
    )
    members = serializers.IntegerField(read_only=True)

    def get_parent(self, role) -> str | None:
        return role.parent.code if role.parent_id else None


class RoleBody(serializers.Serializer):
    """permissions: all that the role itself is to grant, as GET /role/permissions names them.
    parent: a role's code, or null for none."""

    name = serializers.CharField(max_length=150)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    parent = serializers.SlugField(max_length=32, required=False, allow_null=True)
    data_scope = serializers.ChoiceField(choices=DataScope.choices, required=False)
    staff = serializers.BooleanField(required=False)
    permissions = serializers.ListField(
        child=serializers.CharField(max_length=64), max_length=2 * len(PERMISSIONS)
    )


class NewRoleBody(RoleBody):
    """code: for good."""

    code = serializers.RegexField("^[a-z][a-z0-9_-]*$", max_length=32)


class PermissionSerializer(serializers.Serializer):
    """grantable: whether the caller holds all that the name stands for."""

    name = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)
    grantable = serializers.BooleanField(read_only=True)
