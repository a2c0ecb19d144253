"""The objects on disk: one file with the content, and one beside it that describes it."""

import json
import os
import secrets
import shutil
import threading
import time
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from ..store import write_atomically
from .drafts import Draft


@dataclass
class Stored:
    """`blob` names the file with the content, which never changes; `headers` are given back."""

    key: str
    size: int
    etag: str
    sha256: str
    modified: float
    blob: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def type(self) -> str:
        return self.headers.get("Content-Type", "binary/octet-stream")


class Objects:
    """Objects by key, in memory only their descriptions."""

    def __init__(self, root: Path):
        self._root = root
        self._blobs, self._notes = root / "blobs", root / "objects"
        self._drafts = root / "drafts"
        self.lock = threading.RLock()
        self._known: dict[str, Stored] | None = None

    def draft(self) -> Draft:
        with self.lock:
            self._rows()
        return Draft(self._drafts)

    def find(self, key: str) -> Stored | None:
        with self.lock:
            return self._rows().get(key)

    def open(self, key: str) -> tuple[Stored, BinaryIO] | None:
        """An object and its content, which stays readable whatever happens to the object."""
        with self.lock:
            stored = self.find(key)
            return (stored, (self._blobs / stored.blob).open("rb")) if stored else None

    def all(self, prefix: str = "") -> list[Stored]:
        """In the order of the keys' bytes."""
        with self.lock:
            rows = [stored for key, stored in self._rows().items() if key.startswith(prefix)]
        return sorted(rows, key=lambda stored: stored.key.encode())

    def put(self, key: str, draft: Draft, headers: dict[str, str], etag: str = "") -> Stored:
        """Make a finished draft an object; `etag` unless it is the content's MD5."""
        blob = secrets.token_hex(16)
        stored = Stored(
            key, draft.size, etag or draft.md5, draft.sha256, time.time(), blob, headers
        )
        with self.lock:
            rows = self._rows()
            self._blobs.mkdir(parents=True, exist_ok=True)
            draft.path.rename(self._blobs / blob)
            self._note(rows, stored)
        return stored

    def copy(self, source: str, key: str, headers: dict[str, str] | None) -> Stored | None:
        """Another object with the same content, and unless others are given the same headers."""
        with self.lock:
            rows, blob = self._rows(), secrets.token_hex(16)
            if (original := rows.get(source)) is None:
                return None
            kept = dict(original.headers) if headers is None else headers
            os.link(self._blobs / original.blob, self._blobs / blob)
            stored = replace(original, key=key, modified=time.time(), blob=blob, headers=kept)
            self._note(rows, stored)
        return stored

    def delete(self, key: str) -> bool:
        with self.lock:
            stored = self._rows().pop(key, None)
            if stored is None:
                return False
            self._note_of(key).unlink(missing_ok=True)
            (self._blobs / stored.blob).unlink(missing_ok=True)
            return True

    def clear(self) -> None:
        """Forget all objects; what is still being received has not become one."""
        with self.lock:
            self._known = {}
            for folder in (self._notes, self._blobs):
                shutil.rmtree(folder, ignore_errors=True)

    def _note(self, rows: dict[str, Stored], stored: Stored) -> None:
        old = rows.get(stored.key)
        rows[stored.key] = stored
        write_atomically(self._note_of(stored.key), json.dumps(vars(stored), ensure_ascii=False))
        if old is not None:
            (self._blobs / old.blob).unlink(missing_ok=True)

    def _note_of(self, key: str) -> Path:
        return self._notes / f"{sha256(key.encode()).hexdigest()}.json"

    def _rows(self) -> dict[str, Stored]:
        """Read from disk on first use, that is by the process that serves and no other."""
        if self._known is None:
            notes = self._notes.glob("*.json") if self._notes.is_dir() else ()
            rows = (Stored(**json.loads(note.read_text(encoding="utf-8"))) for note in notes)
            self._known = {stored.key: stored for stored in rows}
            self._sweep()
        return self._known

    def _sweep(self) -> None:
        """Remove what a killed process left half done."""
        shutil.rmtree(self._drafts, ignore_errors=True)
        wanted = {stored.blob for stored in self._known.values()}
        for blob in self._blobs.glob("*") if self._blobs.is_dir() else ():
            if blob.name not in wanted:
                blob.unlink()
