"""Columns that are readable only with a key that is not in the database (invariants P-3)."""

import secrets
from functools import cache

from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.functions import Left
from django.db.models.lookups import In

from config.db import ExactCharField, joined_columns
from config.sealing import (
    INDEX_LENGTH,
    CannotUnseal,
    Unreadable,
    blind_index,
    blind_indexes,
    report_unreadable,
    seal,
    unseal,
)

_BETWEEN = "|"


class Sealed(str):
    """Ciphertext on its way into the database."""


def new_row_key() -> str:
    return secrets.token_hex(16)


class RowKeyField(ExactCharField):
    """What a row's ciphertexts are bound to: there before the row has an id, and never changed."""

    def __init__(self, verbose_name="行标识", **kwargs):
        fixed = {"max_length": 32, "default": new_row_key, "editable": False, "unique": True}
        super().__init__(verbose_name, **(fixed | kwargs))


class EncryptedTextField(models.TextField):
    """Sealed by AES-256-GCM for its table, column and row, so refused anywhere else.

    bound_to: the column that stands for the row; it must not change.  An empty text stays empty.
    What no key opens reads as config.sealing.Unreadable, and saving that keeps what was stored.

    index: the kind of blind index kept in front of the ciphertext.  Then it can be compared,
    .filter(phone=…), through the column blind_index_column() makes of it; nothing else can be
    asked about it.  Written by save(), create() and bulk_create(): update() does not know the row.
    """

    def __init__(self, *args, bound_to: str = "row_key", index: str = "", **kwargs):
        self.bound_to, self.index = bound_to, index
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        if self.bound_to != "row_key":
            kwargs["bound_to"] = self.bound_to
        if self.index:
            kwargs["index"] = self.index
        return name, path, args, kwargs

    def check(self, **kwargs):
        return [*super().check(**kwargs), *self._check_columns()]

    def _check_columns(self):
        for name in [self.bound_to, *([f"{self.name}_index"] if self.index else [])]:
            try:
                self.model._meta.get_field(name)
            except FieldDoesNotExist:
                yield checks.Error(f"{self.name} needs a column {name}", obj=self)

    def pre_save(self, model_instance, add):
        value = getattr(model_instance, self.attname)
        if not value:
            return None if self.null else value
        if isinstance(value, Unreadable):
            return Sealed(value.stored)
        return self.sealed(str(value), getattr(model_instance, self.bound_to))

    def get_prep_value(self, value):
        if not value or isinstance(value, Sealed):
            return str(value) if value else value
        raise TypeError(f"{self.name}: save the row, its ciphertext belongs to it")

    def select_format(self, compiler, sql, params):
        """Every SELECT of the column brings along what the ciphertext is bound to."""
        alias, dot, column = sql.rpartition(".")
        quote = compiler.connection.ops.quote_name
        if not dot or column != quote(self.column):
            return sql, params
        bound = f"{alias}.{quote(self.model._meta.get_field(self.bound_to).column)}"
        return joined_columns(compiler.connection, bound, _BETWEEN, sql), params

    def from_db_value(self, value, expression, connection):
        if value is None:
            return None
        bound, _, stored = value.partition(_BETWEEN)
        if not stored:
            return stored
        try:
            return self.unsealed(stored, bound)
        except CannotUnseal as error:
            report_unreadable(self.column_name, error)
            return Unreadable(stored)

    def sealed(self, text: str, bound) -> Sealed:
        """What the row bound to `bound` stores of `text`."""
        stored = seal(text, self._place(bound))
        return Sealed(f"{blind_index(self.index, text)}:{stored}" if self.index else stored)

    def unsealed(self, stored: str, bound) -> str:
        """The text of what such a row has stored; raises CannotUnseal."""
        return unseal(stored[INDEX_LENGTH + 1 :] if self.index else stored, self._place(bound))

    @property
    def column_name(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def _place(self, bound) -> str:
        return f"{self.column_name}:{bound}"

    def get_lookup(self, lookup_name):
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        return _LOOKUPS.get(lookup_name) if self.index else None

    def get_transform(self, lookup_name):
        return None


def blind_index_column(of: str, **kwargs) -> models.GeneratedField:
    """The index that encrypted column `of` begins with: the database keeps it in step."""
    return models.GeneratedField(
        expression=Left(of, INDEX_LENGTH),
        output_field=ExactCharField(max_length=INDEX_LENGTH, null=True),
        db_persist=True,
        **kwargs,
    )


class _Found(models.Lookup):
    """Compares the blind index; while keys change, the one of each key."""

    prepare_rhs = False

    def as_sql(self, compiler, connection):
        field = self.lhs.target
        column = field.model._meta.get_field(f"{field.name}_index").get_col(self.lhs.alias)
        texts = [text for text in self._texts() if text]
        found = [index for text in texts for index in blind_indexes(field.index, str(text))]
        return compiler.compile(In(column, found))

    def _texts(self) -> list:
        return list(self.rhs)


class _Equal(_Found):
    def _texts(self) -> list:
        return [self.rhs]


_LOOKUPS = {"exact": _Equal, "in": _Found}


@cache
def open_names_of(model: type[models.Model]) -> tuple[str, ...]:
    """The columns of a row but what is sealed and what it is bound to: a row made of them asks
    for those when they are needed."""
    return tuple(
        field.attname
        for field in model._meta.concrete_fields
        if not (field.generated or isinstance(field, (EncryptedTextField, RowKeyField)))
    )
