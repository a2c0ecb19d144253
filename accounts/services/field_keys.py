"""Rewriting what is sealed, row by row, while everybody goes on reading and writing."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import ExpressionWrapper, F, Model, QuerySet, TextField
from django.db.models.functions import Substr

from accounts.fields import EncryptedTextField
from config.sealing import INDEX_LENGTH, CannotUnseal, key_ids, writing_key

# What a stored text says, or None to leave it: read(field, stored, bound).
Reader = Callable[[EncryptedTextField, str, object], str | None]


class Stored(NamedTuple):
    """One ciphertext as the table has it; bound: what it is bound to."""

    pk: int
    bound: object
    text: str


def stored_texts(model: type[Model], name: str) -> QuerySet:
    """Rows of the model with `stored`: the column as it is, neither opened nor compared blindly."""
    rows = model._base_manager.annotate(stored=ExpressionWrapper(F(name), output_field=TextField()))
    return rows.exclude(stored=None).exclude(stored="")


def in_batches(rows: QuerySet, bound_to: str, *, size: int = 500) -> Iterator[list[Stored]]:
    """Along the primary key, one statement and no lock per batch."""
    after = 0
    while True:
        part = rows.filter(pk__gt=after).order_by("pk").values_list("pk", bound_to, "stored")
        batch = [Stored(*row) for row in part[:size]]
        if not batch:
            return
        after = batch[-1].pk
        yield batch


def rewrite(model: type[Model], name: str, read: Reader) -> int:
    """Seal anew what `read` makes of each row; how many were written.

    Harmless to repeat and beside other writers: a row that changed in between is left alone.
    """
    field, done = model._meta.get_field(name), 0
    for batch in in_batches(stored_texts(model, name), field.bound_to):
        done += sum(rewrite_one(model, field, row, read) for row in batch)
    return done


def rewrite_one(model: type[Model], field: EncryptedTextField, row: Stored, read: Reader) -> bool:
    """Whether this row was written: on condition that it still has what was read."""
    text = read(field, row.text, row.bound)
    if text is None:
        return False
    same = stored_texts(model, field.name).filter(pk=row.pk, stored=row.text)
    return bool(same.update(**{field.name: field.sealed(text, row.bound)}))


class Rotated(NamedTuple):
    """What became of one column: rows sealed anew, and ids of those that could not be.

    unreadable: no key of ours opens them.  twice: their value was taken under the new key.
    """

    column: str
    done: int
    unreadable: list[int]
    twice: list[int]


def sealed_columns() -> list[tuple[type[Model], EncryptedTextField]]:
    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


def under_other_keys(model: type[Model], field: EncryptedTextField) -> QuerySet:
    """Rows that another key than the first of FIELD_KEYS has sealed."""
    return _by_key(model, field).exclude(sealed_by__startswith=f"{writing_key()}:")


def rotate_column(
    model: type[Model],
    field: EncryptedTextField,
    *,
    tell: Callable[[int], None] = lambda done: None,
) -> Rotated:
    """Seal anew, index and all, what other keys have sealed; tell: after each batch, how many.

    May be stopped and begun again at any time, and run beside whoever reads and writes: each
    row is written on condition that it still has what was read.
    """
    done, unreadable, twice = 0, [], []
    for batch in in_batches(under_other_keys(model, field), field.bound_to):
        for row in batch:
            try:
                with transaction.atomic():
                    done += rewrite_one(model, field, row, EncryptedTextField.unsealed)
            except CannotUnseal:
                unreadable.append(row.pk)
            except IntegrityError:
                twice.append(row.pk)
        tell(done)
    return Rotated(field.column_name, done, unreadable, twice)


def forget_key(key_id: str) -> dict[str, int]:
    """Empty what a lost key has sealed: it will never be read again.  How many, per column.

    Raises KeyInUse for a key that FIELD_KEYS still has.
    """
    if key_id in key_ids():
        raise KeyInUse(key_id)
    gone = {}
    for model, field in sealed_columns():
        lost = _by_key(model, field).filter(sealed_by__startswith=f"{key_id}:")
        pks = list(lost.values_list("pk", flat=True))
        empty = None if field.null else ""
        gone[field.column_name] = model._base_manager.filter(pk__in=pks).update(
            **{field.name: empty}
        )
    return gone


class KeyInUse(Exception):
    """The key can still be read with: rotate instead."""


def _by_key(model: type[Model], field: EncryptedTextField) -> QuerySet:
    """With `sealed_by`: the text from its key id on."""
    start = INDEX_LENGTH + 2 if field.index else 1
    return stored_texts(model, field.name).annotate(sealed_by=Substr("stored", start))
