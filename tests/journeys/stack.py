"""A whole stack in processes for one journey: its own folder, ports and manifest."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.migrated import copy_to

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180


class StackUnfit(Exception):
    """No story can be told on this stack; the text says why and what to do."""


@dataclass
class Stack:
    """base_url: of the web server; manifest: what the demo made; pids: child name -> process id.

    var: its folder, when it is our own.
    """

    base_url: str
    manifest: dict
    pids_file: Path | None = None
    var: Path | None = None

    def pid(self, name: str) -> int:
        return json.loads(self.pids_file.read_text())[name]


@contextmanager
def running_stack(**variables):
    """Start `manage.py stack` with these environment variables; everything ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="banxin-journey-"))
    port, sandbox_port = free_ports(1)[0], free_ports(7)[0]
    pids = folder / "pids.json"
    command = [sys.executable, "manage.py", "stack", "--var", str(folder), "--port", str(port)]
    command += ["--sandbox-port", str(sandbox_port), "--pids", str(pids), "--quiet"]
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.development"} | variables
    if not env.get("DATABASE_URL"):
        copy_to(folder / "db.sqlite3")
    output = (folder / "stack.log").open("w")
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)
    try:
        base_url = f"http://127.0.0.1:{port}"
        _await_health(base_url, process, folder / "stack.log")
        manifest = _manifest(folder / "demo.json")
        yield Stack(base_url, manifest, pids, folder)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def _manifest(file: Path) -> dict:
    """What the demo made.  It makes nothing where people are already."""
    if not file.is_file():
        raise StackUnfit(
            "DATABASE_URL names a database with people in it. A stack of its own needs an empty "
            "one; BASE_URL and MANIFEST lead through a stack that runs."
        )
    return json.loads(file.read_text())


def _await_health(base_url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the stack did not start:\n{log.read_text()[-3000:]}")
        try:
            answer = httpx.get(f"{base_url}/health/ready", timeout=2, trust_env=False)
            if answer.status_code == 200 and (log.parent / "pids.json").exists():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.3)
    raise RuntimeError(f"the stack is not healthy:\n{log.read_text()[-3000:]}")


def free_ports(count: int) -> list[int]:
    """`count` ports in a row that nobody uses, below those that outgoing connections take."""
    while True:
        first = random.randrange(20_000, 32_000)
        ports = list(range(first, first + count))
        if all(_is_free(port) for port in ports):
            return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
