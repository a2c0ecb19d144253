"""A provider's ledger: every fen in and out, to compare with the merchant's own books."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Entry:
    """`amount` in fen: positive when the merchant receives, negative when a refund leaves.

    `openid`: the payer as the provider knows them.
    """

    number: int
    at: float
    kind: str
    amount: int
    out_trade_no: str
    transaction_id: str
    openid: str
    out_refund_no: str = ""
    refund_id: str = ""


class Book:
    """Append-only; written inside the same change that moves the trade or refund."""

    def __init__(self, world, rail: str):
        self._world = world
        self._rows = world.store.table(f"{rail}.book", Entry)

    def add(self, kind: str, amount: int, **names: str) -> None:
        number = len(self._rows) + 1
        self._rows[str(number)] = Entry(number, self._world.clock.now(), kind, amount, **names)

    def describe(self) -> dict[str, Any]:
        with self._world.store.lock:
            entries = list(self._rows.values())
        paid = sum(entry.amount for entry in entries if entry.kind == "payment")
        refunded = -sum(entry.amount for entry in entries if entry.kind == "refund")
        net: dict[str, int] = {}
        for entry in entries:
            net[entry.out_trade_no] = net.get(entry.out_trade_no, 0) + entry.amount
        return {
            "entries": entries,
            "paid": paid,
            "refunded": refunded,
            "net": paid - refunded,
            "net_by_trade": net,
        }
