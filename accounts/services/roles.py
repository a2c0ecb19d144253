"""Who holds which role.

Every change raises the permission version of those it concerns, so it is live on every process
with the next look at their row (invariants R-3).  Nobody hands out what they do not hold, nor
further than it reaches for them.  services.role_editing says what a role may do.
"""

from collections.abc import Iterable

from django.db.models import F, Q

from accounts.errors import (
    CannotChangeSelf,
    CannotGrant,
    CannotManage,
    LastSuperAdmin,
    RoleUnknown,
)
from accounts.models import Role, User, UserStatus
from accounts.rbac import SUPER_ADMIN
from accounts.scope import covers, grants, reaches, read_grants
from accounts.services.notifications import notify
from config.changes import note_change
from config.db import transact
from config.errors import NotFound
from config.prepared import Prepared


@transact
def assign_role(user_id: int, code: str, *, actor: User | None) -> None:
    """Give a role.  Nobody grants what they do not hold themselves (CannotGrant), nor to
    themselves (CannotChangeSelf), nor to people their role does not reach (NotFound); actor None
    is the system.  A second call is harmless."""
    user, role = _locked(user_id, code, actor)
    before = role_codes_of([user.pk])[user.pk]
    user.groups.add(role.group)
    _tell(user, role, actor, "授予", before)


@transact
def remove_role(user_id: int, code: str, *, actor: User | None) -> None:
    """Take a role away, by the same rules; LastSuperAdmin when nobody would be left."""
    user, role = _locked(user_id, code, actor)
    if code == SUPER_ADMIN:
        keep_a_super_admin(without=user)
    before = role_codes_of([user.pk])[user.pk]
    user.groups.remove(role.group)
    _tell(user, role, actor, "移除", before)


def role_codes(user: User) -> list[str]:
    """The codes of a person's roles; costs nothing when groups__role is prefetched."""
    roles = (getattr(group, "role", None) for group in user.groups.all())
    return sorted(role.code for role in roles if role)


def role_codes_of(user_ids: Iterable[int]) -> dict[int, list[str]]:
    """role_codes() of many people in one statement; a person without roles has []."""
    found = {user_id: [] for user_id in user_ids}
    for row in _held(users=tuple(found)) if found else ():
        found[row["group__user"]].append(row["code"])
    return found


_held = Prepared(
    lambda users: (
        Role.objects.filter(group__user__in=users).order_by("code").values("group__user", "code")
    )
)


def super_admins():
    """Those who may do everything, disabled ones too."""
    return User.objects.filter(Q(is_superuser=True) | Q(groups__role__code=SUPER_ADMIN)).distinct()


def is_super_admin(user: User) -> bool:
    return super_admins().filter(pk=user.pk).exists()


def check_may_manage(user: User, *, actor: User | None, permission: str) -> None:
    """Refuse oneself (CannotChangeSelf), people beyond the reach of `permission` (NotFound) and,
    to anybody less, a super admin (CannotManage)."""
    if actor is None:
        return
    if actor.pk == user.pk:
        raise CannotChangeSelf
    if permission in grants(actor) and not reaches(User, user.pk, actor, permission):
        raise NotFound
    powerful = set(super_admins().filter(pk__in=[user.pk, actor.pk]).values_list("pk", flat=True))
    if user.pk in powerful and actor.pk not in powerful:
        raise CannotManage


def check_may_manage_all(user_ids: Iterable[int], *, actor: User) -> None:
    """Refuse (CannotManage) when a super admin is among them and `actor` is none; two statements
    at most, however many they are."""
    above = super_admins().filter(pk__in=list(user_ids)).exclude(pk=actor.pk)
    if above.exists() and not super_admins().filter(pk=actor.pk).exists():
        raise CannotManage


def keep_a_super_admin(*, without: User) -> None:
    """Raise LastSuperAdmin when `without` is the only active one.

    Locks the role's row first: two who remove each other queue here (invariants R-2).
    """
    Role.objects.select_for_update().get(code=SUPER_ADMIN)
    active = set(super_admins().filter(status=UserStatus.ACTIVE).values_list("pk", flat=True))
    if active == {without.pk}:
        raise LastSuperAdmin


def check_grant(role: Role, actor: User | None) -> None:
    """CannotGrant unless `actor` holds, in the database as it is now, all that `role` gives and at
    least as far as it gives it."""
    if actor is not None and not covers(held_by(actor), given_by(role)):
        raise CannotGrant(role=role.code)


def held_by(actor: User) -> dict[str, str]:
    """{permission: scope}, read anew: what a process remembers may be from before a change."""
    return grants(actor) if actor.is_superuser else read_grants(actor.pk)


def given_by(role: Role) -> dict[str, str]:
    """{permission: scope} of the group behind a role."""
    pairs = role.group.permissions.order_by().values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}": role.data_scope for app, codename in pairs}


def refresh(users) -> None:
    """Whether they may enter the back office follows from their roles; have permissions re-read."""
    staff = Role.objects.filter(staff=True).values("group_id")
    for user in users:
        User.objects.filter(pk=user.pk).update(
            is_staff=user.is_superuser or user.groups.filter(pk__in=staff).exists(),
            permission_version=F("permission_version") + 1,
        )


def _locked(user_id: int, code: str, actor: User | None) -> tuple[User, Role]:
    """The role and the user, in this order; actor's rights are read under the lock, not as they
    were before.  The role is locked so that it is not deleted or lifted meanwhile."""
    rows = Role.objects.filter(code=code)
    if not list(rows.select_for_update().values_list("pk")):
        raise RoleUnknown
    role = rows.select_related("group").get()
    ids = {user_id} | ({actor.pk} if actor else set())
    users = {user.pk: user for user in User.objects.locked().filter(pk__in=ids)}
    if user_id not in users:
        raise NotFound
    user, actor = users[user_id], actor and users[actor.pk]
    check_may_manage(user, actor=actor, permission="accounts.assign_role")
    check_grant(role, actor)
    return user, role


def _tell(user: User, role: Role, actor: User | None, change: str, before: list[str]) -> None:
    refresh(User.objects.filter(pk=user.pk))
    if actor is not None:
        note_change(user, {"roles": (before, role_codes_of([user.pk])[user.pk])})
        notify(user, "role_changed", change=change, role=role.group.name)
