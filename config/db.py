"""What the three databases need to behave alike; the only place that knows their names."""

import functools
import logging
import random
import time
from collections.abc import Callable

from django.db import OperationalError, connection, connections, migrations, models, transaction

from config.errors import Busy

logger = logging.getLogger(__name__)

TRIES = 3  # each may have waited for seconds
# A deadlock is known at once.  MariaDB makes them of nothing: every UPDATE of a table without
# overlaps locks the neighbours of its row (docs/decisions).
TRIES_DEADLOCKED = 6

# Deadlock and stale snapshot, then lock wait timeout; serialisation failure and deadlock
_DEADLOCK_MYSQL, _WAIT_MYSQL = {1213, 1020}, {1205}
_DEADLOCK_POSTGRES, _WAIT_POSTGRES = {"40001", "40P01"}, {"55P03"}


def transact(service: Callable) -> Callable:
    """Run `service` in one transaction, again from the start after a deadlock.

    Raises Busy after TRIES_DEADLOCKED deadlocks, or when it waited in vain and TRIES are used up.
    Inside another transaction it is a savepoint and leaves retrying to the outer one.  No network,
    no files, no task in there: it may run several times.
    """

    @functools.wraps(service)
    def wrapper(*args, **kwargs):
        if connection.in_atomic_block:
            with transaction.atomic():
                return service(*args, **kwargs)
        for attempt in range(1, TRIES_DEADLOCKED + 1):
            try:
                with transaction.atomic():
                    return service(*args, **kwargs)
            except OperationalError as error:
                if not is_contention(error):
                    raise
                if attempt >= (TRIES_DEADLOCKED if is_deadlock(error) else TRIES):
                    raise Busy from error
                time.sleep(random.uniform(0.01, 0.05) * attempt)
        return None

    return wrapper


def is_contention(error: OperationalError) -> bool:
    """True for deadlocks, lock time-outs and SQLite's "database is locked"."""
    code, sqlstate = _codes(error)
    waited = code in _WAIT_MYSQL or sqlstate in _WAIT_POSTGRES or "is locked" in str(error)
    return waited or is_deadlock(error)


def is_deadlock(error: OperationalError) -> bool:
    """True when the database undid one of two transactions so that the other could go on."""
    code, sqlstate = _codes(error)
    return code in _DEADLOCK_MYSQL or sqlstate in _DEADLOCK_POSTGRES


def _codes(error: OperationalError) -> tuple:
    return error.args[0] if error.args else None, getattr(error.__cause__, "sqlstate", None)


class LockingQuerySet(models.QuerySet):
    def locked(self):
        """These rows in primary-key order, locked until the transaction ends.

        Lock first, look second: conditions on other tables belong in a later
        statement, which sees what the previous holder of the lock committed.
        """
        features = connections[self.db].features
        return self.order_by("pk").select_for_update(no_key=features.has_select_for_no_key_update)

    def visible_to(self, user):
        """The rows `user` may know about; an app that forgets to say sees none."""
        return self.none()


class TimestampedModel(models.Model):
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        abstract = True


class ExactCharField(models.CharField):
    """Text that is compared byte by byte: openids, token ids, keys, order numbers, hashes.

    MariaDB's default collation takes two openids that differ in case for one person.
    """

    def db_parameters(self, connection):
        parameters = super().db_parameters(connection)
        if connection.vendor == "mysql":
            mariadb = connection.mysql_is_mariadb
            parameters["collation"] = "utf8mb4_nopad_bin" if mariadb else "utf8mb4_0900_bin"
        return parameters


class MinutesAfter(models.Func):
    """A time and a whole-number column of minutes: the time that much later.

    The database's own arithmetic; Django's difference of times is a Python function on SQLite,
    called per row.
    """

    arity = 2
    output_field = models.DateTimeField()
    template = "DATE_ADD(%(expressions)s MINUTE)"
    arg_joiner = ", INTERVAL "

    def as_sqlite(self, compiler, connection, **extra):
        template, joiner = "datetime(%(expressions)s || ' minutes')", ", '+' || "
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner, **extra)

    def as_postgresql(self, compiler, connection, **extra):
        template, joiner = "(%(expressions)s * interval '1 minute')", "::timestamptz + "
        return self.as_sql(compiler, connection, template=template, arg_joiner=joiner, **extra)


class BusinessDay(models.Func):
    """The day of a moment in Shanghai (+08:00, see config.days), for columns and comparisons.

    The database's own arithmetic, as for MinutesAfter; the moment is a column.
    """

    arity = 1
    output_field = models.DateField()
    template = "DATE(DATE_ADD(%(expressions)s, INTERVAL 8 HOUR))"

    def as_sqlite(self, compiler, connection, **extra):
        return self.as_sql(
            compiler, connection, template="date(%(expressions)s, '+8 hours')", **extra
        )

    def as_postgresql(self, compiler, connection, **extra):
        template = "(%(expressions)s AT TIME ZONE INTERVAL '+08:00')::date"
        return self.as_sql(compiler, connection, template=template, **extra)


class BusinessWeek(models.Func):
    """The Monday of the week that a moment lies in, in Shanghai; the moment is a column."""

    arity = 1
    output_field = models.DateField()
    template = (
        "DATE(DATE_SUB(DATE_ADD(%(expressions)s, INTERVAL 8 HOUR),"
        " INTERVAL WEEKDAY(DATE_ADD(%(expressions)s, INTERVAL 8 HOUR)) DAY))"
    )

    def as_sqlite(self, compiler, connection, **extra):
        template = "date(%(expressions)s, '+8 hours', 'weekday 0', '-6 days')"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_postgresql(self, compiler, connection, **extra):
        template = "date_trunc('week', %(expressions)s AT TIME ZONE INTERVAL '+08:00')::date"
        return self.as_sql(compiler, connection, template=template, **extra)


def joined_columns(connection, first: str, between: str, second: str) -> str:
    """SQL of two columns as one text with `between` in between; NULL when one of them is."""
    if connection.vendor == "mysql":
        return f"CONCAT({first}, '{between}', {second})"
    return f"({first} || '{between}' || {second})"


def no_overlap(table: str, scope: str, start: str, end: str, *, name: str) -> migrations.RunPython:
    """A migration step: rows of `table` with the same `scope` never overlap in [start, end).

    MariaDB WITHOUT OVERLAPS, PostgreSQL EXCLUDE, SQLite triggers; all raise IntegrityError.
    Rebuilding the table on SQLite (a later AlterField) drops triggers: repeat this step then.
    """

    def forward(apps, schema_editor):
        for sql in _no_overlap_sql(schema_editor.connection.vendor, table, scope, start, end, name):
            schema_editor.execute(sql)

    return migrations.RunPython(forward, migrations.RunPython.noop, atomic=False)


def _no_overlap_sql(vendor, table, scope, start, end, name):
    if vendor == "mysql":
        return [
            f"ALTER TABLE {table} ADD PERIOD FOR {name}_period({start}, {end}),"
            f" ADD CONSTRAINT {name} UNIQUE ({scope}, {name}_period WITHOUT OVERLAPS)"
        ]
    if vendor == "postgresql":
        return [
            "CREATE EXTENSION IF NOT EXISTS btree_gist",
            f"ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist"
            f" ({scope} WITH =, tstzrange({start}, {end}) WITH &&)",
        ]
    clash = (
        f"EXISTS (SELECT 1 FROM {table} WHERE {scope} = NEW.{scope} AND id IS NOT NEW.id"
        f" AND {start} < NEW.{end} AND {end} > NEW.{start})"
    )
    refuse = f"BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: {name}'); END"
    return [
        f"DROP TRIGGER IF EXISTS {name}_insert",
        f"DROP TRIGGER IF EXISTS {name}_update",
        f"CREATE TRIGGER {name}_insert BEFORE INSERT ON {table} WHEN {clash} {refuse}",
        f"CREATE TRIGGER {name}_update BEFORE UPDATE OF {scope}, {start}, {end} ON {table}"
        f" WHEN {clash} {refuse}",
    ]


def refuse_updates(table: str) -> migrations.RunPython:
    """A migration step: rows of `table` are added and deleted, never changed.

    A trigger on each database.  Rebuilding the table on SQLite (a later AlterField) drops it:
    repeat this step then.  MySQL and MariaDB with a binary log want a privilege for triggers
    (error 1419); without it the step says so and goes on.
    """

    def forward(apps, schema_editor):
        try:
            for sql in _refuse_updates_sql(schema_editor.connection.vendor, table):
                schema_editor.execute(sql)
        except OperationalError as error:
            if error.args[0] != _NO_TRIGGER_PRIVILEGE:
                raise
            logger.warning("%s: no privilege for a trigger that refuses updates", table)

    return migrations.RunPython(forward, migrations.RunPython.noop, atomic=False)


_NO_TRIGGER_PRIVILEGE = 1419


def _refuse_updates_sql(vendor: str, table: str) -> list[str]:
    name, message = f"{table}_no_update", f"{table} is append-only"
    if vendor == "mysql":
        return [
            f"DROP TRIGGER IF EXISTS {name}",
            f"CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW"
            f" SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{message}'",
        ]
    if vendor == "postgresql":
        return [
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = '23000'; END $$",
            f"CREATE OR REPLACE TRIGGER {name} BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {name}()",
        ]
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END",
    ]
