"""A child of the runner: a process group of its own, a log file, a way to tell that it is up."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_the_runner() -> None:
    """Between fork and exec: SIGTERM when the runner dies, even by kill -9 (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """`ready` answers whether it serves; it is asked until it does."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    ready: Callable[[], bool]
    prepare: Callable[[], None] = lambda: None
    deadline_seconds: float = 60.0
    deaths: list[float] = field(default_factory=list)
    process: subprocess.Popen | None = None
    is_up: bool = False
    started_at: float = 0.0

    def start(self, *, keep_log: bool = False) -> None:
        self.prepare()
        self.is_up, self.started_at = False, time.monotonic()
        with self.log.open("ab" if keep_log else "wb") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the runner's; it stops the children in order
                preexec_fn=_die_with_the_runner,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def check(self) -> bool:
        """Up now?  Once it is, it stays so until it is started again."""
        self.is_up = self.is_up or (not self.ended and self.ready())
        return self.is_up

    @property
    def is_late(self) -> bool:
        return not self.is_up and time.monotonic() - self.started_at > self.deadline_seconds

    def ending(self) -> str:
        """How it ended, in words."""
        code = self.process.returncode
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def ask_to_stop(self) -> None:
        """SIGTERM to the master alone: it lets its own children finish what they do."""
        if not self.ended:
            self.process.terminate()

    def kill(self) -> None:
        """SIGKILL to the whole group: what a dead master left behind must go too."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def last_lines(self, count: int = 12) -> str:
        try:
            text = self.log.read_text(errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(f"    {line}" for line in text.strip().splitlines()[-count:])


def stop_all(children: list[Child], *, seconds: float = 8.0) -> list[str]:
    """SIGTERM to all, SIGKILL to those still there in `seconds`; the names of the latter."""
    running = [child for child in children if not child.ended]
    for child in running:
        child.ask_to_stop()
    end = time.monotonic() + seconds
    while time.monotonic() < end and not all(child.ended for child in running):
        time.sleep(0.05)
    stubborn = [child.name for child in running if not child.ended]
    for child in children:
        child.kill()
    for child in running:
        child.process.wait()
    return stubborn
