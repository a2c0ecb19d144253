"""Yuan on our side, whole fen on the providers'."""

from decimal import Decimal
from typing import Any


def fen(amount: Decimal) -> int:
    """Yuan to fen, exactly; ValueError for fractions of a fen."""
    whole = amount.scaleb(2)
    if whole != whole.to_integral_value():
        raise ValueError(f"{amount} is no whole number of fen")
    return int(whole)


def yuan(value: Any) -> Decimal | None:
    """Fen to yuan; None for anything but a whole number."""
    return Decimal(value).scaleb(-2) if type(value) is int else None
