"""A migrated SQLite database that is made once and copied from then on.

Migrating from nothing takes twenty seconds of computing, nine tenths of it Django's own models of
the past: for every worker of a run, every run, and every stack of a journey.  The copy lies in
var/, is known by what made it, and `migrate` runs on it all the same.
"""

import os
import shutil
import sqlite3
from hashlib import sha256
from pathlib import Path

from django.db import connection
from django.db.backends.signals import connection_created

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "var" / "migrated"
# Also what fills tables after each migrate: a row that is no longer seeded must not stay.
_MADE_BY = (
    "requirements/base.txt", "*/migrations/*.py", "accounts/rbac.py", "accounts/services/menus.py",
    "accounts/services/role_sync.py",
)  # fmt: skip


def migrated() -> Path:
    """Where the copy lies, if there is one."""
    known = sha256()
    for pattern in _MADE_BY:
        for file in sorted(ROOT.glob(pattern)):
            known.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return FOLDER / f"{known.hexdigest()[:16]}.sqlite3"


def start_from_copy() -> None:
    """Call it before the test database is made: it begins with what the copy has."""
    if connection.vendor == "sqlite" and migrated().exists():
        connection_created.connect(_fill, dispatch_uid="migrated")


def keep_copy() -> None:
    """Call it on a test database that has just been migrated."""
    connection_created.disconnect(dispatch_uid="migrated")
    file = migrated()
    # Where no test of a run wants a database, none was made.
    if connection.vendor != "sqlite" or not connection.is_in_memory_db() or file.exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}")
    connection.ensure_connection()
    with sqlite3.connect(unfinished) as copy:
        connection.connection.backup(copy)
    copy.close()
    unfinished.replace(file)  # another worker may have been as far


def copy_to(database: Path) -> None:
    """Let a stack begin with it; without one it migrates by itself."""
    if migrated().exists():
        shutil.copyfile(migrated(), database)


def _fill(sender, connection, **kwargs) -> None:
    if connection.is_in_memory_db():
        connection_created.disconnect(dispatch_uid="migrated")
        with sqlite3.connect(migrated()) as copy:
            copy.backup(connection.connection)
        copy.close()
