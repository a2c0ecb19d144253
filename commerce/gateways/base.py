"""What commerce asks of a payment provider.  Integers of fen exist on this side only."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from commerce.errors import UnknownMethod


class GatewayError(Exception):
    """The provider said no: `code` is its word for why.  Nothing was done.

    again: the very same request may be granted later (no balance yet, too many requests).
    """

    def __init__(self, code: str, message: str = "", *, again: bool = False):
        super().__init__(f"{code} {message}".strip())
        self.code, self.again = code, again


class GatewayUnknown(Exception):
    """No answer, or none that can be trusted: it may or may not have been done.  Ask again."""


class TradeState(StrEnum):
    UNPAID = "unpaid"
    PAID = "paid"
    CLOSED = "closed"
    ABSENT = "absent"  # the provider never heard of the number


@dataclass(frozen=True)
class Trade:
    """A provider's word on one of our payment numbers.  amount: yuan; None while unpaid.

    mismatch: names of the facts (merchant, app, currency, payer …) that are not ours.
    """

    number: str
    state: TradeState
    transaction_id: str = ""
    amount: Decimal | None = None
    paid_at: datetime | None = None
    mismatch: tuple[str, ...] = ()
    payer: str = ""


class RefundState(StrEnum):
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABSENT = "absent"


@dataclass(frozen=True)
class RefundResult:
    """A provider's word on one of our refund numbers.  amount: yuan.

    reason: the provider's own word for a failed state.  mismatch: as in Trade.
    """

    number: str
    state: RefundState
    provider_id: str = ""
    amount: Decimal | None = None
    succeeded_at: datetime | None = None
    reason: str = ""
    transaction_id: str = ""
    mismatch: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """An authentic, fresh callback: exactly one of trade and refund is set."""

    event_id: str
    trade: Trade | None = None
    refund: RefundResult | None = None


class Gateway(Protocol):
    """Calls go over the network unless they say otherwise: never inside a transaction.

    They raise GatewayError for a clear no and GatewayUnknown for anything unclear.
    """

    payer_app: str | None
    """The mini-program whose openid pays; None when the provider asks the person itself."""
    platform: str
    """Where its client parameters work: "mini_program" or "web"."""
    ready: bool
    """Whether settings name an account with the provider; no new payment begins without."""

    def prepay(self, payment, *, description: str) -> str:
        """Tell the provider about the attempt; its prepay id (the number itself where the
        provider hears of it from the person's browser).  Repeating it is harmless."""

    def client_parameters(self, payment, *, description: str) -> dict[str, Any]:
        """What the client hands to the provider's SDK, or opens; signed, no network."""

    def query(self, payment) -> Trade: ...

    def close(self, payment) -> None:
        """Make the attempt unpayable; GatewayError("ORDER_PAID") when it was paid before."""

    def refund(self, refund) -> RefundResult:
        """Send the money back under refund.number; repeating it sends nothing twice."""

    def query_refund(self, refund) -> RefundResult: ...

    def parse_notice(self, headers, body: bytes) -> Notice:
        """Check signature and freshness on the raw bytes; NoticeRefused otherwise."""


def gateway_for(method: str) -> Gateway:
    """The gateway of a payment method; UnknownMethod when settings.PAYMENT_GATEWAYS lacks it."""
    try:
        return _gateway(settings.PAYMENT_GATEWAYS[method])
    except KeyError:
        raise UnknownMethod(method=method) from None


def methods_on(platform: str = "") -> dict[str, str]:
    """The payment methods one can begin, with the platform of each; as settings order them."""
    gateways = {method: gateway_for(method) for method in settings.PAYMENT_GATEWAYS}
    return {
        method: gateway.platform
        for method, gateway in gateways.items()
        if gateway.ready and platform in ("", gateway.platform)
    }


@cache
def _gateway(path: str) -> Gateway:
    return import_string(path)()
