"""Daily bills: what a provider says of one business day, from its book or as a test dictates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .book import Book
from .clock import CHINA
from .control import PREFIX, ControlError, read_object
from .web import Request, Router

# hash: another digest than the file's; short: the file ends before its end; late: not made yet.
SPOILS = ("", "hash", "short", "late")


@dataclass
class Row:
    """Amounts in fen; `at` in virtual seconds.  A refund has a refund_number."""

    number: str
    transaction_id: str
    amount: int
    at: float = 0.0
    refund_number: str = ""
    refund_id: str = ""


@dataclass
class Dictated:
    day: str
    rows: list[dict[str, Any]] | None = None
    spoil: str = ""


class Bills:
    """One provider's."""

    def __init__(self, world, rail: str, book: Book, day_begins: int = 0):
        """day_begins: seconds from midnight."""
        self._world, self._rail, self._book = world, rail, book
        self._day_begins = day_begins
        self._dictated = world.store.table(f"{rail}.bills", Dictated)

    def spoil(self, day: str) -> str:
        order = self._dictated.get(day)
        return order.spoil if order else ""

    def rows(self, day: str) -> list[Row]:
        order = self._dictated.get(day)
        if order is not None and order.rows is not None:
            return [Row(**row) for row in order.rows]
        with self._world.store.lock:
            entries = self._book.describe()["entries"]
        return [
            Row(
                number=entry.out_trade_no,
                transaction_id=entry.transaction_id,
                amount=abs(entry.amount),
                at=entry.at,
                refund_number=entry.out_refund_no,
                refund_id=entry.refund_id,
            )
            for entry in entries
            if stamp(entry.at - self._day_begins)[:10] == day
        ]

    def add_control(self, router: Router) -> None:
        router.add("POST", f"{PREFIX}/{self._rail}/bills/{{day}}", self._dictate)

    def _dictate(self, request: Request, day: str) -> dict[str, Any]:
        order = read_object(request)
        if order.get("spoil", "") not in SPOILS:
            raise ControlError(f"spoil: one of {SPOILS}")
        with self._world.store.change():
            self._dictated[day] = Dictated(day, order.get("rows"), order.get("spoil", ""))
        return {"rows": len(self.rows(day))}


def stamp(at: float) -> str:
    """As bills write it, Beijing time."""
    return f"{datetime.fromtimestamp(at, CHINA):%Y-%m-%d %H:%M:%S}"


def yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"
