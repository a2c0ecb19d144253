"""What a merchant's orders came to, from the ledger."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from commerce.models import LedgerAccount, LedgerCause, LedgerEntry, Merchant
from commerce.services.ledger import FEN, ZERO


@dataclass(frozen=True)
class Figures:
    """Yuan; sales and refunds since the beginning, the rest as it stands."""

    pending: Decimal
    available: Decimal
    commission: Decimal
    commission_percent: Decimal
    orders: int
    sales: Decimal
    refunds: Decimal


def figures_of(merchant: Merchant) -> Figures:
    """In one statement."""
    accounts = (LedgerAccount.PENDING, LedgerAccount.AVAILABLE, LedgerAccount.COMMISSION)
    sale, back = Q(transaction__cause=LedgerCause.SALE), Q(transaction__cause=LedgerCause.RETURN)
    sums = {str(account): Sum("amount", filter=Q(account=account)) for account in accounts}
    sums |= {"sales": Sum("amount", filter=sale), "returned": Sum("amount", filter=back)}
    found = LedgerEntry.objects.filter(merchant=merchant).aggregate(
        orders=Count("transaction", filter=sale, distinct=True), **sums
    )

    def yuan(name: str) -> Decimal:
        return (found[name] or ZERO).quantize(FEN)

    return Figures(
        **{str(account): -yuan(account) for account in accounts},
        commission_percent=merchant.commission_percent,
        orders=found["orders"],
        sales=-yuan("sales"),
        refunds=yuan("returned"),
    )
