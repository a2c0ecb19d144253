"""Where staff and counselors work.  Whoever reaches an organisation reaches all below it, so moving
one is granting: it stays within the reach of whoever moves it (invariants R-1).
"""

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.errors import (
    OrganisationInUse,
    OrganisationMalformed,
    OrganisationNameTaken,
)
from accounts.models import Organisation, User
from accounts.scope import ALL, organisation_tree, reaches, scope_of
from accounts.services.roles import check_may_manage
from config.changes import note_change
from config.db import transact
from config.errors import NotFound

CHANGE = "accounts.change_organisation"


@transact
def save_organisation(
    organisation_id: int | None, *, name: str, parent_id: int | None, actor: User | None
) -> Organisation:
    """Make an organisation (id None) or rename or move one.

    Raises NotFound (not within reach of actor's role), OrganisationMalformed (a circle, or a
    parent out of reach; the top level and their own organisation's place are for those alone who
    reach everything) and OrganisationNameTaken.
    """
    above = _lock_tree()
    if organisation_id is not None:
        _check_reach(organisation_id, actor)
    _check_place(organisation_id, parent_id, above, actor)
    try:
        with transaction.atomic():
            if organisation_id is None:
                saved = Organisation.objects.create(name=name, parent_id=parent_id)
            else:
                saved = Organisation.objects.get(pk=organisation_id)
                saved.name, saved.parent_id = name, parent_id
                saved.save(update_fields=["name", "parent", "updated_at"])
    except IntegrityError:
        raise OrganisationNameTaken from None
    transaction.on_commit(organisation_tree.clear)
    return saved


@transact
def delete_organisation(organisation_id: int, *, actor: User | None) -> None:
    """Delete one that has neither members nor organisations below it (else OrganisationInUse)."""
    _lock_tree()
    _check_reach(organisation_id, actor)
    organisation = Organisation.objects.get(pk=organisation_id)
    if organisation.members.exists() or organisation.children.exists():
        raise OrganisationInUse
    organisation.delete()
    transaction.on_commit(organisation_tree.clear)


@transact
def move_to_organisation(user_id: int, *, organisation_id: int | None, actor: User | None) -> User:
    """Say where somebody works; None: nowhere.  Live with the next look at their row.

    Both must be within reach of actor's role (NotFound); nobody moves themselves
    (CannotChangeSelf).
    """
    user = User.objects.locked().filter(pk=user_id).first()
    if user is None:
        raise NotFound
    check_may_manage(user, actor=actor, permission="accounts.change_user")
    if organisation_id is not None:
        _check_known(organisation_id, actor)
    elif actor is not None and scope_of(actor, "accounts.change_user") != ALL:
        raise NotFound  # they would lose sight of them
    note_change(user, {"organisation": (user.organisation_id, organisation_id)})
    User.objects.filter(pk=user_id).update(
        organisation=organisation_id, permission_version=F("permission_version") + 1
    )
    user.refresh_from_db()
    return user


def home_of_new(actor: User) -> int | None:
    """The organisation of people that `actor` adds: their own, unless they reach everybody."""
    return None if scope_of(actor, "accounts.add_user") == ALL else actor.organisation_id


def _check_known(organisation_id: int, actor: User | None) -> None:
    known = Organisation.objects.select_for_update().filter(pk=organisation_id)
    if not list(known.values_list("pk")):
        raise NotFound
    if actor and not reaches(Organisation, organisation_id, actor, "accounts.change_user"):
        raise NotFound


def _lock_tree() -> dict[int, int | None]:
    """{organisation: the one above it}, all rows locked: two who move at once make no circle."""
    rows = Organisation.objects.select_for_update().order_by("pk")
    return dict(rows.values_list("pk", "parent_id"))


def _check_reach(organisation_id: int, actor: User | None) -> None:
    if actor is not None and not reaches(Organisation, organisation_id, actor, CHANGE):
        raise NotFound


def _check_place(organisation_id, parent_id, above: dict, actor: User | None) -> None:
    if parent_id is not None and parent_id not in above:
        raise OrganisationMalformed
    walked = parent_id
    while walked is not None:
        if walked == organisation_id:
            raise OrganisationMalformed
        walked = above[walked]
    if actor is None or scope_of(actor, CHANGE) == ALL:
        return
    moves = organisation_id is None or above[organisation_id] != parent_id
    own = organisation_id is not None and organisation_id == actor.organisation_id
    reached = parent_id is not None and reaches(Organisation, parent_id, actor, CHANGE)
    if moves and (own or not reached):
        raise OrganisationMalformed
