"""Reading what a provider says: nothing in it is trusted, and much of it may be missing."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from commerce.errors import NoticeRefused
from commerce.gateways.base import GatewayUnknown


def text(facts: Mapping[str, Any], name: str, most: int = 64) -> str:
    """A text of at most so many characters; "" for anything else."""
    value = facts.get(name)
    return value if isinstance(value, str) and len(value) <= most else ""


def group(facts: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Facts inside the facts; none for anything else."""
    value = facts.get(name)
    return value if isinstance(value, dict) else {}


def not_ours(checks: Mapping[str, bool]) -> tuple[str, ...]:
    """The names of the facts that failed their check: a Trade's or a RefundResult's mismatch."""
    return tuple(name for name, good in checks.items() if not good)


def must_be_about(answer: Mapping[str, Any], **numbers: str) -> None:
    """Raise GatewayUnknown for an answer to somebody else's question."""
    if any(answer.get(name) != number for name, number in numbers.items()):
        raise GatewayUnknown("an answer about another number")


def read_form(body: bytes) -> dict[str, str]:
    """A notice that comes as a form; NoticeRefused when it is none."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    except ValueError as error:
        raise NoticeRefused("forged", "form") from error
