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
    place = f"{obj._meta.label_lower}#{obj.pk}"
    transaction.on_commit(partial(_add, changes, place, plain))


def _add(changes: dict, place: str, fields: dict[str, list]) -> None:
    """A field that changed twice went from the first value to the last."""
    known = changes.setdefault(place, {})
    for name, (old, new) in fields.items():
        known[name] = [known[name][0] if name in known else old, new]


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, models.QuerySet | list | tuple | set):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)
