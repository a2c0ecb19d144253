"""`make run`: what it starts, how it watches and stops it; and the embedded broker."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from config.stack.banner import banner
from config.stack.plan import Plan, server_of, shown
from config.stack.processes import Child, stop_all
from config.stack.runner import Stack, StackError, only_one
from tests.config.production import ROOT

INHERITED = ("HOME", "LANG", "PATH", "TMPDIR")


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """plan(DATABASE_URL="...") is a stack in a folder of its own."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)

    def make(**environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return Plan(
            root=ROOT, var=tmp_path, port=8123, sandbox_port=0, with_sandbox=True, with_demo=True
        )

    return make


@pytest.fixture
def child(tmp_path):
    """child("python code") is one that is up at once; killed at the end of the test."""
    made = []

    def make(code: str, name: str = "child"):
        command = [sys.executable, "-c", code]
        log = tmp_path / f"{name}.log"
        made.append(Child(name, command, dict(os.environ), log, ready=lambda: True))
        return made[-1]

    yield make
    stop_all(made, seconds=0)


def wait_for(condition, seconds: float = 30.0):
    end = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return answer


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# -- the plan


def test_children_share_the_folder_the_database_and_the_sandboxes_keys(plan, tmp_path):
    (tmp_path / "sandbox").mkdir()
    (tmp_path / "sandbox" / "env").write_text("WX_APPID=wx1\nSANDBOX_CONTROL=http://127.0.0.1:1\n")

    environment = plan().environment()

    assert environment["VAR_DIR"] == str(tmp_path)
    assert environment["DATABASE_URL"] == f"sqlite:///{tmp_path}/db.sqlite3"
    assert environment["PORT"] == "8123"
    assert environment["WX_APPID"] == "wx1"


def test_sqlite_has_one_web_process_and_a_server_as_many_as_cores(plan):
    def workers(plan):
        command = plan.web().command
        return command[command.index("--workers") + 1]

    assert workers(plan()) == "1"
    assert workers(plan(DATABASE_URL="mysql://root@127.0.0.1/x")) == str(os.cpu_count())


def test_the_pool_of_the_worker_follows_the_database(plan):
    assert "threads" in plan().worker().command
    assert "prefork" in plan(DATABASE_URL="postgres://postgres@127.0.0.1/x").worker().command


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("sqlite:////tmp/x", None),
        ("mysql://u:p@db/x", ("db", 3306)),
        ("postgres://u@db:5433/x", ("db", 5433)),
        ("redis://cache/0", ("cache", 6379)),
        ("", None),
    ],
)
def test_which_server_a_url_names(url, server):
    assert server_of(url) == server


def test_passwords_are_not_printed():
    assert shown("mysql://root:s3cret@db/x") == "mysql://root:***@db/x"


def test_the_banner_says_where_things_are_and_who_may_log_in(plan, tmp_path):
    account = {"id": 1, "username": "anna", "password": "pw", "phone": None, "persona": "p1"}
    (tmp_path / "demo.json").write_text(json.dumps({"accounts": {"admin": account}}))

    text = banner(plan(), 2.0)

    assert "http://127.0.0.1:8123/api/v1/docs" in text
    assert "http://127.0.0.1:8123/admin/" in text
    assert "admin              anna               pw  persona p1" in text


# -- one child


def test_what_a_child_says_goes_to_its_log(child, tmp_path):
    one = child("print('hello'); raise SystemExit(3)")

    one.start()
    one.process.wait()

    assert one.last_lines() == "    hello"
    assert one.ending() == "ended with exit code 3"


def test_a_childs_own_children_are_killed_with_it(child):
    code = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    one = child(code)
    one.start()
    grandchild = int(wait_for(one.last_lines))
    os.kill(one.pid, signal.SIGKILL)
    wait_for(lambda: one.ended)

    one.kill()

    assert one.ending() == "was killed by SIGKILL"
    wait_for(lambda: not is_alive(grandchild))


def test_who_ignores_the_request_to_stop_is_killed_and_named(child):
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    polite, stubborn = (
        child("import time; time.sleep(60)"),
        child(f"{deaf}; time.sleep(60)", "deaf"),
    )
    for one in (polite, stubborn):
        one.start()
    wait_for(stubborn.last_lines)

    assert stop_all([polite, stubborn], seconds=0.5) == ["deaf"]
    assert polite.ended
    assert stubborn.ended


def test_a_child_that_dies_is_named_and_started_again_three_times(child, plan):
    said = []
    stack, one = Stack(plan(), said.append), child("pass")
    for _ in range(3):
        one.start()
        one.process.wait()
        stack._start_again(one)
    one.process.wait()

    with pytest.raises(StackError, match=r"child .* ended with exit code 0, 4 times within 60"):
        stack._start_again(one)
    assert len(said) == 3
    assert all("ended with exit code 0; starting it again." in line for line in said)


def test_one_stack_per_folder(tmp_path):
    lock = tmp_path / "stack.lock"
    with (
        only_one(lock),
        pytest.raises(StackError, match=f"process {os.getpid()}"),
        only_one(lock),
    ):
        pass
    with only_one(lock):
        pass


# -- the whole thing, in processes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """One `manage.py stack` in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.pid_file = folder / "pids.json"
        self.process: subprocess.Popen | None = None

    def start(self, *arguments: str) -> "Running":
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        command = [sys.executable, str(ROOT / "manage.py"), "stack", "--var", str(self.folder)]
        command += ["--port", str(self.port), "--sandbox-port", "0", "--pids", str(self.pid_file)]
        with (self.folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                [*command, *arguments], cwd=ROOT, env=environment, stdout=said, stderr=said
            )
        return self

    def wait_until_up(self) -> dict[str, int]:
        wait_for(lambda: self.pid_file.exists() or self.process.poll() is not None, 90)
        assert self.process.poll() is None, self.said
        return self.pids

    @property
    def pids(self) -> dict[str, int]:
        return json.loads(self.pid_file.read_text())

    @property
    def said(self) -> str:
        return (self.folder / "said").read_text()

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.URLError:
            return 0

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=30)


@pytest.fixture
def running(tmp_path):
    stack = Running(tmp_path)
    yield stack
    stack.stop()


@pytest.mark.journey
def test_a_stack_starts_mends_itself_and_stops_without_a_trace(running):
    pids = running.start("--no-demo").wait_until_up()

    assert set(pids) == {"runner", "sandbox", "web", "worker", "beat"}
    assert running.get("/health/ready") == 200
    assert "Ctrl-C stops everything." in running.said

    for name in ("web", "worker"):
        os.kill(pids[name], signal.SIGKILL)
    wait_for(lambda: {"web", "worker"} <= {n for n, pid in running.pids.items() if pid != pids[n]})

    assert f"web (process {pids['web']}) was killed by SIGKILL; starting it again." in running.said
    assert "worker is up again." in running.said
    assert running.get("/health/live") == 200

    pids = running.pids
    assert running.stop() == 0
    assert [name for name, pid in pids.items() if is_alive(pid)] == []
    assert not running.pid_file.exists()


@pytest.mark.journey
def test_children_do_not_outlive_a_runner_that_is_killed(running):
    pids = running.start("--no-demo", "--quiet").wait_until_up()

    assert running.stop(signal.SIGKILL) == -signal.SIGKILL

    wait_for(lambda: not [pid for pid in pids.values() if is_alive(pid)], 15)
    assert running.said == ""


@pytest.mark.journey
def test_a_taken_port_is_said_with_a_way_out(running):
    with socket.create_server(("127.0.0.1", running.port)):
        assert running.start("--no-demo", "--quiet").process.wait(timeout=30) == 1

    assert running.said.startswith(f"Port {running.port} is taken.")
    assert f"PORT={running.port + 1} make run" in running.said
