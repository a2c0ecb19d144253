"""Logs as files of JSON lines: access, slow, error and security, a file per day, old ones deleted.

Nothing in them can forge a line, and what looks like a token, a phone number, an e-mail address
or an identity card is hidden, wherever it comes from.  LOG_DIR names the folder.
"""

import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from config.request_id import current_request_id

KINDS = ("access", "slow", "error", "security")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# The parameter that sets the level of which loggers.
GROUPS = {
    "LOG_LEVEL": [""],
    "LOG_LEVEL_APPS": ["accounts", "commerce", "config", "content", "counseling", "media"],
    "LOG_LEVEL_TASKS": ["celery"],
    "LOG_LEVEL_HTTP": ["httpx", "httpcore"],
}
_HIDDEN = "***"
# What JSON leaves as it is and some terminal or reader takes for a new line or a command.
_UNSAFE = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SECRETS = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # our tokens
    r"|bxk_[0-9a-f]{12}_[\w-]+"  # keys of third parties
    r"|(?i:\b(?:bearer|basic)\s+)[\w.~+/=-]+"
    r"|(?<![0-9A-Za-z])(?:\+?86)?1[3-9][0-9]{9}(?![0-9])"  # phone
    r"|(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])"  # identity card
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # e-mail
    r"|-----BEGIN [A-Z ]+-----[\s\S]+?-----END [A-Z ]+-----",
    re.ASCII,
)
_NAMED = re.compile(
    r"""(?ix) ( [\w-]* (?: password | passwd | secret | token | openid | session_key | signature
    | authorization | cookie | captcha | (?<![a-z])code | api_?key | phone | mobile | email
    | id_card | id_number ) [\w-]* ["']? \s* [=:] \s* )
    (?: "[^"]*" | '[^']*' | [^\s,;&'"})\]]+ )""",
)
_FILE = re.compile(rf"({'|'.join(KINDS)})-(\d{{4}}-\d\d-\d\d)(?:\.\d+)?", re.ASCII)
_security = logging.getLogger("banxin.security")


@dataclass
class LogOptions:
    """What may change while a process runs; the pulse sets it.  slow_ms: of one request."""

    access: bool = True
    slow_ms: int = 1000
    max_bytes: int = 100 * 1024 * 1024  # of one file


options = LogOptions()


def apply(value_of: Callable[[str], Any]) -> None:
    """Let this process log as the parameters say; value_of: a parameter's value by its name."""
    for group, names in GROUPS.items():
        level = getattr(logging, value_of(group))
        for logger in map(logging.getLogger, names):
            if logger.level != level:
                logger.setLevel(level)
    options.access = value_of("LOG_ACCESS")
    options.slow_ms = value_of("SLOW_REQUEST_MS")
    options.max_bytes = value_of("LOG_MAX_MB") * 1024 * 1024


def scrub(text: str) -> str:
    """`text` without secrets and personal data that can be told by their form or their name."""
    return _NAMED.sub(rf"\1{_HIDDEN}", _SECRETS.sub(_HIDDEN, text))


def json_line(entry: dict) -> str:
    """One line, whatever is in it."""
    text = json.dumps(entry, ensure_ascii=False, default=str)
    if text.isascii() and "\x7f" not in text:
        return text + "\n"
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def security_event(kind: str, *, level: int = logging.WARNING, **detail) -> None:
    """Note something that whoever guards the system should see: kind in a few fixed words.

    detail: ids, addresses, counts; no secrets (what looks like one is hidden all the same).
    """
    _security.log(level, kind, extra={"detail": detail})


class JsonFormatter(logging.Formatter):
    def format(self, record):
        entry = {
            "time": datetime.fromtimestamp(record.created)
            .astimezone()
            .isoformat("T", "milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", current_request_id.get()),
            "message": scrub(record.getMessage()),
        }
        detail = getattr(record, "detail", None)
        if detail:
            entry["detail"] = {
                name: scrub(value) if isinstance(value, str) else value
                for name, value in detail.items()
            }
        if record.exc_info:
            entry["trace"] = scrub(self.formatException(record.exc_info))
        return json_line(entry)


class DailyFile:
    """`<kind>-<day>.log` in LOG_DIR; past options.max_bytes it goes on in `<kind>-<day>.1.log`.

    Nothing is renamed and every line is one append, so all processes may write at once.
    A full or read-only disk loses lines, never a request.
    """

    def __init__(self, kind: str):
        self.kind = kind
        self._lock = threading.Lock()
        self._file, self._path, self._until, self._lines = None, None, 0.0, 0

    def write(self, line: str) -> None:
        try:
            with self._lock:
                if self._file is None or time.time() >= self._until or self._lines >= 1000:
                    self._open()
                self._lines += 1
                os.write(self._file, line.encode("utf-8", "replace"))
        except OSError:
            pass

    def _open(self) -> None:
        self.close()
        now = datetime.now().astimezone()
        folder = Path(settings.LOG_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        path, part = folder / f"{self.kind}-{now:%Y-%m-%d}.log", 0
        while path.exists() and path.stat().st_size >= options.max_bytes:
            part += 1
            path = folder / f"{self.kind}-{now:%Y-%m-%d}.{part}.log"
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        self._until, self._lines, self._path = midnight.timestamp(), 0, path

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class DailyFileHandler(logging.Handler):
    def __init__(self, kind: str):
        super().__init__()
        self.file = DailyFile(kind)

    def emit(self, record):
        try:
            self.file.write(self.format(record))
        except Exception:
            self.handleError(record)

    def close(self):
        self.file.close()
        super().close()


@dataclass(frozen=True)
class LogFile:
    path: Path
    kind: str
    day: date
    size: int


def log_files() -> list[LogFile]:
    """The files in LOG_DIR, newest day first; what is not one of ours is passed over."""
    found = []
    for path in Path(settings.LOG_DIR).glob("*-????-??-??*.log"):
        match = _FILE.fullmatch(path.stem)
        try:
            if match:
                size = path.stat().st_size
                found.append(LogFile(path, match[1], date.fromisoformat(match[2]), size))
        except (OSError, ValueError):  # deleted a moment ago, or a 31st of February
            continue
    return sorted(found, key=lambda file: (file.day, file.path.name), reverse=True)


def delete_old_logs(*, today: date, keep_days: int) -> int:
    """Delete the files of days longer ago than keep_days; how many."""
    old = [file for file in log_files() if file.day < today - timedelta(days=keep_days)]
    for file in old:
        file.path.unlink(missing_ok=True)
    return len(old)


def logging_config() -> dict:
    """What settings.LOGGING is: the console for everything, files for errors and security.

    Levels of the GROUPS are parameters.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": "config.request_id.RequestIdFilter"}},
        "formatters": {
            "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
            "json": {"()": "config.logs.JsonFormatter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler", "filters": ["request_id"], "formatter": "line",
            },
            "error": {
                "class": "config.logs.DailyFileHandler", "kind": "error", "level": "WARNING",
                "filters": ["request_id"], "formatter": "json",
            },
            "security": {
                "class": "config.logs.DailyFileHandler", "kind": "security",
                "filters": ["request_id"], "formatter": "json",
            },
        },
        "root": {"handlers": ["console", "error"], "level": "INFO"},
        "loggers": {
            "banxin.security": {"handlers": ["security"], "level": "INFO", "propagate": False},
            "django.security": {"handlers": ["security"], "level": "WARNING"},
            "django.request": {"level": "ERROR"},  # what clients get wrong is in the access log
            "django.server": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
        },
    }  # fmt: skip
