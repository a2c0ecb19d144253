"""Trouble on order: what real networks and providers do, made to happen at a chosen moment.

A fault waits for the next request (or notice) that fits and is used up after `times` hits
(null: stays until deleted). The first fitting fault wins; faults queue up in the order given.
"""

import re
import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from .web import Response

NOTIFY = "notify"

# Where an action takes effect: on an answer, on one delivery of a notice, or when a notice is made.
CONNECTION = {"delay", "drop", "truncate_body"}
SIGNATURE = {"bad_signature", "wrong_serial", "signtest"}
# All that can happen to the answers of a provider that neither signs them nor sends notices.
PLAIN_ANSWER = CONNECTION | {"error", "status", "bad_json"}
ANSWER = PLAIN_ANSWER | SIGNATURE | {"notify_before_response"}
DELIVERY = CONNECTION | SIGNATURE
DISPATCH = {"duplicate_notify", "reorder_notify", "hold_notify"}
KNOWN = ANSWER | DELIVERY | DISPATCH
WITH_ARGUMENT = {"error", "status", "delay", "duplicate_notify"}


@dataclass
class Fault:
    id: str
    rail: str
    op: str
    action: str
    match: dict[str, Any] = field(default_factory=dict)
    times: int | None = 1
    hits: int = 0

    @property
    def kind(self) -> str:
        return self.action.partition(":")[0]

    @property
    def argument(self) -> str:
        return self.action.partition(":")[2]

    def fits(self, rail: str, op: str, fields: dict[str, Any], kinds: Collection[str]) -> bool:
        if self.kind not in kinds or self.rail not in (rail, "*"):
            return False
        # "*" means every request; notices have to be named, and a dispatch action names them.
        ops = (op,) if op == NOTIFY else (op, "*")
        if self.kind not in DISPATCH and self.op not in ops:
            return False
        return all(str(fields.get(name)) == str(value) for name, value in self.match.items())


class Faults:
    """The queue of waiting faults."""

    def __init__(self, store):
        self._store = store
        self._rows = store.table("faults", Fault)
        self._ops: dict[str, list[str]] = {}
        self._codes: dict[str, str] = {}
        self._kinds: dict[str, Collection[str]] = {}

    def know(
        self, rail: str, ops: Collection[str], code: str, kinds: Collection[str] = KNOWN
    ) -> None:
        """Tell a rail's operations, the pattern of its error codes and what can go wrong there.

        So that a misspelt fault is refused at once and not waited for.
        """
        self._ops[rail] = sorted({*ops, NOTIFY, "*"})
        self._codes[rail] = code
        self._kinds[rail] = kinds

    def add(self, order: dict[str, Any]) -> Fault:
        """Queue a fault; raises ValueError with a sentence for the caller."""
        rail, op = order.get("rail", "*"), order.get("op", "*")
        action, match = order.get("action", ""), order.get("match") or {}
        times = order.get("times", 1)
        _check_action(action)
        if rail != "*" and rail not in self._ops:
            raise ValueError(f"rail: one of {sorted(self._ops)} or '*'")
        ops = {name for known in self._ops.values() for name in known}
        if op not in (ops if rail == "*" else self._ops[rail]):
            raise ValueError(f"op of {rail}: one of {sorted(ops)}")
        kind, _, code = action.partition(":")
        if kind not in self._kinds.get(rail, KNOWN):
            raise ValueError(f"action of {rail}: one of {sorted(self._kinds[rail])}")
        if kind == "error" and not re.fullmatch(self._codes.get(rail, "(?!)"), code):
            raise ValueError("action error: wants a rail, and a code of that rail's form")
        if not isinstance(match, dict):
            raise ValueError("match: an object of field name to value")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("times: a positive number, or null for always")
        fault = Fault(f"fault-{secrets.token_hex(4)}", rail, op, action, match, times)
        with self._store.change():
            self._rows[fault.id] = fault
        return fault

    def take(
        self, rail: str, op: str, fields: dict[str, Any], kinds: Collection[str]
    ) -> Fault | None:
        """The first fitting fault, counted as used."""
        if not self._rows:
            return None
        with self._store.change():
            for fault in self._rows.values():
                if fault.fits(rail, op, fields, kinds):
                    fault.hits += 1
                    if fault.times is not None and fault.hits >= fault.times:
                        del self._rows[fault.id]
                    return fault
        return None

    def all(self) -> list[Fault]:
        with self._store.lock:
            return list(self._rows.values())

    def clear(self, fault_id: str | None = None) -> None:
        with self._store.change():
            if fault_id is None:
                self._rows.clear()
            else:
                self._rows.pop(fault_id, None)


def spoil(response: Response, fault: Fault | None) -> Response:
    """Apply the faults that concern the connection, not the content."""
    if fault is None:
        return response
    if fault.kind == "delay":
        time.sleep(float(fault.argument) / 1000)
    elif fault.kind == "drop":
        response.cut = "drop"
    elif fault.kind == "truncate_body":
        response.cut = "truncate"
    elif fault.kind == "bad_json":
        response.close()
        response.part, response.body = None, b'{"half": '
    return response


def _check_action(action: str) -> None:
    kind, _, argument = action.partition(":")
    if kind not in KNOWN:
        raise ValueError(f"action: one of {sorted(KNOWN)}")
    if (kind in WITH_ARGUMENT) != bool(argument):
        raise ValueError(f"action {kind}: wants {'an' if kind in WITH_ARGUMENT else 'no'} argument")
    if kind in ("status", "delay", "duplicate_notify") and not argument.isdigit():
        raise ValueError(f"action {kind}: its argument is a whole number")
