"""The same fight over HTTP: sixteen clients, a real server, one slot or one order after another.

C1: of sixteen that want a slot one gets 201 and fifteen 409; sixteen presses on "pay" make one
attempt, and everybody is told of that one.  Nobody sees a 5xx.  Times are shown, not gated: on a
busy machine they say more about it than about us.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import IO

from django.conf import settings
from django.db import connection

from accounts.models import WeChatIdentity
from accounts.services.sessions import Device, open_session
from commerce.models import Order, Payment
from counseling.models import Appointment
from tests.benchmarks import settings as server_settings
from tests.benchmarks.contention import Stage, at_once
from tests.journeys.stack import free_ports

START_SECONDS = 60
SETTINGS = "tests.benchmarks.settings"


def compare(stage: Stage, write: Callable[[str], None], *, rounds: int = 3) -> list[str]:
    """Run both fights, print a line for each; what was not as promised."""
    stage.reset()
    person = stage.clients[0].user
    WeChatIdentity.objects.create(user=person, appid=server_settings.WX_APPID, openid="oFight")
    tokens = [_token(client.user) for client in stage.clients]
    with server() as port:
        missed = _slots(stage, port, tokens, rounds, write)
        missed += _payments(stage, port, [_token(person) for _ in tokens], write)
    return missed


def _slots(stage: Stage, port: int, tokens: list[str], rounds: int, write) -> list[str]:
    times, statuses = [], Counter()
    for _ in range(rounds):
        stage.reset()
        asks = [
            [
                (
                    "/api/v1/appointment",
                    {"slot_id": slot.pk, "service_id": stage.service.pk, "client_id": client.pk},
                )
                for slot in stage.slots
            ]
            for client in stage.clients
        ]
        for taken, status, _body in _all(port, tokens, asks):
            times.append(taken)
            statuses[status] += 1
        sold = Appointment.objects.live().count()
        if (sold, Order.objects.count()) != (len(stage.slots), len(stage.slots)):
            return [f"C1 slots over HTTP: {sold} sold of {len(stage.slots)}"]
    _tell(write, "slots", times, statuses)
    each = len(stage.slots) * rounds
    if statuses != {201: each, 409: each * (len(tokens) - 1)}:
        return [f"C1 slots over HTTP: {dict(statuses)}"]
    return []


def _payments(stage: Stage, port: int, tokens: list[str], write) -> list[str]:
    """Sixteen devices of one person press "pay" for the same orders."""
    Order.objects.update(user=stage.clients[0].user)
    orders = list(Order.objects.values_list("pk", flat=True)[:40])
    asks = [[("/api/v1/pay", {"order_id": pk, "method": "wechat"}) for pk in orders]] * len(tokens)
    times, statuses, told = [], Counter(), {}
    for taken, status, body in _all(port, tokens, asks):
        times.append(taken)
        statuses[status] += 1
        payment = (body.get("data") or {}).get("payment", {})
        told.setdefault(payment.get("order_id"), set()).add(payment.get("id"))
    made = Payment.objects.filter(order__in=orders).count()
    _tell(write, "one pay", times, statuses)
    if statuses != {201: len(orders) * len(tokens)} or made != len(orders):
        return [f"C1 pay over HTTP: {dict(statuses)}, {made} attempts for {len(orders)} orders"]
    if any(len(attempts) != 1 for attempts in told.values()):
        return ["C1 pay over HTTP: clients of one order were told of several attempts"]
    return []


def _tell(write, name: str, times: list[float], statuses: Counter) -> None:
    times.sort()
    p50, p99 = (times[len(times) * percent // 100] * 1000 for percent in (50, 99))
    spread = p99 / p50
    write(f"{name:8}{'':8}{'':9}{p50:8.1f}{p99:8.1f}{spread:9.1f}  {dict(statuses)} over HTTP")


def _token(user) -> str:
    return open_session(user, method="bench", device=Device()).access


def _all(port: int, tokens: list[str], asks: list[list]) -> list[tuple[float, int, dict]]:
    """(seconds, status, body) of every request; each client is a process with one connection."""
    told = at_once(_client, [(port, *one) for one in zip(tokens, asks, strict=True)])
    return [answer for answers in told for answer in answers]


def _client(port: int, token: str, asks: list, gate, answers) -> None:
    http = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    http.request("GET", "/api/v1/health", headers=headers)
    http.getresponse().read()
    gate.wait()
    found = []
    for path, body in asks:
        began = time.perf_counter()
        http.request("POST", path, json.dumps(body), headers)
        answer = http.getresponse()
        text = answer.read()
        found.append((time.perf_counter() - began, answer.status, json.loads(text)))
    answers.put(found)


@contextmanager
def server(log: IO | None = None, **variables: str):
    """granian on the current test database, with these environment variables; gives its port.

    log: where what it says on the console goes.
    """
    (port,) = free_ports(1)
    embedded = connection.vendor == "sqlite"
    workers, threads = ("1", "4") if embedded else ("2", "2")
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", workers, "--no-ws"]
    command += ["--blocking-threads", threads, "--log-level", "warning"]
    env = (
        os.environ
        | {
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "DATABASE_URL": _url(),
            "VAR_DIR": str(settings.VAR_DIR),
            "JWT_SIGNING_KEY": settings.JWT_SIGNING_KEY,
        }
        | variables
    )
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=env, stdout=log, stderr=log)
    try:
        _await(port, process)
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _await(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            http = HTTPConnection("127.0.0.1", port, timeout=2)
            http.request("GET", "/health/live")
            if http.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server of the contention did not start")


def _url() -> str:
    """DATABASE_URL of the test database this process is on."""
    place = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{place['NAME']}"
    scheme = {"mysql": "mysql", "postgresql": "postgres"}[connection.vendor]
    account = f"{place['USER']}:{place['PASSWORD']}" if place["PASSWORD"] else place["USER"]
    return f"{scheme}://{account}@{place['HOST']}:{place['PORT']}/{place['NAME']}"
