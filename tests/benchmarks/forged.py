"""What forged notices cost everybody else, over HTTP: a real server and twenty kinds of them (M-4).

Readers ask at a steady pace, round after round; in every other round forgeries come in as well, at
a steady pace of their own.  Rounds take turns, p95 of reading is compared within a pair of them and
the median pair counts.  A time begins when its request was due, so that who queues behind a slow
answer is slow too.
"""

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle, islice

from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from commerce.models import Payment, PaymentAnomaly, PaymentNotice
from commerce.services.starting import start_payment
from tests.benchmarks.bench import database
from tests.benchmarks.contention_http import server
from tests.benchmarks.seed import seed
from tests.commerce.books import books
from tests.factories.accounts import UserFactory
from tests.factories.commerce import ProductFactory, order_goods, payer
from tests.helpers import together
from tests.races.forgeries import FORGERIES
from tests.sandbox.client import SandboxClient
from tests.sandbox.server import Sandbox

READS, FORGED, CONNECTIONS = 40, 50, 4  # a second of each, and who shares them
SCALES = {"small": (6, 10), "full": (10, 20)}  # pairs of rounds, seconds of each
P99_MS, MOST_SLOWER = 50, 1.2
WARM_UP = 2  # seconds
CALLBACK = "/api/v1/pay/callback/wechat"
READ, FORGERY = "read", "forgery"


@dataclass
class Ask:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None


@dataclass
class Told:
    """What a stream of requests came to.  times: seconds of each."""

    times: list[float] = field(default_factory=list)
    answers: Counter = field(default_factory=Counter)

    def add(self, other: "Told") -> None:
        self.times += other.times
        self.answers += other.answers

    def at(self, percent: int) -> float:
        """Milliseconds within which so many of a hundred were answered."""
        return sorted(self.times)[max(len(self.times) * percent // 100 - 1, 0)] * 1000


@dataclass
class Stage:
    """attempt: paid at the provider, and nobody has told us; reads: what everybody else asks."""

    world: SandboxClient
    attempt: Payment
    reads: list[Ask]
    stranger: rsa.RSAPrivateKey
    sent: int = 0

    def genuine(self) -> Ask:
        return _notice(self.world.notice(self.attempt.number))

    def forgeries(self, count: int) -> list[Ask]:
        """All kinds in turn, of a notice of this moment, so that none is refused for its age."""
        notice = self.world.notice(self.attempt.number)
        kinds = islice(cycle(FORGERIES.values()), count)
        self.sent += count
        return [_notice(forge(notice, self.stranger)) for forge in kinds]


def _notice(notice: dict) -> Ask:
    headers = {"Content-Type": "application/json"} | notice["headers"]
    return Ask("POST", CALLBACK, headers, notice["body"].encode())


def build(world: SandboxClient) -> Stage:
    """Fill an empty, migrated database."""
    seeded = seed("small", appid="wxbench0000000000")
    bearer = {"Authorization": f"Bearer {seeded.tokens['user']}"}
    buyer = UserFactory()
    payer(world, buyer)
    order = order_goods(buyer, (ProductFactory(), 1))
    attempt = start_payment(order.pk, user=buyer, method="wechat").payment
    world.pay(attempt.number, notify="hold")
    reads = [
        Ask("GET", "/api/v1/counselor?size=20", {}),
        Ask("GET", "/api/v1/users/profile", bearer),
    ]
    return Stage(world, attempt, reads, rsa.generate_private_key(65537, 2048))


# -- asking


def at_once(port: int, streams: dict[str, tuple[list[Ask], int]]) -> dict[str, Told]:
    """Each stream's requests at its pace (a second), over CONNECTIONS connections each."""
    begin = time.perf_counter() + 0.1
    shares = [
        (name, asks[first::CONNECTIONS], begin + first / pace, CONNECTIONS / pace)
        for name, (asks, pace) in streams.items()
        for first in range(CONNECTIONS)
    ]
    told = {name: Told() for name in streams}
    outcomes = together(len(shares), lambda i: _client(port, *shares[i][1:]))
    for (name, *_), outcome in zip(shares, outcomes, strict=True):
        if isinstance(outcome, Exception):
            raise outcome
        told[name].add(outcome)
    return told


def _client(port: int, asks: list[Ask], due: float, spacing: float) -> Told:
    http, told = HTTPConnection("127.0.0.1", port, timeout=60), Told()
    for ask in asks:
        time.sleep(max(due - time.perf_counter(), 0))
        http.request(ask.method, ask.path, ask.body, ask.headers)
        answer = http.getresponse()
        answer.read()
        told.times.append(time.perf_counter() - due)
        told.answers[answer.status] += 1
        due += spacing
    http.close()
    return told


# -- comparing


@dataclass
class Found:
    """Rounds of reading by whether forgeries came in as well, and those."""

    quiet: list[Told] = field(default_factory=list)
    beset: list[Told] = field(default_factory=list)
    forged: list[Told] = field(default_factory=list)

    def slower(self) -> list[float]:
        """p95 of reading with forgeries to without, pair by pair."""
        pairs = zip(self.beset, self.quiet, strict=True)
        return [beset.at(95) / quiet.at(95) for beset, quiet in pairs]


def measure(port: int, stage: Stage, *, pairs: int, seconds: float) -> Found:
    """Pairs of rounds, the quiet one now first and now last; before them one that warms."""
    found = Found()
    _round(port, stage, min(seconds, WARM_UP), forged=True)
    for turn in range(pairs):
        for forged in (False, True) if turn % 2 else (True, False):
            told = _round(port, stage, seconds, forged=forged)
            (found.beset if forged else found.quiet).append(told[READ])
            if forged:
                found.forged.append(told[FORGERY])
    return found


def _round(port: int, stage: Stage, seconds: float, *, forged: bool) -> dict[str, Told]:
    streams = {READ: (list(islice(cycle(stage.reads), int(READS * seconds))), READS)}
    if forged:
        streams[FORGERY] = (stage.forgeries(int(FORGED * seconds)), FORGED)
    return at_once(port, streams)


def compare(
    port: int, stage: Stage, write: Callable[[str], None], *, pairs: int, seconds: float
) -> list[str]:
    """Measure, print a line for each stream; what was not as promised."""
    before = books()
    found = measure(port, stage, pairs=pairs, seconds=seconds)
    missed = effects(stage, before, port)
    quiet, beset, forged = map(_sum, (found.quiet, found.beset, found.forged))
    write(f"{'':22}{'n':>7}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}  answers")
    for name, told in (("reads", quiet), ("reads beside forgeries", beset), ("forgeries", forged)):
        times = "".join(f"{told.at(percent):8.1f}" for percent in (50, 95, 99))
        write(f"{name:22}{len(told.times):7}{times}  {dict(told.answers)}")
    ratios = found.slower()
    write(
        f"p95 of reads beside forgeries to without: {statistics.median(ratios):.2f}"
        f" ({min(ratios):.2f} to {max(ratios):.2f} in {pairs} pairs)"
    )
    return missed + too_slow(found)


def _sum(rounds: list[Told]) -> Told:
    whole = Told()
    for told in rounds:
        whole.add(told)
    return whole


def too_slow(found: Found) -> list[str]:
    """Goals of time, and answers that are none."""
    reads, forged = _sum(found.quiet + found.beset), _sum(found.forged)
    slower, missed = statistics.median(found.slower()), []
    if set(reads.answers) != {200} or set(forged.answers) != {400}:
        missed.append(f"M-4 answers: {dict(reads.answers)}, to forgeries {dict(forged.answers)}")
    if forged.at(99) > P99_MS:
        missed.append(f"M-4 forgeries: p99 {forged.at(99):.1f} ms, goal {P99_MS}")
    if slower > MOST_SLOWER:
        missed.append(f"M-4 reads: p95 {slower:.2f} times the quiet one's, goal {MOST_SLOWER}")
    return missed


def effects(stage: Stage, before: dict, port: int) -> list[str]:
    """Forgeries changed nothing, each is counted, and what they were made of is believed."""
    counted = PaymentAnomaly.objects.filter(kind="forged").aggregate(n=Sum("count"))["n"]
    if books() != before or PaymentNotice.objects.exists():
        return ["M-4 effects: forgeries changed something"]
    if counted != stage.sent:
        return [f"M-4 effects: {counted} of {stage.sent} forgeries are on record"]
    told = at_once(port, {"genuine": ([stage.genuine()], 1)})["genuine"]
    stage.attempt.refresh_from_db()
    if (told.answers, stage.attempt.status) != ({204: 1}, "succeeded"):
        return [f"M-4 effects: the genuine notice got {dict(told.answers)}"]
    return []


# -- running


@contextmanager
def outside_world() -> Iterator[Sandbox]:
    """The provider, and settings of this process that point at it."""
    with tempfile.TemporaryDirectory(prefix="banxin-bench-") as folder, Sandbox(folder) as sandbox:
        for name, value in sandbox.env().items():
            setattr(settings, name, value)
        yield sandbox


def run(write: Callable[[str], None], *, scale: str) -> list[str]:
    """On a database and a server of its own; the missed goals."""
    pairs, seconds = SCALES[scale]
    with database(), outside_world() as sandbox, tempfile.TemporaryFile() as log:
        write(
            f"{connection.vendor}, {READS} reads and {FORGED} forgeries a second,"
            f" {CONNECTIONS} connections each, {pairs} pairs of rounds of {seconds} s"
        )
        stage = build(SandboxClient(sandbox.control_url))
        keys = {"FIELD_KEYS": ",".join(settings.FIELD_KEYS), "AUDIT_KEY": settings.AUDIT_KEY}
        keys["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
        with server(log, **keys, **sandbox.env()) as port:
            return compare(port, stage, write, pairs=pairs, seconds=seconds)
