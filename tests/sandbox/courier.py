"""Delivers notices to the merchant: in the background, repeatedly, until one is accepted.

The courier knows nothing about any provider. A rail registers a `Postman` that packs a notice
(freshly signed for every delivery) and tells which answers count as accepted.
"""

import heapq
import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import requests

from .faults import DELIVERY, DISPATCH, NOTIFY, Fault

TIMEOUT = 5.0
CARRIERS = 16
NEXT = "next"


@dataclass
class Notice:
    """One message to the merchant. `about` names what it concerns, for filters and faults.

    `state`: pending, held (until released), delivered, or given_up (after the last retry).
    `behind`: the id of the notice that has to be attempted first, or "next" while unknown.
    """

    id: str
    rail: str
    url: str
    event: str
    about: dict[str, Any]
    plain: dict[str, Any]
    created_at: float
    next_at: float
    seq: int = 0
    kind: str = NOTIFY
    state: str = "pending"
    copies: int = 1
    tries: int = 0
    behind: str = ""
    attempts: list[dict[str, Any]] = field(default_factory=list)


class Parcel(NamedTuple):
    """One delivery, ready to be posted."""

    url: str
    headers: dict[str, str]
    body: bytes


class Postman(Protocol):
    delays: Sequence[float]

    def pack(self, notice: Notice, fault: Fault | None) -> Parcel:
        """What to post this time; called anew for every delivery."""

    def accepted(self, status: int, body: bytes) -> bool:
        """Whether the merchant's answer ends the retries."""


class Courier:
    """The queue of notices and the threads that carry them."""

    def __init__(self, store, clock, faults, ticker):
        self._store, self._clock = store, clock
        self._faults, self._ticker = faults, ticker
        self._notices = store.table("notices", Notice)
        self._postmen: dict[str, Postman] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._flying: dict[str, int] = {}
        self._followers: list[Notice] = []
        self._jobs: queue.SimpleQueue[Notice | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        ticker.add(self)

    def employ(self, rail: str, postman: Postman) -> None:
        self._postmen[rail] = postman

    def start(self) -> None:
        self._jobs = queue.SimpleQueue()
        with self._store.lock:
            self._flying.clear()
            self._followers = [notice for notice in self._notices.values() if notice.behind]
            for notice in self._notices.values():
                self._plan(notice)
        for number in range(CARRIERS):
            thread = threading.Thread(
                target=self._carry,
                args=(self._jobs,),
                name=f"sandbox-carrier-{number}",
                daemon=True,
            )
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the carriers go without waiting for the merchant: what flies stays pending."""
        for _ in self._threads:
            self._jobs.put(None)
        self._threads.clear()

    def reset(self) -> None:
        with self._store.lock:
            self._heap.clear()
            self._flying.clear()
            self._followers.clear()

    def post(self, notice: Notice, handling: str = "auto", copies: int = 1) -> Notice:
        """Take a notice for delivery.

        `handling`: "auto" in the background, "hold" when it is released, "now" before this returns
        (the first try only; do not hold the store's lock).
        """
        fault = self._faults.take(notice.rail, NOTIFY, self._fields(notice), DISPATCH)
        kind = fault.kind if fault else ""
        notice.copies = int(fault.argument) if kind == "duplicate_notify" else copies
        with self._store.change():
            notice.seq = len(self._notices) + 1
            self._notices[notice.id] = notice
            self._claim_order(notice)
            if handling == "now":
                self._flying[notice.id] = 1
            elif handling == "hold" or kind == "hold_notify":
                notice.state = "held"
            elif kind == "reorder_notify":
                notice.state, notice.behind = "held", NEXT
                self._followers.append(notice)
            self._plan(notice)
        if handling == "now":
            self._deliver(notice)
        self._ticker.wake()
        return notice

    def release(self, notice_id: str) -> Notice | None:
        """Deliver a held notice now, or any other one once more."""
        with self._store.change():
            notice = self._notices.get(notice_id)
            if notice is not None:
                notice.state, notice.behind = "pending", ""
                notice.next_at = self._clock.now()
                self._plan(notice)
        self._ticker.wake()
        return notice

    def all(self) -> list[Notice]:
        with self._store.lock:
            return list(self._notices.values())

    def tick(self, now: float) -> float | None:
        """Hand every due notice to the carriers, `copies` times in parallel on its first try."""
        with self._store.lock:
            while self._heap and self._heap[0][0] <= now:
                _, _, notice_id = heapq.heappop(self._heap)
                notice = self._notices.get(notice_id)
                if not notice or not self._is_due(notice, now):
                    continue
                copies = notice.copies if notice.tries == 0 else 1
                self._flying[notice.id] = copies
                for _ in range(copies):
                    self._jobs.put(notice)
            return self._heap[0][0] if self._heap else None

    def _is_due(self, notice: Notice, now: float) -> bool:
        return (
            notice.state == "pending" and notice.next_at <= now and not self._flying.get(notice.id)
        )

    def _plan(self, notice: Notice) -> None:
        if notice.state == "pending":
            heapq.heappush(self._heap, (notice.next_at, notice.seq, notice.id))

    def _claim_order(self, notice: Notice) -> None:
        """Whoever waited for "the next notice" now waits for this one."""
        for other in self._followers:
            if other.behind == NEXT:
                other.behind = notice.id

    def _carry(self, jobs: queue.SimpleQueue) -> None:
        while (notice := jobs.get()) is not None:
            self._deliver(notice)

    def _deliver(self, notice: Notice) -> None:
        postman = self._postmen[notice.rail]
        fault = self._faults.take(notice.rail, NOTIFY, self._fields(notice), DELIVERY)
        if fault and fault.kind == "delay":
            time.sleep(float(fault.argument) / 1000)
        parcel = postman.pack(notice, fault)
        attempt = {"at": self._clock.now(), "wall": self._clock.wall(), "url": notice.url}
        attempt["fault"] = fault.action if fault else None
        began = time.perf_counter()
        status, answer, error = None, b"", "lost on the way"
        if not (fault and fault.kind == "drop"):
            status, answer, error = _post(parcel)
        attempt |= {"status": status, "error": error, "seconds": time.perf_counter() - began}
        attempt["answer"] = answer[:300].decode("utf-8", "replace")
        accepted = status is not None and postman.accepted(status, answer)
        self._settle(notice, attempt, accepted, postman.delays)

    def _settle(self, notice: Notice, attempt: dict, accepted: bool, delays: Sequence) -> None:
        with self._store.change():
            notice.attempts.append(attempt)
            left = self._flying.get(notice.id, 1) - 1
            if accepted:
                notice.state = "delivered"
            if left > 0:
                self._flying[notice.id] = left
            else:
                self._flying.pop(notice.id, None)
                self._plan_retry(notice, delays)
            self._let_followers_go(notice)
        self._ticker.wake()

    def _plan_retry(self, notice: Notice, delays: Sequence[float]) -> None:
        notice.tries += 1
        if notice.state != "pending":
            return
        if notice.tries > len(delays):
            notice.state = "given_up"
            return
        notice.next_at = self._clock.now() + delays[notice.tries - 1]
        self._plan(notice)

    def _let_followers_go(self, notice: Notice) -> None:
        for other in self._followers:
            if other.behind == notice.id:
                other.state, other.behind = "pending", ""
                self._plan(other)
        self._followers = [other for other in self._followers if other.behind]

    def _fields(self, notice: Notice) -> dict[str, Any]:
        return {"event_type": notice.event, "url": notice.url, **notice.about}


def _post(parcel: Parcel) -> tuple[int | None, bytes, str | None]:
    """Status, body and error; what is no complete answer in time has no status."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.post(
                parcel.url,
                data=parcel.body,
                headers=parcel.headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return None, b"", f"{type(error).__name__}: {error}"
        return answer.status_code, answer.content, None
