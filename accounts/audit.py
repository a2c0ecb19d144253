"""The one way to move a status field, and the log of moves."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import StatusChange
from config.changes import note_change
from config.errors import StaleState
from config.prepared import insert


def move(instance, to: str, *, actor=None, reason: str = "", **changes) -> None:
    """Move instance.status to `to`, together with `changes`, and log the move.

    A model whose TRANSITIONS are about another field names that field as STATE.
    Call it inside the transaction that holds the row's lock.  The UPDATE is
    conditional on the old status all the same, so a forgotten lock shows up as
    StaleState and never as a lost update.  Raises IllegalTransition when
    instance.TRANSITIONS does not allow the move.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("move() needs an open transaction")
    field = getattr(instance, "STATE", "status")
    old = getattr(instance, field)
    instance.TRANSITIONS.check(old, to)
    changes[field] = to
    if hasattr(instance, "updated_at"):
        changes["updated_at"] = timezone.now()
    if not type(instance)._base_manager.filter(pk=instance.pk, **{field: old}).update(**changes):
        raise StaleState(id=instance.pk)
    note_change(instance, {field: (old, to)})
    for name, value in changes.items():
        setattr(instance, name, value)
    insert(
        StatusChange(
            model=instance._meta.label_lower,
            object_pk=instance.pk,
            old=old,
            new=to,
            actor=actor,
            reason=reason[:200],
        )
    )


def log_request(request, actor) -> None:
    """Have a request stand in the operation log as well, as `actor`'s: a file taken along,
    something revealed, what a counselor's page says.  Writes by staff stand there anyway."""
    getattr(request, "_request", request).logged_reader = actor


def moves_of(instance) -> QuerySet[StatusChange]:
    """Every move of this object's status (or STATE), oldest first."""
    changes = StatusChange.objects.filter(model=instance._meta.label_lower, object_pk=instance.pk)
    return changes.select_related("actor").order_by("pk")
