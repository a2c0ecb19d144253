"""Start the children in order, say when they are up, watch them, stop them.

A child that dies is named and started again; one that dies for the fourth time within a minute,
or is not up in time, stops everything.
"""

import fcntl
import json
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from config import broker
from config.stack.plan import Plan, server_of, shown
from config.stack.processes import Child, stop_all

POLL_SECONDS = 0.1
MOST_DEATHS, WITHIN_SECONDS = 3, 60
MESSAGES_KEPT_SECONDS = 3600


class StackError(Exception):
    """The stack cannot run; the text says why and what to do."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class Stack:
    def __init__(self, plan: Plan, say: Callable[[str], None], pids: Path | None = None):
        self.plan, self.say, self.pids = plan, say, pids
        self.children: list[Child] = []

    def run(self, when_up: Callable[[], None]) -> None:
        """Until Ctrl-C or SIGTERM; StackError when it cannot."""
        for folder in (self.plan.var, self.plan.logs, self.plan.var / "static"):
            folder.mkdir(parents=True, exist_ok=True)
        if self.pids:
            self.pids.unlink(missing_ok=True)
        with only_one(self.plan.var / "stack.lock"), _signals():
            try:
                self._start()
                when_up()
                while True:
                    time.sleep(POLL_SECONDS)
                    self._look_after()
            except Stopped:
                self.say("Stopping ...")
            finally:
                self._stop()

    def _start(self) -> None:
        self._check_surroundings()
        if self.plan.with_sandbox:
            sandbox = self._launch(self.plan.sandbox())
            self._wait_until_up()
            _keep_port(sandbox, self.plan.sandbox_environment()["SANDBOX_CONTROL"])
        self._prepare()
        for child in self.plan.servers():
            self._launch(child)
        self._wait_until_up()
        self._write_pids()

    def _check_surroundings(self) -> None:
        if not _is_free(self.plan.port, patience=3.0):
            raise StackError(
                f"Port {self.plan.port} is taken. Stop what listens there, "
                f"or choose another: PORT={self.plan.port + 1} make run"
            )
        for name, url in (
            ("DATABASE_URL", self.plan.database_url),
            ("REDIS_URL", self.plan.redis_url),
        ):
            server = server_of(url)
            if server and not _connects(server):
                raise StackError(f"{name}: nothing answers at {shown(url)}")
        broker.tidy(self.plan.var / "broker" / "queue", older_than=MESSAGES_KEPT_SECONDS)

    def _prepare(self) -> None:
        """Migrations and demo data; their output is shown only when they fail."""
        child = self._launch(self.plan.preparation())
        while not child.ended:
            if child.is_late:
                raise StackError(f"The database was not ready in time.\n{child.last_lines()}")
            time.sleep(POLL_SECONDS / 2)
        self.children.remove(child)
        if child.process.returncode != 0:
            raise StackError(f"The database could not be prepared.\n{_evidence(child)}")

    def _launch(self, child: Child) -> Child:
        child.start()
        self.children.append(child)
        return child

    def _wait_until_up(self) -> None:
        while not all(child.check() for child in self.children):
            for child in self.children:
                if child.ended:
                    what = f"{child.name} {child.ending()} at its start.{_hint(child)}"
                    raise StackError(f"{what}\n{_evidence(child)}")
                if child.is_late:
                    raise StackError(f"{child.name} is not up in time.\n{_evidence(child)}")
            time.sleep(POLL_SECONDS / 2)

    def _look_after(self) -> None:
        for child in self.children:
            if child.ended:
                self._start_again(child)
            elif not child.is_up and child.check():
                self.say(f"{child.name} is up again.")
                self._write_pids()
            elif child.is_late:
                raise StackError(f"{child.name} is not up in time.\n{_evidence(child)}")

    def _start_again(self, child: Child) -> None:
        now = time.monotonic()
        child.deaths = [at for at in child.deaths if now - at < WITHIN_SECONDS] + [now]
        what = f"{child.name} (process {child.pid}) {child.ending()}"
        child.kill()  # what its master left behind
        if len(child.deaths) > MOST_DEATHS:
            raise StackError(
                f"{what}, {len(child.deaths)} times within {WITHIN_SECONDS} seconds.\n"
                f"{_evidence(child)}"
            )
        self.say(f"{what}; starting it again.")
        child.start(keep_log=True)

    def _write_pids(self) -> None:
        """{name: process id}; the file appears, and changes, when everything is up."""
        if self.pids and all(child.is_up for child in self.children):
            pids = {"runner": os.getpid()} | {child.name: child.pid for child in self.children}
            unfinished = self.pids.with_name(f"{self.pids.name}.part")
            unfinished.write_text(json.dumps(pids))
            unfinished.rename(self.pids)

    def _stop(self) -> None:
        for stubborn in stop_all(self.children):
            self.say(f"{stubborn} did not stop and was killed.")
        if self.pids:
            self.pids.unlink(missing_ok=True)


def _evidence(child: Child) -> str:
    return f"{child.last_lines()}\n  The whole log: {child.log}"


def _hint(child: Child) -> str:
    if "cannot listen" in child.last_lines():
        return " Choose other ports with SANDBOX_PORT."
    return ""


def _keep_port(sandbox: Child, control_url: str) -> None:
    """Port 0 means any: started again, the sandbox must come back where it was."""
    place = sandbox.command.index("--first-port") + 1
    sandbox.command[place] = str(urlsplit(control_url).port)


def _is_free(port: int, *, patience: float) -> bool:
    """A stack killed a moment ago may still hold its port, so wait a little."""
    end = time.monotonic() + patience
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                if time.monotonic() > end:
                    return False
            else:
                return True
        time.sleep(0.2)


def _connects(server: tuple[str, int]) -> bool:
    try:
        socket.create_connection(server, timeout=3).close()
    except OSError:
        return False
    return True


@contextmanager
def only_one(path: Path):
    """One stack per folder; the lock goes with the process, however that ends."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(
                f"Another stack (process {lock.read().strip()}) already runs in {path.parent}."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def _signals():
    """SIGINT, SIGTERM and SIGHUP raise Stopped once; more of them do not disturb the stopping."""

    def stop(number, frame):
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise Stopped

    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, stop) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
