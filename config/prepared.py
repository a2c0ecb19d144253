"""Queries compiled once.

Building and compiling a query costs Django more than the database needs to answer it.  On the
few paths that are asked most, that is done once per process; the rest stays plain querysets.
Rows come through the backend's converters, so they are what .values() would give.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import count
from weakref import WeakSet

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Count, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql import UpdateQuery

_made: "WeakSet[Prepared]" = WeakSet()
_MARKS = count(7_300_000_001)  # no id, page or price of ours; unlike each other


class Prepared:
    """build(**parameters) gives the queryset to run; it is called once per shape.

    Answers what it would: dicts for .values(), else whole rows (without select_related, only,
    defer or annotations).

    Parameters may stand wherever the database gets them as values: int, str, datetime (aware)
    and date.  A tuple stands for an IN list: one shape per length.  Nothing may be decided by a
    parameter's value.  limit and offset may be added to any call of an unsliced query.

        _by_user = Prepared(lambda user: Order.objects.filter(user_id=user).values("id"))
        rows = _by_user(user=7)
    """

    def __init__(self, build: Callable[..., QuerySet]):
        self._build = build
        self._shape = lru_cache(maxsize=64)(self._compile)
        _made.add(self)

    def __call__(
        self, *, limit: int | None = None, offset: int = 0, using: str = DEFAULT_DB_ALIAS, **values
    ) -> list:
        shape = tuple(
            (name, type(value), len(value) if isinstance(value, tuple) else 0)
            for name, value in values.items()
        )
        connection = connections[using]
        statement = self._shape(using, connection.vendor, shape)
        return statement.run(connection, values, () if limit is None else (limit, offset))

    def first(self, **values):
        """The first row; give a query that finds at most a few."""
        return next(iter(self(**values)), None)

    def _compile(self, using: str, vendor: str, shape: tuple) -> "_Statement":
        marks = {
            name: tuple(_mark(int) for _ in range(length)) if kind is tuple else _mark(kind)
            for name, kind, length in shape
        }
        return _Statement(self._build(**marks).using(using), marks, using)


def forget_compiled() -> None:
    """Compile everything anew on next use: for tests that change what a query is built of."""
    for prepared in _made:
        prepared._shape.cache_clear()


class PreparedUpdate(Prepared):
    """build(**parameters) gives (queryset, {field: new value}); a call answers how many rows."""

    def __call__(self, **values) -> int:
        return super().__call__(**values)

    def _compile(self, using: str, vendor: str, shape: tuple) -> "_Write":
        marks = {name: _mark(kind) for name, kind, _ in shape}
        queryset, changes = self._build(**marks)
        query = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        return _Write(*query.get_compiler(using).as_sql(), marks, using)


class PreparedCopy(PreparedUpdate):
    """build(**parameters) gives (model, queryset of values): they become rows of the model, in one
    statement.  Each goes into the field of its name, a "_" before it left out: a queryset keeps
    the names of its own fields for itself.
    """

    def _compile(self, using: str, vendor: str, shape: tuple) -> "_Write":
        marks = {name: _mark(kind) for name, kind, _ in shape}
        model, rows = self._build(**marks)
        quote = connections[using].ops.quote_name
        sql, values = rows.query.get_compiler(using).as_sql()
        fields = [model._meta.get_field(name.removeprefix("_")) for name in rows.query.selected]
        columns = ", ".join(quote(field.column) for field in fields)
        sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) {sql}"
        return _Write(sql, values, marks, using)


def counted(rows: QuerySet) -> QuerySet:
    """`rows` as a queryset of one row {"total": how many}; for Prepared."""
    counting = rows.order_by().values(total=Count("*"))
    counting.query.group_by = None
    return counting


class PreparedPages:
    """What the paginator needs of a queryset, out of two prepared ones."""

    ordered = True

    def __init__(self, rows: Prepared, total: Prepared, **values):
        self._rows, self._total, self._values = rows, total, values

    def count(self) -> int:
        return self._total.first(**self._values)["total"]

    def __getitem__(self, part: slice) -> list[dict]:
        return self._rows(limit=part.stop - part.start, offset=part.start, **self._values)


class _Sql:
    """SQL with its parameters' places."""

    def __init__(self, sql: str, values: tuple, marks: dict, using: str):
        places = _places(marks, connections[using].ops)
        self._sql = sql
        self._values = [places.get(_key(value)) or (None, None, value) for value in values]

    def _filled(self, ops, given: dict) -> list:
        return [
            value if name is None else _adapted(ops, given[name], position)
            for name, position, value in self._values
        ]


class _Statement(_Sql):
    """And how its rows are read."""

    def __init__(self, queryset: QuerySet, marks: dict, using: str):
        compiler = queryset.query.get_compiler(using)
        super().__init__(*compiler.as_sql(), marks, using)
        self._model = None
        self._names = list(queryset.query.selected or ())
        if issubclass(queryset._iterable_class, ModelIterable):
            self._model = queryset.model
            self._names = [field.attname for field in queryset.model._meta.concrete_fields]
        self._compiler = compiler
        columns = [column for column, _, _ in compiler.select]
        self._converters = compiler.get_converters(columns)

    def run(self, connection, given: dict, window: tuple) -> list:
        sql = f"{self._sql} LIMIT %s OFFSET %s" if window else self._sql
        with connection.cursor() as cursor:
            cursor.execute(sql, (*self._filled(connection.ops, given), *window))
            rows = cursor.fetchall()
        if self._converters:
            rows = self._compiler.apply_converters(map(list, rows), self._converters)
        if self._model is not None:
            return [self._model.from_db(connection.alias, self._names, row) for row in rows]
        return [dict(zip(self._names, row, strict=True)) for row in rows]


class _Write(_Sql):
    def run(self, connection, given: dict, window: tuple) -> int:
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._filled(connection.ops, given))
            return cursor.rowcount


def _mark(kind: type):
    number = next(_MARKS)
    if kind is str:
        return f"mark{number}"
    if kind is datetime:
        return datetime.fromtimestamp(number, UTC)
    if kind is date:
        return date.fromordinal(number % 10**6 + 10**5)
    return number


def _places(marks: dict, ops) -> dict:
    """{the mark as the database gets it: (parameter, position in its tuple or None, None)}."""
    found = {}
    for name, mark in marks.items():
        several = mark if isinstance(mark, tuple) else (mark,)
        for position, one in enumerate(several):
            where = position if isinstance(mark, tuple) else None
            found[_key(_adapted(ops, one, None))] = (name, where, None)
    return found


def _key(value):
    return (type(value).__name__, str(value))


def _adapted(ops, value, position):
    if position is not None:
        value = value[position]
    if isinstance(value, datetime):
        return ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return ops.adapt_datefield_value(value)
    return value
