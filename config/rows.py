"""Rows made and written without what Django does for those who listen to signals.

For the few paths that are asked most; the rest says objects.create().
"""

from collections.abc import Callable
from datetime import datetime
from functools import cache, lru_cache
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models import NOT_PROVIDED, Field, Model
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=Model)


@cache
def names_of(model: type[Model]) -> tuple[str, ...]:
    """The columns of a row, as .values() wants them for made()."""
    return tuple(field.attname for field in model._meta.concrete_fields if not field.generated)


def made(model: type[Row], values: dict) -> Row:
    """model.from_db() of what .values() gave, without the signals nobody listens to.

    Columns that `values` lacks are asked for when they are needed.
    """
    row = model.__new__(model)
    row.__dict__.update(values)
    row._state = ModelState()
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def new(model: type[Row], /, **values) -> Row:
    """model(**values) without the signals nobody listens to; TypeError for what it has not."""
    constants, makers, relations = _blank(model)
    row = model.__new__(model)
    row._state = ModelState()
    columns = row.__dict__
    columns.update(constants)
    for name, value in values.items():
        if name in constants or name in makers:
            columns[name] = value
        elif name in relations:
            column, key = relations[name]
            columns[column] = None if value is None else getattr(value, key)
            row._state.fields_cache[name] = value
        else:
            raise TypeError(f"{model.__name__} has no {name}")
    for name, make in makers.items():
        if name not in values:
            columns[name] = make()
    return row


@cache
def _blank(model: type[Model]) -> tuple[dict, dict, dict]:
    """({column: default}, {column: what makes one}, {relation: (column, the other's key)})."""
    constants, makers, relations = {}, {}, {}
    for field in model._meta.concrete_fields:
        if field.generated:
            continue
        if callable(field.default) and field.default is not NOT_PROVIDED:
            makers[field.attname] = field.default
        else:
            constants[field.attname] = field.get_default()
        if field.is_relation:
            relations[field.name] = (field.attname, field.target_field.attname)
    return constants, makers, relations


def insert(row: Row) -> Row:
    """objects.create() for a model of one table that nobody listens to; the row with its key.

    Generated columns are not read back.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    sql, fields = _insertion(type(row), connection.vendor)
    columns = row.__dict__
    values = [
        value
        if (value := columns[name]).__class__ is kind or (value is None and kind is not None)
        else prepare(row, connection)
        for name, kind, prepare in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if connection.features.can_return_columns_from_insert:
            (row.pk,) = cursor.fetchone()
        else:
            row.pk = cursor.lastrowid
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    return row


def insert_all(rows: list[Row]) -> list[Row]:
    """bulk_create() in one statement, quick in the usual case of one row."""
    if len(rows) == 1:
        return [insert(rows[0])]
    return type(rows[0])._base_manager.bulk_create(rows) if rows else []


# What goes to the driver as it is: all that Django's detour would do is look at its type.
_AS_THEY_ARE = (
    (models.CharField, str),
    (models.TextField, str),
    (models.IntegerField, int),
    (models.ForeignKey, int),
    (models.BooleanField, bool),
)
_DETOUR = ("pre_save", "get_db_prep_save", "get_db_prep_value", "get_prep_value")


def _preparation(field: Field) -> Callable:
    """What makes of a row's value what the driver takes, given (row, connection)."""

    def prepare(row, connection):
        return field.get_db_prep_save(field.pre_save(row, True), connection)

    def prepare_moment(row, connection):
        value = row.__dict__[field.attname]
        if value is None:
            return None
        if value.__class__ is datetime and value.tzinfo is not None:
            return connection.ops.adapt_datetimefield_value(value)
        return prepare(row, connection)

    is_plain = type(field) is models.DateTimeField and not (field.auto_now or field.auto_now_add)
    return prepare_moment if is_plain else prepare


def _as_it_is(field: Field) -> type | None:
    """The type whose values the field hands on unchanged; None when it has a say in them."""
    for base, kind in _AS_THEY_ARE:
        if isinstance(field, base):
            own = any(getattr(type(field), name) is not getattr(base, name) for name in _DETOUR)
            return None if own else kind
    return None


@lru_cache(maxsize=256)
def _insertion(model: type[Model], vendor: str) -> tuple[str, list[tuple]]:
    """The statement, and of each column (name, type that goes as it is, what prepares others)."""
    connection = connections[DEFAULT_DB_ALIAS]
    quote = connection.ops.quote_name
    fields = [
        field
        for field in model._meta.local_concrete_fields
        if not field.primary_key and not field.generated
    ]
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)}"
        f" ({', '.join(quote(field.column) for field in fields)})"
        f" VALUES ({', '.join(['%s'] * len(fields))})"
    )
    if connection.features.can_return_columns_from_insert:
        sql += f" RETURNING {quote(model._meta.pk.column)}"
    return sql, [(field.attname, _as_it_is(field), _preparation(field)) for field in fields]
