"""The one way to move a status field, and the log of moves."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from accounts.models import StatusChange
from config.changes import note_change
from config.errors import StaleState
from config.rows import insert_all, new


def move(instance, to: str, **how) -> None:
    """Move instance.status to `to`, and log the move; see move_all()."""
    move_all([instance], to, **how)


def move_all(
    instances: Sequence[Model], to: str, *, actor=None, reason: str = "", **changes
) -> None:
    """Move the status of rows that have the same one to `to`, together with `changes`, and log
    each move: two statements, however many they are.

    A model whose TRANSITIONS are about another field names that field as STATE.
    Call it inside the transaction that holds the rows' locks.  The UPDATE is
    conditional on the old status all the same, so a forgotten lock shows up as
    StaleState and never as a lost update.  Raises IllegalTransition when
    TRANSITIONS does not allow the move.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("move() needs an open transaction")
    model = type(instances[0])
    field = getattr(model, "STATE", "status")
    (old,) = {getattr(instance, field) for instance in instances}
    model.TRANSITIONS.check(old, to)
    changes[field] = to
    if hasattr(model, "updated_at"):
        changes["updated_at"] = timezone.now()
    keys = [instance.pk for instance in instances]
    rows = model._base_manager.filter(pk__in=keys, **{field: old})
    if rows.update(**changes) != len(keys):
        raise StaleState(id=keys[0])
    for instance in instances:
        note_change(instance, {field: (old, to)})
        for name, value in changes.items():
            setattr(instance, name, value)
    insert_all(
        [
            new(
                StatusChange,
                model=model._meta.label_lower,
                object_pk=key,
                old=old,
                new=to,
                actor_id=actor and actor.pk,
                reason=reason[:200],
            )
            for key in keys
        ]
    )


def log_request(request, actor) -> None:
    """Have a request stand in the operation log as well, as `actor`'s: a file taken along,
    something revealed, what a counselor's page says.  Writes by staff stand there anyway."""
    getattr(request, "_request", request).logged_reader = actor


def moves_of(instance) -> QuerySet[StatusChange]:
    """Every move of this object's status (or STATE), oldest first."""
    changes = StatusChange.objects.filter(model=instance._meta.label_lower, object_pk=instance.pk)
    return changes.select_related("actor").order_by("pk")
