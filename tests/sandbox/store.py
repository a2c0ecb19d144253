"""Everything the simulated world remembers, and its snapshot on disk.

State is a handful of named tables of flat records under one lock. A saver thread writes a snapshot
a moment after a change, so that no request waits for the disk; `close` writes the final one.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

Record = TypeVar("Record")

SAVE_PAUSE = 0.5
# A snapshot of a large world costs time under the lock, so saving may take at most this share.
SAVE_SHARE = 0.05


class Store:
    """Named tables (`dict` of id to record) that survive a restart of the process."""

    def __init__(self, path: Path):
        self.lock = threading.RLock()
        self._path = path
        self._loaded = _read_snapshot(path)
        self._tables: dict[str, dict[str, Any]] = {}
        self._changed = threading.Event()
        self._closing = threading.Event()
        self._saver: threading.Thread | None = None

    def table(self, name: str, record: type[Record]) -> dict[str, Record]:
        """The table of that name, filled from the last snapshot the first time it is asked for."""
        if name not in self._tables:
            known = {field.name for field in fields(record)}
            self._tables[name] = {
                key: record(**{k: v for k, v in row.items() if k in known})
                for key, row in self._loaded.pop(name, {}).items()
            }
        return self._tables[name]

    @contextmanager
    def change(self) -> Iterator[None]:
        """Hold the lock for a change. Never do network I/O or RSA inside."""
        with self.lock:
            yield
        self._changed.set()

    def reset(self) -> None:
        """Forget every record; whoever holds a table keeps holding the same, now empty, one."""
        with self.change():
            for table in self._tables.values():
                table.clear()

    def start(self) -> None:
        self._closing.clear()
        self._saver = threading.Thread(target=self._keep_saving, name="sandbox-saver", daemon=True)
        self._saver.start()

    def close(self) -> None:
        self._closing.set()
        self._changed.set()
        if self._saver:
            self._saver.join()
            self._saver = None
        self.save()

    def save(self) -> None:
        with self.lock:
            text = json.dumps(self._tables, default=vars, ensure_ascii=False)
        write_atomically(self._path, text)

    def _keep_saving(self) -> None:
        while True:
            self._changed.wait()
            if self._closing.is_set():
                return
            self._changed.clear()
            began = time.perf_counter()
            self.save()
            spent = time.perf_counter() - began
            self._closing.wait(max(SAVE_PAUSE, spent / SAVE_SHARE))


def write_atomically(path: Path, text: str) -> None:
    """Replace the file in one step, readable by its owner only: it may name secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _read_snapshot(path: Path) -> dict[str, dict]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        sys.stderr.write(f"sandbox: {path} is not readable ({error}); starting empty\n")
        return {}
