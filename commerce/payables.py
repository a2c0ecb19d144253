"""How commerce sells things it has never heard of.

An app that sells something writes one class with these five methods in its
payables.py and adds one line to settings.PAYABLES.  Commerce calls it by kind and
imports nothing from it; the app may import commerce.

Each call runs inside the transaction that moves the order, at most once per move,
items in (kind, target_id) order.  A method refuses by raising a DomainError, which
undoes the whole move.  No network calls here: use transaction.on_commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from commerce.errors import UnknownKind
from commerce.models import Fulfilment, OrderItem


@dataclass(frozen=True, order=True)
class Want:
    """What a user asks to buy: `quantity` of the `kind` thing whose primary key is `target_id`.

    options: what else the kind needs to know (which service, for whom), checked by its payable.
    expected_price: the unit price the buyer was shown; another price now refuses the order.
    """

    kind: str
    target_id: int
    quantity: int = 1
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)
    expected_price: Decimal | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Offer:
    """What that costs right now; unit_price in yuan, two decimals.

    details: whatever the payable wants back in reserve(); commerce does not look inside.
    hold_seconds: how long it may be held unpaid, when that is less than orders usually have.
    merchant_id: whose it is; one order has the things of one merchant, or of none.
    image_url: how the thing looks, kept with the order.
    fulfilment: what the seller still has to do once it is paid; SHIPPING asks for an address.
    alone: it ends and is given back by itself, so nothing else goes into its order.
    """

    title: str
    unit_price: Decimal
    details: Any = None
    hold_seconds: int | None = None
    merchant_id: int | None = None
    image_url: str = ""
    fulfilment: Fulfilment = Fulfilment.NONE
    alone: bool = False


class Payable(Protocol):
    """label: what people call the kind, in Chinese."""

    label: str

    def quote(self, user, want: Want) -> Offer:
        """Take or lock the target, refuse if `user` cannot have it, else price it."""

    def reserve(self, item: OrderItem, want: Want, offer: Offer) -> None:
        """The order was placed: hold the target for it."""

    def fulfil(self, item: OrderItem) -> None:
        """The order was paid: hand the target over and tell the buyer.

        A refusal sends the money back and closes the order; so only for good.
        """

    def release(self, items: Sequence[OrderItem], *, expired: bool) -> None:
        """Orders were cancelled or ran out unpaid: give the targets back.

        Of many orders at once, in target_id order; all of one kind.  One by one is right too,
        a few statements for all of them is quick.
        """

    def revoke(self, item: OrderItem) -> None:
        """The money went back: take the target back, unless the app itself did already."""


def kind_labels() -> dict[str, str]:
    """What is sold: kind and its name for people."""
    return {kind: payable_for(kind).label for kind in settings.PAYABLES}


def payable_for(kind: str) -> Payable:
    """The handler of one kind of thing; UnknownKind when settings.PAYABLES does not list it."""
    try:
        return _payable(settings.PAYABLES[kind])
    except KeyError:
        raise UnknownKind(kind=kind) from None


@cache
def _payable(path: str) -> Payable:
    return import_string(path)()
