"""What `make run` starts: commands, environment, and how each child says that it is up."""

import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.stack.processes import Child

# Not the address of a proxy, whatever the environment says: these are this machine's own ports.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Plan:
    """One stack: its folder, its ports and the environment of its children."""

    root: Path
    var: Path
    port: int
    sandbox_port: int
    with_sandbox: bool
    with_demo: bool

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def manifest(self) -> Path:
        return self.var / "demo.json"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def sandbox_env_file(self) -> Path:
        return self.var / "sandbox" / "env"

    @property
    def database_url(self) -> str:
        return os.environ.get("DATABASE_URL") or f"sqlite:///{self.var}/db.sqlite3"

    @property
    def redis_url(self) -> str:
        return os.environ.get("REDIS_URL", "")

    @property
    def is_embedded(self) -> bool:
        return self.database_url.startswith("sqlite")

    def environment(self) -> dict[str, str]:
        """The runner's, with this stack's folder and ports, and the sandbox's bases and keys."""
        base = os.environ | {
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "config.settings.development",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            "SANDBOX": "1" if self.with_sandbox else "0",
            "VAR_DIR": str(self.var),
        }
        return base | (self.sandbox_environment() if self.with_sandbox else {})

    def sandbox_environment(self) -> dict[str, str]:
        if not self.sandbox_env_file.is_file():
            return {}
        lines = self.sandbox_env_file.read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    # -- children

    def sandbox(self) -> Child:
        command = ["-m", "tests.sandbox", "serve", "--first-port", str(self.sandbox_port)]
        return self._child(
            "sandbox",
            [*command, "--data", str(self.var / "sandbox")],
            ready=lambda: _answers(
                f"{self.sandbox_environment().get('SANDBOX_CONTROL', '')}/__sandbox__/health"
            ),
            prepare=lambda: self.sandbox_env_file.unlink(missing_ok=True),
        )

    def preparation(self) -> Child:
        """Not a server: it is "up" when it has ended well."""
        arguments = ["manage.py", "prepare"]
        if self.with_demo:
            arguments += ["--demo", str(self.manifest)]
        return self._child("prepare", arguments, ready=lambda: False, deadline_seconds=600)

    def web(self) -> Child:
        # SQLite: one writer at a time, so one process and few threads.  A server: all cores.
        workers, threads = (1, 4) if self.is_embedded else (os.cpu_count() or 1, 2)
        command = ["-m", "granian", "--interface", "wsgi", "config.wsgi:application"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--no-ws"]
        command += ["--workers", str(workers), "--blocking-threads", str(threads)]
        command += ["--log-level", "warning", "--respawn-failed-workers"]
        command += ["--workers-kill-timeout", "5"]
        return self._child("web", command, ready=lambda: _answers(f"{self.url}/health/live"))

    def worker(self) -> Child:
        command = ["worker", "--loglevel", "INFO", "--concurrency", "2"]
        command += ["--pool", "threads" if self.is_embedded else "prefork"]
        if not self.redis_url:  # nobody to talk to, and talk would be files
            command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        return self._celery("worker", command)

    def beat(self) -> Child:
        return self._celery("beat", ["beat", "--loglevel", "INFO"])

    def servers(self) -> list[Child]:
        return [self.web(), self.worker(), self.beat()]

    def _celery(self, name: str, arguments: list[str]) -> Child:
        ready_file = self.logs / f"{name}.ready"
        child = self._child(
            name,
            ["-m", "celery", "-A", "config.stack.celery_app", *arguments],
            ready=ready_file.exists,
            prepare=lambda: ready_file.unlink(missing_ok=True),
        )
        child.environment["STACK_READY_FILE"] = str(ready_file)
        return child

    def _child(self, name: str, arguments: list[str], **options) -> Child:
        return Child(
            name=name,
            command=[sys.executable, *arguments],
            environment=self.environment(),
            log=self.logs / f"{name}.log",
            **options,
        )


def server_of(url: str) -> tuple[str, int] | None:
    """(host, port) a database or Redis URL names; None for a file or a socket."""
    ports = {"mysql": 3306, "postgres": 5432, "postgresql": 5432, "redis": 6379, "rediss": 6379}
    parts = urlsplit(url)
    if parts.scheme not in ports or not parts.hostname:
        return None
    return parts.hostname, parts.port or ports[parts.scheme]


def shown(url: str) -> str:
    """A database or Redis URL without its password."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)


def _answers(url: str) -> bool:
    try:
        with _direct.open(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False
