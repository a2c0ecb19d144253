"""The floor's own connection: the database's driver and nothing on top."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson

SHANGHAI = timedelta(hours=8)


class Store:
    """SQL with ? for values; times go in and come out as naive UTC datetimes."""

    def __init__(self, settings: dict):
        self.mysql = settings["ENGINE"].endswith("mysql")
        if self.mysql:
            import MySQLdb

            self._connection = MySQLdb.connect(
                host=settings["HOST"], port=int(settings["PORT"] or 3306), user=settings["USER"],
                passwd=settings["PASSWORD"], db=settings["NAME"], charset="utf8mb4",
                autocommit=True,
            )  # fmt: skip
        else:
            name = str(settings["NAME"])  # the test database is a URI of shared memory
            self._connection = sqlite3.connect(
                name, isolation_level=None, uri=name.startswith("file:")
            )
            for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
        self._cursor = self._connection.cursor()
        self._translated: dict[str, str] = {}

    def run(self, sql: str, values: tuple = ()):
        """The cursor after the statement; its rowcount and lastrowid say what became of it."""
        if self.mysql:
            sql = self._translated.get(sql) or self._translate(sql)
        else:
            values = tuple(map(_to_sqlite, values))
        self._cursor.execute(sql, values)
        return self._cursor

    def _translate(self, sql: str) -> str:
        self._translated[sql] = sql.replace("%", "%%").replace("?", "%s")
        return self._translated[sql]

    def one(self, sql: str, *values):
        return self.run(sql, values).fetchone()

    def all(self, sql: str, *values):
        return self.run(sql, values).fetchall()

    def begin(self):
        self._cursor.execute("BEGIN" if self.mysql else "BEGIN IMMEDIATE")

    def commit(self):
        self._cursor.execute("COMMIT")

    @property
    def locking(self) -> str:
        return " FOR UPDATE" if self.mysql else ""

    def close(self):
        self._connection.close()


def _to_sqlite(value):
    return value.isoformat(" ") if isinstance(value, datetime) else value


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def moment(value) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def stamp(value) -> str | None:
    """UTC with a Z; SQLite keeps times as text."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    return f"{value[:10]}T{value[11:19]}Z"


def yuan(value):
    if value is None:
        return None
    return orjson.Fragment(f"{value:.2f}" if not isinstance(value, Decimal) else f"{value:f}")


def listed(value) -> list:
    return json.loads(value) if isinstance(value, str) else value


def plain_date(value) -> str | None:
    return value if value is None or isinstance(value, str) else value.isoformat()
