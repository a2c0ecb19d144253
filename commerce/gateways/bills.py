"""What the daily bills of all providers have in common: one row, two ways to have none."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, Protocol

from django.utils import timezone

from config.days import day_end
from config.http import NoAnswer, fetch, http_client

MOST = 2 * 1024**3  # bytes of a bill
SECONDS = 900
_CHUNK = 256 * 1024


class BillNotReady(Exception):
    """The provider has not made it yet: ask again later."""


class BillBroken(Exception):
    """Not whole, or not what the provider signed for: nothing of it is believed."""


@dataclass(frozen=True)
class BillRow:
    """Money that came or, with a refund_number, went back; amount in yuan, always positive."""

    number: str
    transaction_id: str
    amount: Decimal
    refund_number: str = ""


class BillSource(Protocol):
    """Part of the gateway of a provider that has bills.

    bill_begins: when the day of a bill begins, from midnight in Shanghai; midnight when missing.
    """

    def download_bill(self, day: date, file: BinaryIO) -> bool:
        """Fetch the bill of that business day into an empty file; False when nothing happened
        on it.  Raises BillNotReady, BillBroken, GatewayError and GatewayUnknown."""

    def read_bill(self, file: BinaryIO) -> Iterator[BillRow]:
        """Its rows, one at a time; BillBroken when it is not whole."""


def nothing_happened(day: date, *, within: timedelta) -> bool:
    """What "no such bill" means where one word says "not yet" and "nothing happened" alike: the
    second, so long after the day's end; BillNotReady before."""
    if timezone.now() < day_end(day) + within:
        raise BillNotReady
    return True


def download(url: str, file: BinaryIO, **headers: str) -> None:
    """What lies at the address, in pieces; BillBroken when not all of it came."""
    with http_client(connect=3.05, read=30) as client:
        try:
            status = fetch(client, url, to=file, most=MOST, seconds=SECONDS, headers=headers)
        except NoAnswer as error:
            raise BillBroken(f"download: {error}") from None
    if status != 200:
        raise BillBroken(f"download: HTTP {status}")


def pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(_CHUNK), b"")


def amount(text: str) -> Decimal:
    """Yuan as a bill writes them."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise BillBroken(f"amount {text[:20]!r}") from None
    return abs(value).quantize(Decimal("0.01"))


def columns(header: list[str], needed: tuple[str, ...]) -> Callable[[list[str]], dict[str, str]]:
    """What makes a row's values known by name; columns were added over the years."""
    if missing := [name for name in needed if name not in header]:
        raise BillBroken(f"no column {missing[0]}")

    def named(values: list[str]) -> dict[str, str]:
        if len(values) != len(header):
            raise BillBroken(f"{len(values)} values in a row of {len(header)}")
        return dict(zip(header, values, strict=True))

    return named
