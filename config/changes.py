"""What the request being served changed, for the operation log: from what to what.

Only writes by staff are collected; for everybody else noting a change costs one look.
"""

from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db import models, transaction

_collected: ContextVar[dict | None] = ContextVar("collected_changes", default=None)


@contextmanager
def collect_changes():
    """Gives {"app.model#pk": {field: [from, to]}}, filled as transactions commit."""
    changes: dict[str, dict[str, list]] = {}
    token = _collected.set(changes)
    try:
        yield changes
    finally:
        _collected.reset(token)


def note_change(obj: models.Model, fields: Mapping[str, tuple[Any, Any]]) -> None:
    """`obj` got new values: {field: (from, to)}.  What is rolled back was never noted."""
    changes = _collected.get()
    if changes is None or not fields:
        return
    plain = {name: [_plain(old), _plain(new)] for name, (old, new) in fields.items()}
    transaction.on_commit(partial(_add, changes, obj, obj.pk, plain))


def set_fields(obj: models.Model, fields: Mapping[str, Any]) -> None:
    """Give `obj` new values, for the caller to save, and note those that are others."""
    new = obj._state.adding
    before = {name: None if new else getattr(obj, name) for name in fields}
    for name, value in fields.items():
        setattr(obj, name, value)
    note_change(obj, {n: (before[n], v) for n, v in fields.items() if new or before[n] != v})


def note_created(obj: models.Model, *names: str) -> None:
    """`obj` is new; what it has in the fields `names`."""
    note_change(obj, {name: (None, getattr(obj, name)) for name in names})


def note_deleted(obj: models.Model) -> None:
    """`obj` goes away, with all it has in columns that people fill in."""
    columns = [f for f in obj._meta.concrete_fields if f.editable and not f.primary_key]
    note_change(obj, {f.name: (f.value_from_object(obj), None) for f in columns})


def _add(changes: dict, obj: models.Model, pk: Any, fields: dict[str, list]) -> None:
    """A field that changed twice went from the first value to the last.

    pk: before a deletion; a new row has one only now.
    """
    known = changes.setdefault(f"{obj._meta.label_lower}#{pk or obj.pk}", {})
    for name, (old, new) in fields.items():
        known[name] = [known[name][0] if name in known else old, new]


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, models.QuerySet | list | tuple | set):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
