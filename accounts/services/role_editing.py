"""What a role may do: roles of staff's own are made, changed and deleted; groups follow.

All rows of roles are locked first, so that two who move roles at once see one another: neither a
circle nor a right that nobody checked comes of it (invariants R-1).
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, transaction

from accounts.errors import (
    CannotChangeSelf,
    CannotGrant,
    RoleInUse,
    RoleNameTaken,
    RoleTooDeep,
    RoleUnknown,
)
from accounts.models import Role, User
from accounts.rbac import PERMISSIONS, SUPER_ADMIN
from accounts.scope import covers
from accounts.services.roles import given_by, held_by, is_super_admin, refresh
from config.changes import note_change
from config.db import transact
from config.errors import NotFound

# A role, what it inherits from, and so on: more nobody understands.
DEEPEST = 5


@transact
def save_role(
    code: str,
    *,
    name: str,
    permissions: Iterable[str],
    actor: User | None,
    description: str = "",
    parent: str | None = None,
    data_scope: str = "own",
    staff: bool = True,
) -> Role:
    """Make a role of staff's own, or change one.

    permissions: names of accounts.rbac.PERMISSIONS; those of `parent` come on top, as far as
    data_scope reaches, whatever the parent's.  Raises RoleUnknown (a built-in code, an unknown or
    circular parent, an unknown name), RoleTooDeep, RoleNameTaken, CannotChangeSelf (a role that
    actor has, or inherits from) and CannotGrant.
    """
    roles = _lock_roles()
    role, above = roles.get(code), roles.get(parent)
    _check_role(role, above, parent, permissions, roles)
    held = None if actor is None else held_by(actor)  # before anything is written
    if role:
        _check_own(role, actor, roles)
        _check_covered(role, held)
    fields = {
        "description": description,
        "parent": above,
        "permission_names": sorted(set(permissions)),
        "data_scope": data_scope,
        "staff": staff,
    }
    _write(role, code, name, fields)
    apply_permissions()
    role = Role.objects.select_related("group").get(code=code)
    _check_covered(role, held)  # too much: the transaction is undone
    refresh(User.objects.filter(groups=role.group_id))
    return role


@transact
def create_role(code: str, *, actor: User | None, **fields) -> Role:
    """save_role() for a code that nobody has yet, else RoleNameTaken: no way to change one."""
    if code in _lock_roles():
        raise RoleNameTaken
    role = save_role(code, actor=actor, **fields)
    note_change(role, {name: (None, value) for name, value in _fields(role).items()})
    return role


@transact
def change_role(role_id: int, *, actor: User | None, **fields) -> Role:
    """save_role() for some of its fields; the others are as they are under the lock.  NotFound."""
    role = next((role for role in _lock_roles().values() if role.pk == role_id), None)
    if role is None:
        raise NotFound
    before = _fields(role)
    saved = save_role(role.code, actor=actor, **(before | fields))
    after = _fields(saved)
    note_change(saved, {n: (before[n], after[n]) for n in after if before[n] != after[n]})
    return saved


def _fields(role: Role) -> dict:
    """What save_role() takes, as the role has it."""
    return {
        "name": role.group.name,
        "description": role.description,
        "parent": role.parent.code if role.parent_id else None,
        "permissions": role.permission_names,
        "data_scope": role.data_scope,
        "staff": role.staff,
    }


@transact
def delete_role(role_id: int, *, actor: User | None) -> None:
    """Delete a role of staff's own that nobody holds and none inherits from (else RoleInUse)."""
    role = next((role for role in _lock_roles().values() if role.pk == role_id), None)
    if role is None:
        raise RoleUnknown
    if role.built_in or role.children.exists() or role.group.user_set.exists():
        raise RoleInUse
    _check_covered(role, None if actor is None else held_by(actor))
    note_change(role, {"code": (role.code, None)})
    role.group.delete()  # the role goes with it


def grantable(actor: User) -> set[str]:
    """The names of PERMISSIONS of which `actor` holds everything they stand for, however far."""
    held, known = held_by(actor), _known_permissions()
    mine = {known[name] for name in held if name in known}
    return {name for name in PERMISSIONS if _ids([name], known) <= mine}


def apply_permissions() -> None:
    """Make every group's Django permissions what its role and the roles above it name."""
    known = _known_permissions()
    roles = Role.objects.select_related("group").in_bulk()
    for role in roles.values():
        names = set(role.permission_names)
        above = role.parent_id
        while above:
            names |= set(roles[above].permission_names)
            above = roles[above].parent_id
        wanted = set(known.values()) if role.code == SUPER_ADMIN else _ids(names, known)
        if wanted != set(role.group.permissions.values_list("pk", flat=True)):
            role.group.permissions.set(wanted)
            refresh(User.objects.filter(groups=role.group_id))


def _lock_roles() -> dict[str, Role]:
    """Every role by its code, locked in primary-key order until the transaction ends."""
    list(Role.objects.select_for_update().order_by("pk").values_list("pk"))
    return {role.code: role for role in Role.objects.select_related("group")}


def _write(role: Role | None, code: str, name: str, fields: dict) -> None:
    try:
        with transaction.atomic():
            if role is None:
                Role.objects.create(code=code, group=Group.objects.create(name=name), **fields)
            else:
                Group.objects.filter(pk=role.group_id).update(name=name)
                Role.objects.filter(pk=role.pk).update(**fields)
    except IntegrityError:
        raise RoleNameTaken from None


def _check_role(role, above, parent, permissions: Iterable[str], roles: dict[str, Role]) -> None:
    built_in = role and role.built_in
    lost = parent and above is None
    if built_in or lost or not set(permissions) <= PERMISSIONS.keys():
        raise RoleUnknown
    by_pk = {one.pk: one for one in roles.values()}
    line = _line(above, by_pk)
    if role and role.pk in line:
        raise RoleUnknown
    below = [len(_line(one, by_pk, until=role)) for one in roles.values()] if role else [1]
    if len(line) + max(below) > DEEPEST:
        raise RoleTooDeep


def _line(role: Role | None, by_pk: dict[int, Role], *, until: Role | None = None) -> list[int]:
    """The role and those above it; with `until`, only as far as that one, [] if it is not there."""
    found = []
    while role:
        found.append(role.pk)
        if until and role.pk == until.pk:
            return found
        role = by_pk.get(role.parent_id)
    return [] if until or not found else found


def _check_own(role: Role, actor: User | None, roles: dict[str, Role]) -> None:
    """Nobody but a super admin edits a role they hold, or one that theirs inherits from."""
    if actor is None or is_super_admin(actor):
        return
    by_pk = {one.pk: one for one in roles.values()}
    mine = set(actor.groups.values_list("pk", flat=True))
    if any(role.pk in _line(one, by_pk) for one in roles.values() if one.group_id in mine):
        raise CannotChangeSelf


def _check_covered(role: Role, held: dict[str, str] | None) -> None:
    if held is not None and not covers(held, given_by(role)):
        raise CannotGrant(role=role.code)


def _known_permissions() -> dict[str, int]:
    """Every Django permission's primary key by its full name."""
    return {
        f"{permission.content_type.app_label}.{permission.codename}": permission.pk
        for permission in Permission.objects.select_related("content_type")
    }


def _ids(names: Iterable[str], known: dict[str, int]) -> set[int]:
    """Primary keys of the Django permissions behind our names; apps not migrated yet have none."""
    patterns = [pattern for name in names for pattern in PERMISSIONS.get(name, ())]
    return {
        pk for full, pk in known.items() if any(fnmatchcase(full, pattern) for pattern in patterns)
    }
