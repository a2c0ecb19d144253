"""What the world sent: messages to people, and (from the courier) notices to the merchant."""

from dataclasses import dataclass
from typing import Any

from .courier import Courier, Notice
from .faults import NOTIFY

# Filters that are answered by what a notice is about.
ABOUT = ("out_trade_no", "out_refund_no", "openid")


@dataclass
class Message:
    """One message a person received. `content` is what the provider was asked to send."""

    id: str
    kind: str
    to: str
    at: float
    content: dict[str, Any]


class Outbox:
    """A log with filters; `kind` is "subscribe", "sms" or "notify"."""

    def __init__(self, store, clock, courier: Courier):
        self._store, self._clock, self._courier = store, clock, courier
        self._messages = store.table("messages", Message)

    def add(self, kind: str, to: str, content: dict[str, Any]) -> Message:
        with self._store.change():
            number = len(self._messages) + 1
            message = Message(f"{kind}-{number}", kind, to, self._clock.now(), content)
            self._messages[message.id] = message
        return message

    def find(self, filters: dict[str, str]) -> list[dict[str, Any]]:
        """Entries in order of time; every filter beside `since` compares a field as text."""
        wanted = dict(filters)
        since = float(wanted.pop("since", 0) or 0)
        with self._store.lock:
            entries = self._entries(wanted)
        entries = [entry for entry in entries if entry["at"] >= since and _fits(entry, wanted)]
        return sorted(entries, key=lambda entry: entry["at"])

    def _entries(self, wanted: dict[str, str]) -> list[dict[str, Any]]:
        kind, entries = wanted.get("kind", ""), []
        if kind in ("", NOTIFY):
            # Callers poll for one notice among thousands: look before building its entry.
            about = {name: value for name, value in wanted.items() if name in ABOUT}
            notices = [notice for notice in self._courier.all() if _fits(notice.about, about)]
            entries += [_notice_entry(notice) for notice in notices]
        if kind != NOTIFY:
            entries += [_message_entry(message) for message in self._messages.values()]
        return entries


def _message_entry(message: Message) -> dict[str, Any]:
    head = {"id": message.id, "kind": message.kind, "to": message.to, "at": message.at}
    return {**message.content, **head}


def _notice_entry(notice: Notice) -> dict[str, Any]:
    return {
        **notice.about,
        "id": notice.id,
        "kind": notice.kind,
        "rail": notice.rail,
        "to": notice.url,
        "at": notice.created_at,
        "event_type": notice.event,
        "state": notice.state,
        "next_at": notice.next_at if notice.state == "pending" else None,
        "copies": notice.copies,
        "plain": dict(notice.plain),
        "attempts": list(notice.attempts),
    }


def _fits(entry: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(str(entry.get(name)) == value for name, value in wanted.items())
