"""Whether the books are right: in themselves, and against payments, refunds and orders (M-14)."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Case, DecimalField, F, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Round

from commerce.models import (
    AnomalyKind,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    Order,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from commerce.services.anomalies import record_anomaly
from commerce.services.ledger import FEN

_YUAN = DecimalField(max_digits=14, decimal_places=2)
_ZERO = Value(Decimal(0), output_field=_YUAN)
_OWED = (
    LedgerAccount.PENDING, LedgerAccount.AVAILABLE, LedgerAccount.COMMISSION, LedgerAccount.FEES,
)  # fmt: skip


@dataclass(frozen=True)
class Flaw:
    """what: "transaction", "payment" or "order"; amounts in yuan."""

    what: str
    name: str
    expected: Decimal
    booked: Decimal

    def __str__(self):
        return f"{self.what} {self.name}: {self.booked} booked, {self.expected} expected"


def flaws() -> Iterator[Flaw]:
    """Everything that is wrong, in three statements however many rows there are.

    A transaction that does not sum to zero; a payment whose money at the provider is not what
    came less what went back; an order whose seller is owed another sum than was kept of it.
    What is under way is no flaw: a fact and its entries are one transaction.
    """
    sums = LedgerTransaction.objects.annotate(booked=_total("transaction"))
    for row in sums.exclude(booked=0).order_by("pk").iterator():
        yield Flaw("transaction", row.key, Decimal("0.00"), row.booked)
    for payment in _wrong(_payments()):
        yield Flaw("payment", payment["number"], payment["expected"], payment["booked"])
    for order in _wrong(_orders()):
        yield Flaw("order", order["number"], order["expected"], order["booked"])


def check_books() -> int:
    """Have a person look at every flaw there is; how many."""
    found = 0
    for flaw in flaws():
        record_anomaly(
            AnomalyKind.LEDGER, key=f"{flaw.what}:{flaw.name}",
            what=flaw.what, name=flaw.name, expected=str(flaw.expected), booked=str(flaw.booked),
        )  # fmt: skip
        found += 1
    return found


def balances() -> dict[tuple[str, str], Decimal]:
    """{(account, method): yuan} of everything booked."""
    rows = LedgerEntry.objects.order_by().values_list("account", "method")
    sums = rows.annotate(total=Sum("amount"))
    return {(account, method): total.quantize(FEN) for account, method, total in sums}


def _payments() -> QuerySet:
    done = Refund.objects.filter(payment=OuterRef("pk"), status=RefundStatus.SUCCEEDED)
    came = Case(When(status=PaymentStatus.SUCCEEDED, then=F("amount")), default=_ZERO)
    return Payment.objects.annotate(
        expected=came - _sum_of(done, "payment"),
        booked=_total("transaction__payment", account=LedgerAccount.CLEARING),
    )


def _orders() -> QuerySet:
    kept = Case(
        When(paid_by__isnull=False, then=F("refunded_amount") - F("paid_by__amount")),
        default=_ZERO, output_field=_YUAN,
    )  # fmt: skip
    return Order.objects.annotate(
        expected=kept, booked=_total("transaction__order", account__in=_OWED)
    )


def _wrong(rows: QuerySet) -> Iterator[dict]:
    rows = rows.exclude(booked=Round("expected", precision=2)).order_by("pk")
    return rows.values("number", "expected", "booked").iterator()


def _total(path: str, **of) -> Round:
    """What is booked for a row: entries whose `path` it is."""
    return _sum_of(LedgerEntry.objects.filter(**{path: OuterRef("pk")}, **of), path)


def _sum_of(rows: QuerySet, group: str) -> Round:
    """Rounded: SQLite adds as floating point numbers."""
    total = rows.order_by().values(group).annotate(total=Sum("amount")).values("total")
    return Round(Coalesce(Subquery(total, output_field=_YUAN), _ZERO), precision=2)
