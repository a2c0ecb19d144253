"""Groups and roles made to match accounts.rbac: after migrate, and by `manage.py sync_roles`."""

from django.apps import apps
from django.contrib.auth.management import create_permissions
from django.contrib.auth.models import Group
from django.db import connection

from accounts.models import Role, User
from accounts.rbac import PERMISSIONS, ROLES, RoleSpec
from accounts.services.role_editing import apply_permissions
from accounts.services.roles import refresh


def sync_roles() -> None:
    """Built-in roles become the literals; roles that staff made keep what they name.  Harmless to
    repeat."""
    roles = {code: _sync_role(code, spec) for code, spec in ROLES.items()}
    for code, spec in ROLES.items():
        parent = roles[spec.parent] if spec.parent else None
        Role.objects.filter(code=code).exclude(parent=parent).update(parent=parent)
    apply_permissions()


def _sync_role(code: str, spec: RoleSpec) -> Role:
    role = Role.objects.filter(code=code).first()
    if role is None:
        group, _ = Group.objects.get_or_create(name=spec.name)
        role = Role.objects.create(group=group, code=code)
    reach = {"data_scope": spec.data_scope, "staff": spec.staff}
    stale = any(getattr(role, name) != value for name, value in reach.items())
    Role.objects.filter(pk=role.pk).update(
        **reach,
        description=spec.description,
        permission_names=sorted(PERMISSIONS if spec.everything else spec.permissions),
        built_in=True,
    )
    if stale:
        refresh(User.objects.filter(groups=role.group_id))
    return role


def sync_roles_after_migrate(**kwargs) -> None:
    """post_migrate receiver; permissions of apps whose turn comes later are made here already."""
    if Role._meta.db_table not in connection.introspection.table_names():
        return
    for config in apps.get_app_configs():
        create_permissions(config, verbosity=0)
    sync_roles()
