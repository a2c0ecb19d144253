"""What the app asks the database over a million rows, against a full scan and an index-only bound.

Each question is asked as the app asks it, of tables that raw bulk inserts filled.  The full scan
is the same SQL on a copy of the tables that has no index; the bound is what reading the wanted
part of an index costs at least.  In one run, in turns, medians; milliseconds are for orientation.
"""

import importlib
import re
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from django.db import connection, models
from django.db.models import QuerySet

from tests.benchmarks.bench import database

SUBJECTS = ("slots", "orders", "sweep")
SCALES = {"small": 0.01, "full": 1.0}  # of a million rows
ROUNDS, FULL_ROUNDS = 7, 3
QUICK, QUICK_ROUNDS = 0.005, 51  # seconds: what takes less is asked more often, for the noise
BATCH = 5000
COPY = "bench_copy_"

Asked = QuerySet | Callable[[], object]


@dataclass(frozen=True)
class Question:
    """What is asked, and what it may cost.

    ours: a queryset, or a function that does the work.  full: likewise, where the same SQL without
    indexes is not what one would write without them.  index: what the plan must name; None for a
    function.  gain: at least so many times quicker than the full scan; above_bound: at most so
    many times the bound; most_ms: a limit the goals name themselves.  before: what makes it ready
    to be asked again, not timed.  full_share: the part of the work that full does, when all of it
    takes minutes.  Plans, bounds and limits
    are the servers': the embedded database counts no rows and calls functions per row.
    """

    name: str
    ours: Asked
    index: str | None = None
    bound: Asked | None = None
    full: Asked | None = None
    gain: float = 0
    above_bound: float = 0
    most_ms: float = 0
    before: Callable[[], object] | None = None
    full_share: float = 1


@dataclass
class Row:
    name: str
    ms: float
    full_ms: float
    bound_ms: float | None

    @property
    def gain(self) -> float:
        return self.full_ms / self.ms

    @property
    def above_bound(self) -> float:
        return self.ms / self.bound_ms if self.bound_ms else 0


def run(write: Callable[[str], None], *, scale: str = "full", only: list[str] | None = None):
    """Fill, ask, print; what was missed."""
    missed = []
    with database():
        write(f"{connection.vendor}, {scale} size")
        write(f"{'':28}{'ms':>9}{'full':>9}{'gain':>8}{'bound':>9}{'times':>7}")
        for name in only or SUBJECTS:
            missed += ask(name, write, scale=scale)
    return missed


def ask(name: str, write: Callable[[str], None], *, scale: str) -> list[str]:
    """The questions of one subject, in a database that is ours; what was missed."""
    subject = importlib.import_module(f"tests.benchmarks.sql.{name}")
    started = time.monotonic()
    known = subject.fill(SCALES[scale])
    _settle(subject.TABLES)
    write(f"{name}: filled in {time.monotonic() - started:.0f} s")
    missed = []
    try:
        for question in subject.questions(known):
            row = measure(question, subject.TABLES)
            write(shown(row))
            if scale == "full":
                missed += wrong_plan(question) + too_slow(question, row)
    finally:
        _forget_copies(subject.TABLES)
    return missed


def measure(question: Question, tables: Iterable[type[models.Model]]) -> Row:
    """Medians of each side, in turns."""
    ours = runner(question.ours)
    full = runner(question.full) if question.full else runner(question.ours, _copies(tables))
    bound = runner(question.bound) if question.bound else None
    times: dict[str, list[float]] = {"ours": [], "full": [], "bound": []}
    before = question.before or (lambda: None)
    for turn in count():
        times["ours"].append(_timed(ours, before))
        if bound:
            times["bound"].append(_timed(bound, before))
        if turn < FULL_ROUNDS:
            times["full"].append(_timed(full, before) / question.full_share)
        if turn + 1 == (QUICK_ROUNDS if times["ours"][0] < QUICK else ROUNDS):
            break
    middle = {side: statistics.median(taken) * 1000 for side, taken in times.items() if taken}
    return Row(question.name, middle["ours"], middle["full"], middle.get("bound"))


def runner(asked: Asked, instead: dict[str, str] | None = None) -> Callable[[], object]:
    """A function that asks; a queryset is compiled once, and its rows stay as the driver has them.

    instead: table names to put in the place of others.
    """
    if not isinstance(asked, QuerySet):
        return asked
    sql, params = compiled(asked)
    for table, copy in (instead or {}).items():
        sql = re.sub(rf"\b{table}\b", copy, sql)

    def fetch():
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall()

    return fetch


def compiled(queryset: QuerySet) -> tuple[str, tuple]:
    return queryset.query.get_compiler(connection.alias).as_sql()


def _timed(function: Callable[[], object], before: Callable[[], object]) -> float:
    before()
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def shown(row: Row) -> str:
    text = f"{row.name:28}{row.ms:9.2f}{row.full_ms:9.1f}{row.gain:8.0f}"
    return text + (f"{row.bound_ms:9.2f}{row.above_bound:7.1f}" if row.bound_ms else "")


def too_slow(question: Question, row: Row) -> list[str]:
    found = []
    if row.gain < question.gain:
        found.append(f"{row.name}: {row.gain:.0f} times the full scan, goal {question.gain:.0f}")
    if connection.vendor == "sqlite":
        return found
    if question.above_bound and row.above_bound > question.above_bound:
        found.append(f"{row.name}: {row.above_bound:.1f} bounds, goal {question.above_bound}")
    if question.most_ms and row.ms > question.most_ms:
        found.append(f"{row.name}: {row.ms:.1f} ms, goal {question.most_ms}")
    return found


# -- plans


def wrong_plan(question: Question) -> list[str]:
    """What EXPLAIN says against a question: another index, or a sort in a temporary table."""
    if question.index is None or connection.vendor == "sqlite":
        return []
    indexes, temporary = plan(question.ours)
    found = []
    if question.index not in indexes:
        found.append(f"{question.name}: the plan takes {sorted(indexes)}, not {question.index}")
    if temporary:
        found.append(f"{question.name}: Using temporary; Using filesort")
    return found


def plan(queryset: QuerySet) -> tuple[set[str], bool]:
    """(indexes that EXPLAIN names, whether MariaDB sorts in a temporary table)."""
    sql, params = compiled(queryset)
    prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{prefix} {sql}", params)
        columns = [column[0].lower() for column in cursor.description]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    if connection.vendor == "mysql":
        extras = [row["extra"] or "" for row in rows]
        sorts = any("Using temporary; Using filesort" in extra for extra in extras)
        return {row["key"] for row in rows if row["key"]}, sorts
    text = "\n".join(str(row.get("detail") or row.get("query plan")) for row in rows)
    return set(
        re.findall(r"(?:INDEX|[Ss]can (?:Backward )?using|Index Scan on) (\w+)", text)
    ), False


# -- tables


def load(model: type[models.Model], rows: Iterable[tuple], *fields: str) -> None:
    """Insert rows of (values of fields) as they are; a million in a few seconds."""
    columns = [model._meta.get_field(name) for name in fields]
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in columns)
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES "
    sql += f"({', '.join(['%s'] * len(columns))})"
    batch: list[tuple] = []
    with connection.cursor() as cursor:
        for row in rows:
            batch.append(tuple(map(_for_database, row)))
            if len(batch) == BATCH:
                cursor.executemany(sql, batch)
                batch.clear()
        if batch:
            cursor.executemany(sql, batch)


def _for_database(value):
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def _settle(tables: Iterable[type[models.Model]]) -> None:
    """Servers count what they have before they choose an index; the embedded one never does."""
    with connection.cursor() as cursor:
        for table, copy in _copies(tables).items():
            cursor.execute(f"CREATE TABLE {copy} AS SELECT * FROM {table}")
            if connection.vendor == "mysql":
                cursor.execute(f"ANALYZE TABLE {table}")
                cursor.fetchall()
            elif connection.vendor == "postgresql":
                cursor.execute(f"ANALYZE {table}")


def _copies(tables: Iterable[type[models.Model]]) -> dict[str, str]:
    return {model._meta.db_table: f"{COPY}{model._meta.db_table}" for model in tables}


def _forget_copies(tables: Iterable[type[models.Model]]) -> None:
    with connection.cursor() as cursor:
        for copy in _copies(tables).values():
            cursor.execute(f"DROP TABLE {copy}")
