"""The simulated world: shared parts, and the rails (providers) built on them."""

import sys
from pathlib import Path
from typing import Any, Protocol

from .clock import VirtualClock
from .courier import Courier
from .faults import Faults
from .outbox import Outbox
from .people import People
from .store import Store
from .ticker import Ticker
from .web import Request, Response, Router


class Rail(Protocol):
    """One provider: a port that speaks its protocol, and what the control API can do with it."""

    name: str
    port_offset: int

    def handle(self, request: Request) -> Response:
        """Answer a request of the provider's own protocol."""

    def add_control(self, router: Router) -> None:
        """Add this rail's calls to the control API."""

    def env(self, base: str) -> dict[str, str]:
        """The environment that points a back end at this rail, served at `base`."""

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        """What the overview page shows, by heading."""

    def reset(self) -> None:
        """Forget what is kept outside the store's tables."""


class World:
    """All state and background work of one sandbox; knows no port."""

    def __init__(self, data: Path):
        self.data = data
        self.store = Store(data / "state.json")
        self.clock = VirtualClock(self.store)
        self.ticker = Ticker(self.clock)
        self.clock.changed = self.ticker.wake
        self.faults = Faults(self.store)
        self.people = People(self.store)
        self.courier = Courier(self.store, self.clock, self.faults, self.ticker)
        self.outbox = Outbox(self.store, self.clock, self.courier)
        # Rails import this module for its types, so they are looked up when a world is made.
        from .rails import RAILS

        self.rails: list[Rail] = [rail(self) for rail in RAILS]

    def start(self) -> None:
        self.store.start()
        self.courier.start()
        self.ticker.start()

    def stop(self) -> None:
        self.ticker.stop()
        self.courier.stop()
        self.store.close()

    def reset(self) -> None:
        """Forget all state and reset the clock; keys stay."""
        with self.store.lock:
            self.store.reset()
            self.courier.reset()
            for rail in self.rails:
                rail.reset()
        self.ticker.wake()


def complain(text: str) -> None:
    """One line for the person at the terminal."""
    sys.stderr.write(f"sandbox: {text}\n")
