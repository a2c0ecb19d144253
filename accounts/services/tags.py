"""Tags that staff put on people by hand: what they are called, and who has them."""

from collections.abc import Collection, Iterable

from django.db import IntegrityError, transaction

from accounts.errors import UserTagInUse, UserTagNameTaken, UserTagUnknown
from accounts.models import User, UserStatus, UserTag, UserTagging
from accounts.scope import scoped
from accounts.services.roles import check_may_manage_all
from config.changes import note_change, set_fields
from config.db import transact
from config.errors import NotFound
from config.prepared import Prepared

MAX_PEOPLE = 1000  # of one bulk change


@transact
def save_user_tag(tag_id: int | None = None, **fields: str) -> UserTag:
    """Make a tag, or change the one with that id.

    fields: name, colour, description.  UserTagNameTaken when another has the name.
    """
    tag = _locked([tag_id])[tag_id] if tag_id else UserTag()
    set_fields(tag, fields)
    try:
        with transaction.atomic():
            tag.save(update_fields=[*fields, "updated_at"] if tag_id else None)
    except IntegrityError:
        raise UserTagNameTaken(name=tag.name) from None
    return tag


def tags_of(user_ids: Iterable[int]) -> dict[int, list[dict]]:
    """Everybody's tags by name, as {"id", "name", "colour"}, in one statement."""
    found = {user_id: [] for user_id in user_ids}
    for row in _worn(users=tuple(found)) if found else ():
        found[row["user_id"]].append(
            {"id": row["tag_id"], "name": row["tag__name"], "colour": row["tag__colour"]}
        )
    return found


_worn = Prepared(
    lambda users: (
        UserTagging.objects.filter(user__in=users)
        .order_by("tag__name")
        .values("user_id", "tag_id", "tag__name", "tag__colour")
    )
)


@transact
def delete_user_tag(tag_id: int) -> None:
    """Delete a tag nobody has; UserTagInUse otherwise: take it off them, or merge it."""
    tag = _locked([tag_id])[tag_id]
    if people := tag.taggings.count():
        raise UserTagInUse(users=people)
    note_change(tag, {"name": (tag.name, None)})
    tag.delete()


@transact
def merge_user_tags(tag_id: int, *, into_id: int) -> UserTag:
    """Whoever has `tag_id` has `into_id` afterwards; the former goes away.

    NotFound, or UserTagUnknown for the one that should stay (also when it is the same).
    """
    tags = _locked([tag_id, into_id], required=[tag_id])
    if into_id == tag_id or into_id not in tags:
        raise UserTagUnknown(tags=[into_id])
    tag, into = tags[tag_id], tags[into_id]
    both = into.taggings.values("user")
    tag.taggings.filter(user__in=list(both.values_list("user", flat=True))).delete()
    moved = tag.taggings.update(tag=into)
    note_change(tag, {"name": (tag.name, None), "people": (moved, 0)})
    note_change(into, {"merged": (None, tag.name)})
    tag.delete()
    return into


@transact
def set_user_tags(user_id: int, tag_ids: Collection[int], *, actor: User) -> None:
    """Let somebody have just these tags; who put on those they have already is kept.

    UserTagUnknown, CannotManage (a super admin, by anybody less).
    """
    user = _people([user_id], actor).get(user_id)
    if user is None:
        raise NotFound
    wanted = _known(tag_ids)
    had = dict(UserTagging.objects.filter(user=user).values_list("tag_id", "tag__name"))
    UserTagging.objects.filter(user=user).exclude(tag__in=wanted).delete()
    _put_on([user_id], [tag_id for tag_id in wanted if tag_id not in had], actor)
    after = sorted(tag.name for tag in wanted.values())
    if sorted(had.values()) != after:
        note_change(user, {"tags": (sorted(had.values()), after)})


@transact
def change_user_tags(
    user_ids: Collection[int],
    *,
    actor: User,
    add: Collection[int] = (),
    remove: Collection[int] = (),
) -> int:
    """Put tags on many people and take others off; how many people that was.

    All of them or nobody: NotFound for an unknown person, and otherwise as set_user_tags().
    A second call is harmless.
    """
    people = _people(user_ids, actor)
    if missing := set(user_ids) - people.keys():
        raise NotFound(users=sorted(missing)[:10])
    known = _known({*add, *remove})
    _put_on(people, add, actor)
    UserTagging.objects.filter(user__in=people, tag__in=remove).delete()
    for tag_id, tag in known.items():
        change = ([], sorted(people)) if tag_id in set(add) else (sorted(people), [])
        note_change(tag, {"users": change})
    return len(people)


def _put_on(user_ids: Iterable[int], tag_ids: Collection[int], actor: User) -> None:
    rows = [
        UserTagging(user_id=user_id, tag_id=tag_id, tagged_by=actor)
        for user_id in user_ids
        for tag_id in tag_ids
    ]
    UserTagging.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)


def _people(user_ids: Collection[int], actor: User) -> dict[int, User]:
    """Locked, so that two who set one person's tags take turns; nobody who is gone
    or beyond the actor's reach."""
    reached = scoped(User.objects.all(), actor, "accounts.change_user")
    rows = reached.exclude(status=UserStatus.DELETED).locked()
    people = {user.pk: user for user in rows.filter(pk__in=set(user_ids))}
    check_may_manage_all(people, actor=actor)
    return people


def _known(tag_ids: Collection[int]) -> dict[int, UserTag]:
    """Locked: a tag is not deleted while it is put on somebody."""
    tags = {tag.pk: tag for tag in UserTag.objects.locked().filter(pk__in=set(tag_ids))}
    if unknown := set(tag_ids) - tags.keys():
        raise UserTagUnknown(tags=sorted(unknown))
    return tags


def _locked(tag_ids: Collection[int], *, required: Collection[int] | None = None):
    tags = {tag.pk: tag for tag in UserTag.objects.locked().filter(pk__in=tag_ids)}
    if set(tag_ids if required is None else required) - tags.keys():
        raise NotFound
    return tags
