"""Whose rows a permission reaches: everybody's, one's organisation's or one's own.

A role's data scope holds for all it grants, what it inherits too; of several roles that grant a
permission the widest counts.  settings.DATA_SCOPE says, per model, by which people its rows are
reached.  Clients have no role, so nothing here costs them a statement.
"""

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Model, Q, QuerySet

from accounts.models.organisations import Organisation
from accounts.models.rbac import DataScope
from config.memo import memo

OWN, ORGANISATION, ALL = DataScope.OWN, DataScope.ORGANISATION, DataScope.ALL
WIDTH = {OWN.value: 1, ORGANISATION.value: 2, ALL.value: 3}
# As reach_of() tells it.
EVERYTHING = {"scope": ALL.value, "organisations": []}
# How long a process may take to hear of a changed organisation tree (invariants R-3: 1 s).
TREE_SECONDS = 0.5
# What DATA_SCOPE says of rows that are nobody's: everybody with the permission sees them.
COMMON = "common"


def grants(user) -> dict[str, str]:
    """{permission: how far it reaches}; nothing for who is locked out."""
    if not user.is_active or user.is_anonymous:
        return {}
    if user.is_superuser:
        return dict.fromkeys(_names(Permission.objects.all()), ALL.value)
    return _granted(user.pk, user.permission_version)


@lru_cache(maxsize=10_000)
def _granted(user_id: int, version: int) -> dict[str, str]:
    return read_grants(user_id)


def read_grants(user_id: int) -> dict[str, str]:
    """As the database has it now: for those who decide under a lock."""
    rows = Permission.objects.filter(group__user=user_id).order_by()
    columns = ("content_type__app_label", "codename", "group__role__data_scope")
    found: dict[str, str] = {}
    for app, codename, scope in rows.values_list(*columns):
        found[f"{app}.{codename}"] = wider(found.get(f"{app}.{codename}"), scope or OWN.value)
    return found


def _names(permissions) -> list[str]:
    pairs = permissions.order_by().values_list("content_type__app_label", "codename")
    return [f"{app}.{codename}" for app, codename in pairs]


def wider(one: str | None, other: str) -> str:
    return max(one or other, other, key=WIDTH.__getitem__)


def covers(held: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether every permission wanted is held, and reaches at least as far."""
    return all(WIDTH[held[name]] >= WIDTH[far] if name in held else False
               for name, far in wanted.items())  # fmt: skip


def scope_of(user, permission: str) -> str | None:
    """How far `permission` reaches for `user`; None when they do not hold it."""
    return grants(user).get(permission)


def reach_of(user, permissions: Iterable[str]) -> dict[str, Any]:
    """How far all of `permissions` reach together; still_reaches() compares it later."""
    held = grants(user)
    scope = min((held.get(name, OWN.value) for name in permissions), key=WIDTH.__getitem__)
    within = scope == ORGANISATION and user.organisation_id is not None
    below = organisations_below(user.organisation_id) if within else []
    return {"scope": scope, "organisations": sorted(below)}


def still_reaches(user, permissions: Iterable[str], then: Mapping[str, Any]) -> bool:
    """Whether `permissions` reach at least as far as they did when reach_of() gave `then`."""
    now = reach_of(user, permissions)
    if now["scope"] != then["scope"]:
        return WIDTH[now["scope"]] > WIDTH[then["scope"]]
    return set(then["organisations"]) <= set(now["organisations"])


def scoped(queryset: QuerySet, user, permission: str, *, besides: Q | None = None) -> QuerySet:
    """The rows `permission` lets `user` reach, and those they reach `besides`, by another right.

    No statement of its own, but for the tree of organisations (kept for TREE_SECONDS).
    """
    reach = reached(queryset.model, user, permission)
    if reach is None:
        return queryset
    if besides is not None:
        reach = besides if reach is NOTHING else reach | besides
    return queryset.none() if reach is NOTHING else queryset.filter(reach)


def seen_by(queryset: QuerySet, viewer, permission: str) -> QuerySet:
    """For figures: as scoped(), or everything when nobody in particular looks (viewer None)."""
    return queryset if viewer is None else scoped(queryset, viewer, permission)


NOTHING = Q(pk__in=[])


def reached(model: type[Model], user, permission: str) -> Q | None:
    """The condition on rows of `model`; None for all of them, NOTHING for none.

    A model that settings.DATA_SCOPE does not know is for those alone who reach everything.
    """
    scope = scope_of(user, permission)
    if scope is None:
        return NOTHING
    paths = settings.DATA_SCOPE.get(model._meta.label_lower, ())
    if scope == ALL or paths == COMMON:
        return None
    if not paths:
        return NOTHING
    condition = Q()
    for path in paths:
        condition |= _people(model, path, user, scope)
    return condition


def reaches(model: type[Model], pk, user, permission: str) -> bool:
    """Whether `permission` lets `user` reach that row; a statement unless they reach all."""
    condition = reached(model, user, permission)
    if condition is None or condition is NOTHING:
        return condition is None
    return model._base_manager.filter(condition, pk=pk).exists()


def _people(model: type[Model], path: str, user, scope: str) -> Q:
    """Rows whose `path` leads to `user` or, where they work, to a colleague."""
    if model is Organisation:
        return Q(pk__in=_organisations(user, scope))
    condition = Q(**{f"{path}_id" if path else "pk": user.pk})
    if scope == ORGANISATION and user.organisation_id is not None:
        prefix = f"{path}__" if path else ""
        below = organisations_below(user.organisation_id)
        condition |= Q(**{f"{prefix}organisation_id__in": below})
    if not _leads_to_many(model, path):
        return condition
    return Q(pk__in=model._base_manager.filter(condition).order_by().values("pk"))


def _organisations(user, scope: str) -> list[int]:
    if user.organisation_id is None:
        return []
    return (
        organisations_below(user.organisation_id)
        if scope == ORGANISATION
        else [user.organisation_id]
    )


@cache
def _leads_to_many(model: type[Model], path: str) -> bool:
    """Whether one row may lead to several people: joining them would repeat it."""
    for name in path.split("__") if path else ():
        field = model._meta.get_field(name)
        if field.one_to_many or field.many_to_many:
            return True
        model = field.related_model
    return False


def organisations_below(organisation_id: int) -> list[int]:
    """The organisation and all those below it."""
    children: dict[int | None, list[int]] = {}
    for pk, parent_id in organisation_tree():
        children.setdefault(parent_id, []).append(pk)
    found = [organisation_id]
    for pk in found:  # grows while it is walked
        found += [child for child in children.get(pk, ()) if child not in found]
    return found


@memo(TREE_SECONDS)
def organisation_tree() -> list[tuple[int, int | None]]:
    """(organisation, the one above it) of them all."""
    return list(Organisation.objects.order_by("pk").values_list("pk", "parent_id"))
