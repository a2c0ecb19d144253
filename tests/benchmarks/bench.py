"""CPU per request of our endpoints against a bare floor, in one run, as ratios.

No server and no network: both sides are called as WSGI functions on one database, in turns.  The
best batch of each counts, and batches go on until BATCHES in a row made neither better: neighbours
on the machine cost a batch a third and more.  Absolute times are shown for orientation and never a
goal.
"""

import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import django
from django.conf import settings
from django.db import connection
from django.test.utils import setup_databases, teardown_databases

from tests.benchmarks.subject import Ask, Subject, build

BATCHES, MOST_BATCHES = 12, 36
CALLS = {"GET": 25, "POST": 6}
# performance: R1 reads, R4 framework, W1 writes (CPU to the floor's); Q1 statements.
RATIO = {
    "health": ("R4", 3.5), "profile": ("R1", 3.3), "counselors": ("R1", 3.3),
    "counselor": ("R1", 3.3), "time-slots": ("R1", 3.3), "booking": ("W1", 3.5), "pay": ("W1", 3.5),
    "login": ("W1", 3.5), "refresh": ("W1", 3.5), "users": ("R1", 3.3),
}  # fmt: skip
# The embedded database answers a statement of the floor within ten microseconds, so there is little
# to be a multiple of: where that shows, it has a bound of its own (docs/decisions).
RATIO_SQLITE = RATIO | {
    "profile": ("R1", 3.7), "counselor": ("R1", 3.7), "users": ("R1", 3.7),
    "booking": ("W1", 4.0), "login": ("W1", 6.0), "refresh": ("W1", 4.6),
}  # fmt: skip
STATEMENTS = {
    "health": 0, "profile": 1, "counselors": 3, "counselor": 2, "time-slots": 3,
    "booking": 8,  # 4 + 3 of the order + 1 for its items
    "pay": 3, "login": 5, "refresh": 5,
    "users": 4,  # the page and its count, roles, tags
}  # fmt: skip
LISTS = ("counselors", "time-slots", "users")


@dataclass
class Row:
    """Microseconds of CPU per request; db_us: time inside the driver."""

    name: str
    us: float
    floor_us: float
    ratio: float
    statements: int
    db_us: float


@contextmanager
def database():
    """A database of its own: a file for SQLite, test_<name> on a server."""
    test = settings.DATABASES["default"].setdefault("TEST", {})
    if "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        path = settings.VAR_DIR / "bench.sqlite3"
        test["NAME"] = connection.settings_dict["TEST"]["NAME"] = str(path)
    old = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(old, verbosity=0)


def measure(subject: Subject, ask: Ask) -> Row:
    calls = CALLS[ask.method]
    best, in_vain = {"ours": float("inf"), "floor": float("inf")}, 0
    for batch in range(MOST_BATCHES):
        sides = [("ours", subject.app), ("floor", subject.floor)]
        before = dict(best)
        for name, side in sides if batch % 2 else reversed(sides):
            best[name] = min(best[name], _batch(subject, side, ask, calls))
        in_vain = in_vain + 1 if best == before else 0
        if in_vain == BATCHES:
            break
    statements, seconds = database_work(subject, ask)
    ours, floor = best["ours"] * 1e6, best["floor"] * 1e6
    return Row(
        ask.name,
        round(ours),
        round(floor),
        round(ours / floor, 2),
        statements,
        round(seconds * 1e6),
    )


def _batch(subject: Subject, side: Callable, ask: Ask, calls: int) -> float:
    environs = list(subject.environs(ask, calls))
    start = time.process_time()
    answers = [subject.call(side, environ) for environ in environs]
    taken = (time.process_time() - start) / calls
    for status, body in answers:
        if status[:2] != "20":
            raise RuntimeError(f"{ask.name}: {status} {body[:300]!r}")
    return taken


def database_work(subject: Subject, ask: Ask) -> tuple[int, float]:
    """(statements, seconds in the driver) of one request, transaction control left out.

    The least of five: now and then what is remembered for a second is looked up again.
    """
    subject.call(subject.app, subject.environ(ask))
    return min(_database_work(subject, ask) for _ in range(5))


def _database_work(subject: Subject, ask: Ask) -> tuple[int, float]:
    work = []

    def watch(execute, sql, params, many, context):
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")):
                work.append(time.perf_counter() - start)

    environ = subject.environ(ask)
    with connection.execute_wrapper(watch):
        subject.call(subject.app, environ)
    return len(work), sum(work)


def grows_with_the_page(subject: Subject) -> list[str]:
    """Lists whose statements depend on how many rows they show."""
    found = []
    for name in LISTS:
        ask = subject.asks[name]
        counts = {
            size: database_work(subject, Ask(name, "GET", ask.path, _sized(ask.query, size)))[0]
            for size in (10, 100)
        }
        if len(set(counts.values())) > 1:
            found.append(f"{name}: {counts}")
    return found


def _sized(query: str, size: int) -> str:
    return "&".join(f"size={size}" if p.startswith("size=") else p for p in query.split("&"))


def goals() -> dict[str, tuple[str, float]]:
    """Goal and most CPU to the floor's, by endpoint, on the database in use."""
    return RATIO_SQLITE if connection.vendor == "sqlite" else RATIO


def breaches(rows: list[Row], growing: list[str]) -> list[str]:
    found = [f"Q1 {what}" for what in growing]
    for row in rows:
        goal, most = goals()[row.name]
        if row.ratio > most:
            found.append(f"{goal} {row.name}: {row.ratio} times the floor, goal {most}")
        if row.statements > STATEMENTS[row.name]:
            found.append(f"Q1 {row.name}: {row.statements} statements, goal {STATEMENTS[row.name]}")
    return found


def run(write: Callable[[str], None], *, scale: str = "small", only: list[str] | None = None):
    """Measure, print, append to var/bench.jsonl; the breaches of the goals."""
    with database():
        subject = build(scale)
        write(f"{connection.vendor}, Django {django.__version__}, Python {sys.version.split()[0]}")
        write("pay: both sides sign twice with RSA, as WeChat Pay asks; its network is left out.")
        write(f"{'':12}{'us':>7}{'floor':>7}{'ratio':>7}{'goal':>6}{'stmts':>7}{'db us':>7}")
        try:
            rows = []
            for name, ask in subject.asks.items():
                if only and name not in only:
                    continue
                rows.append(row := measure(subject, ask))
                write(
                    f"{row.name:12}{row.us:7.0f}{row.floor_us:7.0f}{row.ratio:7.2f}"
                    f"{goals()[row.name][1]:6.1f}"
                    f"{row.statements:4} ≤{STATEMENTS[row.name]}{row.db_us:7.0f}"
                )
            growing = grows_with_the_page(subject)
        finally:  # its open transaction would keep the database from being dropped
            subject.floor.store.close()
    _remember(rows, scale)
    return breaches(rows, growing)


def _remember(rows: list[Row], scale: str) -> None:
    sha = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False,
        cwd=settings.BASE_DIR,
    ).stdout.strip()  # fmt: skip
    line = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "commit": sha,
        "python": platform.python_version(),
        "django": django.__version__,
        "machine": platform.machine(),
        "database": connection.vendor,
        "scale": scale,
        "rows": [asdict(row) for row in rows],
    }
    with (settings.VAR_DIR / "bench.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
