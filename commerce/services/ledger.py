"""The books: every fen that came, whose it is, and where it went (invariants M-14).

Each function writes one transaction of the ledger, in the database transaction of its cause and
under the lock of that; a second call for the same cause writes nothing.

Money facts and their meaning are booked apart, because they are known apart: what comes or goes
at a provider stands against UNAPPLIED until the order it belongs to is locked.  Late and double
payments stay there until they went back.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Sum

from accounts.services.parameters import parameter
from commerce.models import (
    LedgerAccount,
    LedgerCause,
    LedgerEntry,
    LedgerTransaction,
    Order,
    OrderStatus,
    Payment,
    Refund,
)
from config.db import transact
from config.rows import insert, insert_all, new

ZERO = Decimal("0.00")
_CLEARING, _UNAPPLIED = LedgerAccount.CLEARING, LedgerAccount.UNAPPLIED
_PENDING, _AVAILABLE = LedgerAccount.PENDING, LedgerAccount.AVAILABLE
_COMMISSION = LedgerAccount.COMMISSION
_SELLERS = (_PENDING, _AVAILABLE, _COMMISSION)
FEN = Decimal("0.01")


class Unbalanced(AssertionError):
    """A transaction that does not sum to zero: a bug of ours, never somebody's mistake."""


def book_payment(payment: Payment) -> None:
    """Money came; what it is for is not said yet."""
    lines = [(_CLEARING, payment.amount), (_UNAPPLIED, -payment.amount)]
    _book(LedgerCause.PAYMENT, payment.pk, payment.order, lines, payment=payment)


def book_sale(order: Order, payment: Payment) -> None:
    """The payment paid the order: it is the seller's, once the order is through."""
    lines = [(_UNAPPLIED, payment.amount), (_PENDING, -payment.amount)]
    _book(LedgerCause.SALE, order.pk, order, lines, payment=payment)


def book_refund(refund: Refund) -> None:
    """Money went back."""
    lines = [(_UNAPPLIED, refund.amount), (_CLEARING, -refund.amount)]
    payment = refund.payment
    _book(LedgerCause.REFUND, refund.pk, refund.order, lines, payment=payment, refund=refund)


def book_return(order: Order, refund: Refund) -> None:
    """A refund of what paid the order: the seller bears it, and gets the commission on it back."""
    place, back = _place_of(order), ZERO
    if place != _PENDING:
        earned = -_balance(order, place, _COMMISSION)
        back = _commission(order, earned) - _commission(order, earned - refund.amount)
    lines = [(_UNAPPLIED, -refund.amount), (place, refund.amount - back), (_COMMISSION, back)]
    payment = refund.payment
    _book(LedgerCause.RETURN, refund.pk, order, lines, payment=payment, refund=refund)


def book_release(order: Order, *, called_off: bool = False) -> None:
    """What is left of the order is earned, our commission taken off.

    called_off: what was our own sale is a fee; a merchant's is the merchant's.
    """
    earned = -_balance(order, _PENDING)
    if earned > 0:
        ours, own = _commission(order, earned), order.merchant_id is None
        place = LedgerAccount.FEES if called_off and own else _AVAILABLE
        lines = [(_PENDING, earned), (place, ours - earned), (_COMMISSION, -ours)]
        _book(LedgerCause.RELEASE, order.pk, order, lines)


def wait_for_release(now: datetime) -> datetime:
    """When an order completed at `now` is settled."""
    return now + timedelta(days=parameter("SETTLE_DAYS"))


@transact
def release_order(order_id: int, *, now: datetime) -> bool:
    """Settle a completed order whose waiting time is over; False when it is not that far."""
    order = Order.objects.locked().filter(pk=order_id).first()
    if order is None or order.settles_at is None or order.settles_at > now or order.on_hold:
        return False
    if order.status != OrderStatus.COMPLETED:
        return False
    book_release(order)
    Order.objects.filter(pk=order.pk).update(settles_at=None)
    return True


def hold_settlement(order_id: int, *, hold: bool) -> None:
    """Keep a completed order from being settled, or let it be; call it with the order locked."""
    Order.objects.filter(pk=order_id).update(on_hold=hold)


def _book(cause: LedgerCause, number: int, order: Order, lines: Iterable[tuple], **of) -> None:
    lines = [(account, amount) for account, amount in lines if amount]
    if sum(amount for _, amount in lines) != 0:
        raise Unbalanced(f"{cause}:{number} {lines}")
    key = f"{cause}:{number}"
    if not lines or LedgerTransaction.objects.filter(key=key).exists():
        return
    booked = insert(new(LedgerTransaction, cause=cause, key=key, order=order, **of))
    method = of["payment"].method if "payment" in of else ""
    insert_all(
        [
            new(
                LedgerEntry,
                transaction=booked,
                account=account,
                method=method if account == _CLEARING else "",
                merchant_id=order.merchant_id if account in _SELLERS else None,
                amount=amount,
            )
            for account, amount in lines
        ]
    )


def _place_of(order: Order) -> LedgerAccount:
    """Where what the order earned stands now."""
    if not LedgerTransaction.objects.filter(key=f"{LedgerCause.RELEASE}:{order.pk}").exists():
        return _PENDING
    return LedgerAccount.FEES if _balance(order, LedgerAccount.FEES) else _AVAILABLE


def _commission(order: Order, earned: Decimal) -> Decimal:
    """Our part of what a seller earned, at the rate of the order."""
    percent = order.commission_percent or ZERO
    return (earned * percent / 100).quantize(FEN, ROUND_HALF_UP)


def _balance(order: Order, *accounts: LedgerAccount) -> Decimal:
    entries = LedgerEntry.objects.filter(transaction__order=order, account__in=accounts)
    total = entries.aggregate(total=Sum("amount"))["total"] or ZERO
    return total.quantize(FEN)  # SQLite adds as floating point numbers
