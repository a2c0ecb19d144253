"""Directories of generated keys: made once, atomically, and kept by resets and restarts."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path


def open_vault(root: Path, name: str, make: Callable[[Path], None]) -> Path:
    """The directory `root/keys/name`, filled by `make` if it does not exist yet.

    `make` works in a draft directory that is renamed into place, so that a second process which
    starts at the same moment either wins as a whole or uses what the first one made.
    """
    target = root.resolve() / "keys" / name
    if target.is_dir():
        return target
    draft = target.with_name(f".{name}.{os.getpid()}.{secrets.token_hex(4)}")
    draft.mkdir(parents=True, mode=0o700)
    try:
        make(draft)
        with contextlib.suppress(OSError):
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
