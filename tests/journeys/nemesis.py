"""Buying, cancelling and refunding while everything dies (invariants M-18, M-14).

`python -m tests.journeys.nemesis --seconds 300` starts a stack (DATABASE_URL, REDIS_URL) in which
16 people buy, give up, pay at the last moment and ask for their money back, while web server,
worker and beat are killed with SIGKILL at random and Redis is emptied three times.  Then
everything has 120 seconds to settle.  Exit 1 unless nothing is left unresolved, and the ledger,
the payments and the provider's own book agree to the fen.  `make nemesis ARGS="--seconds 60"`.
"""

import argparse
import os
import random
import signal
import sys
import threading
import time
import uuid
from collections import Counter

import httpx
import redis

from tests.journeys.booking import short_time_to_pay
from tests.journeys.client import NotAsPromised, Staff, expect, until
from tests.journeys.nemesis_books import Books
from tests.journeys.shop import ADDRESS, offer
from tests.journeys.stack import Stack, running_stack
from tests.journeys.steps import Journey
from tests.sandbox.client import SandboxRefusedError

CLIENTS, FLUSHES, STOCK, SETTLED_AFTER = 16, 3, 100_000, 120
TIME_TO_PAY = 20  # seconds
# Too many at once, somebody was faster, the same request still runs (or its process died).
COME_AGAIN = {10429, 10411, 11009}
# The runner gives up a child that dies a fourth time within a minute.
MOST_DEATHS_A_MINUTE, SECONDS_BETWEEN = 3, 6


class Deadly:
    """Kills a child of the stack every few seconds and empties Redis now and then."""

    def __init__(self, stack: Stack, seconds: int):
        self.stack, self.seconds = stack, seconds
        self.died: list[tuple[float, str]] = []
        self.flushed = 0

    def run(self) -> None:
        started = time.monotonic()
        while (passed := time.monotonic() - started) < self.seconds:
            if self.flushed < FLUSHES and passed > (self.flushed + 1) * self.seconds / 4:
                self._flush()
            self._kill(time.monotonic())
            time.sleep(SECONDS_BETWEEN * random.uniform(0.5, 1.5))

    def _kill(self, now: float) -> None:
        recent = Counter(name for at, name in self.died if now - at < 60)
        names = [name for name in ("web", "worker", "beat") if recent[name] < MOST_DEATHS_A_MINUTE]
        if not names:
            return
        name = random.choice(names)
        try:
            os.kill(self.stack.pid(name), signal.SIGKILL)
        except ProcessLookupError:  # still coming back from the last time
            return
        self.died.append((now, name))

    def _flush(self) -> None:
        self.flushed += 1
        if os.environ.get("REDIS_URL"):
            redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()


class Client:
    """Somebody who buys all the time, and like the mini-program asks again until they know."""

    def __init__(self, journey: Journey, number: int, product: dict):
        self.journey, self.product = journey, product
        self.random = random.Random(f"{journey.run_id}-{number}")
        self.person = journey.newcomer(f"买家{number}")
        self.address = self.person.post("/addresses", ADDRESS, status=201)["id"]
        self.asked: list[int] = []
        self.did: Counter[str] = Counter()

    def run(self, until_: float) -> None:
        deeds = {self.buy: 50, self.give_up: 15, self.change_mind: 15, self.send_back: 20}
        while time.monotonic() < until_:
            deed = self.random.choices(list(deeds), list(deeds.values()))[0]
            deed()
            self.did[deed.__name__] += 1

    def buy(self) -> dict | None:
        order = self._order()
        return order if order and self._pay(order) else None

    def give_up(self) -> None:
        if order := self._order():
            self._write(f"/order/{order['id']}/cancel")

    def change_mind(self) -> None:
        """The payment and the cancelling of it are on their way at the same moment."""
        if order := self._order():
            paying = threading.Thread(target=self._pay, args=[order])
            paying.start()
            self._write(f"/order/{order['id']}/cancel")
            paying.join()

    def send_back(self) -> None:
        if order := self.buy():
            body = {"order_id": order["id"], "reason_code": "other", "reason": "不想要了"}
            for _try in range(20):  # the notice of the payment may still be on its way
                answer = self._write("/refund", body)
                if answer.status_code == 201:
                    self.asked.append(answer.json()["data"]["id"])
                    return
                time.sleep(0.5)

    def _order(self) -> dict | None:
        line = {
            "kind": "product", "target_id": self.product["id"],
            "quantity": self.random.randint(1, 3),
        }  # fmt: skip
        answer = self._write("/order", {"items": [line], "address_id": self.address})
        return answer.json()["data"] if answer.status_code == 201 else None

    def _pay(self, order: dict) -> bool:
        answer = self._write("/pay", {"order_id": order["id"], "method": "wechat"})
        if answer.status_code != 201:
            return False
        asked = answer.json()["data"]
        parameters = asked["client_parameters"] | {"appId": asked["app_id"]}
        try:
            self.journey.sandbox.request_payment(
                parameters,
                persona=self.person.persona["id"],
                copies=self.random.randint(1, 2),
                notify="hold" if self.random.random() < 0.1 else None,
            )
        except SandboxRefusedError:  # closed meanwhile
            return False
        return True

    def _write(self, path: str, body: dict | None = None) -> httpx.Response:
        """The answer, after however many tries with the same key it takes."""
        key = uuid.uuid4().hex
        while True:
            try:
                answer = self.person.send(path, body, key=key)
            except httpx.TransportError:
                self.did["tries in vain"] += 1
            else:
                if answer.is_success:
                    return answer
                code = answer.json()["code"]
                self.did[f"answered {code}"] += 1
                if answer.status_code < 500 and code not in COME_AGAIN:
                    return answer
            time.sleep(self.random.uniform(0.2, 1.0))


def approve(journey: Journey, clients: list[Client], done: threading.Event) -> None:
    """Finance approves what is asked for, a page at a time."""
    approved: set[int] = set()
    while not done.is_set() or any(set(client.asked) - approved for client in clients):
        waiting = [pk for client in clients for pk in client.asked if pk not in approved]
        try:
            if waiting:
                finance: Staff = journey.staff("finance")
                finance.act("/admin/commerce/refund/", "approve", *waiting)
                approved.update(waiting)
        except (httpx.TransportError, NotAsPromised, AttributeError):
            pass  # the web server was killed under it: once more
        time.sleep(2)


def storm(journey: Journey, seconds: int) -> tuple[list[Client], Deadly]:
    product = offer(journey, journey.login("merchant"), stock=STOCK)
    clients = [Client(journey, number, product) for number in range(CLIENTS)]
    deadly, done, end = (
        Deadly(journey.stack, seconds),
        threading.Event(),
        time.monotonic() + seconds,
    )
    threads = [threading.Thread(target=client.run, args=[end]) for client in clients]
    finance = threading.Thread(target=approve, args=[journey, clients, done])
    for thread in (*threads, finance):
        thread.start()
    deadly.run()
    for thread in threads:
        thread.join()
    done.set()
    finance.join()
    return clients, deadly


def settle(books: Books) -> float:
    """Seconds until nothing was unresolved any more."""
    started = time.monotonic()
    try:
        until("resolved", lambda: not books.unresolved(), seconds=SETTLED_AFTER)
    except NotAsPromised as late:
        raise NotAsPromised(f"{late}: {books.unresolved()}") from None
    return time.monotonic() - started


def run(stack: Stack, seconds: int) -> None:
    journey = Journey(stack)
    books = Books(stack)
    with short_time_to_pay(journey, TIME_TO_PAY):
        clients, deadly = storm(journey, seconds)
    did = sum((client.did for client in clients), Counter())
    died = Counter(name for _at, name in deadly.died)
    journey.story.step("the storm is over", **dict(did))
    journey.story.step("killed", **dict(died), redis_flushed=deadly.flushed)

    took = settle(books)
    journey.story.step("nothing unresolved", after=f"{took:.0f} s")
    for name, differing in books.differences(journey.sandbox.book()).items():
        expect(differing == [], f"{name}: {differing[:10]}")
    journey.story.step("ledger, payments and the provider's book agree", **books.sums())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    seconds = parser.parse_args().seconds
    try:
        with running_stack() as stack:
            run(stack, seconds)
    except NotAsPromised as failure:
        sys.stderr.write(f"NOT AS PROMISED: {failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
