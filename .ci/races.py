"""The race tests on both servers: RACES_MYSQL_URL and RACES_POSTGRES_URL.

pytest makes a database of its own (test_<name>) on each and drops it.  A server that does not
answer is named and passed over.  When neither answers that is a failure; RACES_ALL=1 wants both.
`--full` storms at the size that the invariants name instead of a tenth of it, and prints figures.
`--at-once` storms both servers at the same time, and says first what happened on the first.
`--drop` only drops what a run that was killed left behind; other arguments are pytest's.
"""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
ENGINES = {"RACES_MYSQL_URL": 3306, "RACES_POSTGRES_URL": 5432}


def main() -> int:
    urls = {name: os.environ.get(name, "") for name in ENGINES}
    if sys.argv[1:] == ["--drop"]:
        for name, url in urls.items():
            if answers(url, ENGINES[name]):
                drop(url)
        return 0
    deaf = [name for name, url in urls.items() if not answers(url, ENGINES[name])]
    for name in deaf:
        say(f"{name}: nothing answers at {without_password(urls[name]) or '(empty)'}")
    if len(deaf) == len(ENGINES) or (deaf and os.environ.get("RACES_ALL") == "1"):
        say("The race tests need a database server; SQLite shows nothing about locks.")
        return 1
    wishes = {"--full", "--at-once"} & set(sys.argv[1:])
    arguments = [argument for argument in sys.argv[1:] if argument not in wishes]
    if "--full" in wishes:
        os.environ["RACES_FULL"] = "1"
    heard = [url for name, url in urls.items() if name not in deaf]
    runs = [Run(url, arguments, aside="--at-once" in wishes and url != heard[0]) for url in heard]
    return max([run.end() for run in runs])


class Run:
    """pytest against one server; `aside`: beside another one, its output kept until the end."""

    def __init__(self, url: str, arguments: list[str], *, aside: bool):
        self.url, self.arguments, self.output = url, arguments, None
        self.process = None
        if aside:
            self.output = tempfile.TemporaryFile()  # noqa: SIM115 - read by end()
            self._start()

    def _start(self) -> None:
        environment = os.environ | {"DATABASE_URL": self.url, "SANDBOX": "0"}
        command = [sys.executable, "-m", "pytest", "-m", "races", *self.arguments]
        streams = {"stdout": self.output, "stderr": self.output}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, **streams)

    def end(self) -> int:
        say(f"Races on {without_password(self.url)}")
        if self.process is None:
            self._start()
        code = self.process.wait()
        if self.output:
            self.output.seek(0)
            say(self.output.read().decode(errors="replace"))
        return code


def drop(url: str) -> None:
    parts = urlsplit(url)
    name = f"test_{parts.path.strip('/')}"
    if parts.scheme == "mysql":
        import MySQLdb

        account = {"user": parts.username, "passwd": parts.password or ""}
        server = MySQLdb.connect(host=parts.hostname, port=parts.port or 3306, **account)
        server.cursor().execute(f"DROP DATABASE IF EXISTS `{name}`")
    else:
        import psycopg

        account = {"user": parts.username, "password": parts.password}
        place = {"host": parts.hostname, "port": parts.port or 5432, "dbname": "postgres"}
        server = psycopg.connect(**place, **account, autocommit=True)
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    server.close()


def answers(url: str, port: int) -> bool:
    parts = urlsplit(url)
    if not parts.hostname:
        return False
    try:
        socket.create_connection((parts.hostname, parts.port or port), timeout=3).close()
    except OSError:
        return False
    return True


def without_password(url: str) -> str:
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":***@", 1) if password else url


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
