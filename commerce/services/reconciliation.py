"""Comparing a provider's bill with our rows: typed differences, each once, and their work queue.

The bill is read as a stream and our rows in batches, so that memory does not grow with it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from commerce.gateways.bills import BillRow
from commerce.models import (
    Bill,
    BillDifference,
    DifferenceKind,
    DifferenceStatus,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from config.changes import set_fields
from config.days import day_end, day_start
from config.db import transact
from config.errors import IllegalTransition, NotFound, ReasonNeeded

BATCH = 500
# What came this shortly before a day's end may stand in the next day's bill; it is missed then.
MIDNIGHT = timedelta(minutes=10)
Kind = DifferenceKind
Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Sums:
    rows: int
    came: Decimal
    went_back: Decimal


def sums_of(rows: Iterable[BillRow]) -> Sums:
    """Reads to the end, which is what shows that a bill is whole."""
    number, came, back = 0, Decimal(0), Decimal(0)
    for row in rows:
        number += 1
        if row.refund_number:
            back += row.amount
        else:
            came += row.amount
    return Sums(number, came, back)


def compare(
    bill: Bill, read: Callable[[], Iterator[BillRow]], *, begins: timedelta = timedelta(0)
) -> list[int]:
    """Write down every difference that is not written down yet; the payments that the bill says
    were paid and we do not know of.  A second time adds nothing.

    begins: when the provider's day begins, from midnight in Shanghai.
    """
    window = _window(bill, begins)
    _forget_marks(bill)
    lost: list[int] = []
    for rows in _batches(read()):
        lost += _compare_payments(bill, [row for row in rows if not row.refund_number])
        _compare_refunds(bill, [row for row in rows if row.refund_number])
    _miss(bill, _payments_of(bill, window), Kind.MISSING_THERE)
    _miss(bill, _refunds_of(bill, window), Kind.REFUND_MISSING_THERE)
    return lost


def _forget_marks(bill: Bill) -> None:
    """Bills are edited: what was in an earlier edition may be missing now."""
    Payment.objects.filter(method=bill.method, billed_on=bill.day).update(billed_on=None)
    Refund.objects.filter(payment__method=bill.method, billed_on=bill.day).update(billed_on=None)


def _compare_payments(bill: Bill, rows: list[BillRow]) -> list[int]:
    numbers = [row.number for row in rows]
    ours = {p.number: p for p in Payment.objects.filter(method=bill.method, number__in=numbers)}
    found, lost = [], []
    for row in rows:
        payment = ours.get(row.number)
        if (kind := _of_payment(payment, row)) is not None:
            mine = payment.amount if payment else None
            found.append(_difference(bill, kind, row.number, row, mine, payment=payment))
        if kind == Kind.STATUS:
            lost.append(payment.pk)
    _write(found)
    Payment.objects.filter(pk__in=[p.pk for p in ours.values()]).update(billed_on=bill.day)
    return lost


def _of_payment(payment: Payment | None, row: BillRow) -> DifferenceKind | None:
    if payment is None:
        return Kind.MISSING_HERE
    if payment.status != PaymentStatus.SUCCEEDED:
        return Kind.STATUS
    if payment.amount != row.amount:
        return Kind.AMOUNT
    return Kind.TRANSACTION if payment.transaction_id != row.transaction_id else None


def _compare_refunds(bill: Bill, rows: list[BillRow]) -> None:
    numbers = [row.refund_number for row in rows]
    known = Refund.objects.filter(payment__method=bill.method, number__in=numbers)
    ours = {refund.number: refund for refund in known}
    found = []
    for row in rows:
        refund = ours.get(row.refund_number)
        if (kind := _of_refund(refund, row)) is not None:
            mine = refund.amount if refund else None
            found.append(_difference(bill, kind, row.refund_number, row, mine, refund=refund))
    _write(found)
    Refund.objects.filter(pk__in=[r.pk for r in ours.values()]).update(billed_on=bill.day)


def _of_refund(refund: Refund | None, row: BillRow) -> DifferenceKind | None:
    if refund is None:
        return Kind.REFUND_MISSING_HERE
    if refund.status != RefundStatus.SUCCEEDED:
        return Kind.REFUND_STATUS
    return Kind.REFUND_AMOUNT if refund.amount != row.amount else None


def _payments_of(bill: Bill, window: Window):
    start, end = window
    return Payment.objects.filter(
        method=bill.method, paid_at__gte=start, paid_at__lt=end,
        status=PaymentStatus.SUCCEEDED, billed_on=None,
    )  # fmt: skip


def _refunds_of(bill: Bill, window: Window):
    start, end = window
    return Refund.objects.filter(
        payment__method=bill.method, succeeded_at__gte=start, succeeded_at__lt=end,
        status=RefundStatus.SUCCEEDED, billed_on=None,
    )  # fmt: skip


def _window(bill: Bill, begins: timedelta) -> Window:
    return day_start(bill.day) + begins - MIDNIGHT, day_end(bill.day) + begins - MIDNIGHT


def _miss(bill: Bill, rows, kind: DifferenceKind) -> None:
    name = "refund" if kind == Kind.REFUND_MISSING_THERE else "payment"
    for batch in _batches(rows.order_by("pk").iterator(chunk_size=BATCH)):
        _write(
            [_difference(bill, kind, row.number, None, row.amount, **{name: row}) for row in batch]
        )


def _difference(bill, kind, number, row: BillRow | None, ours, **of) -> BillDifference:
    return BillDifference(
        bill=bill,
        kind=kind,
        key=f"{bill.method}:{kind}:{number}",
        number=number,
        transaction_id=row.transaction_id if row else "",
        ours=ours,
        theirs=row.amount if row else None,
        **of,
    )


def _write(found: list[BillDifference]) -> None:
    """Those that are new; two imports at once write each once."""
    keys = [difference.key for difference in found]
    known = set(BillDifference.objects.filter(key__in=keys).values_list("key", flat=True))
    new = [difference for difference in found if difference.key not in known]
    BillDifference.objects.bulk_create(new, ignore_conflicts=True)


def _batches(rows: Iterator) -> Iterator[list]:
    while batch := list(islice(rows, BATCH)):
        yield batch


# -- the work queue


@transact
def take_difference(difference_id: int, *, actor: User) -> BillDifference:
    """Say who looks into it: whoever says so."""
    return _change(difference_id, assigned_to=actor)


@transact
def note_difference(difference_id: int, *, actor: User, note: str) -> BillDifference:
    """Add words to it; earlier ones stay."""
    if not note.strip():
        raise ReasonNeeded
    row = _open(difference_id)
    line = f"{timezone.localtime():%Y-%m-%d %H:%M} {actor.display_name}：{note.strip()}"
    return _change(row.pk, note=f"{row.note}\n{line}".strip()[-2000:])


@transact
def resolve_difference(difference_id: int, *, actor: User, reason: str) -> BillDifference:
    """Close it with what came of it; ReasonNeeded without."""
    if not reason.strip():
        raise ReasonNeeded
    row = _open(difference_id)
    move(
        row, DifferenceStatus.RESOLVED, actor=actor, reason=reason,
        resolved_at=timezone.now(), resolution=reason[:200], assigned_to=row.assigned_to or actor,
    )  # fmt: skip
    return row


def _change(difference_id: int, **changes) -> BillDifference:
    row = _open(difference_id)
    set_fields(row, changes)
    row.save(update_fields=[*changes, "updated_at"])
    return row


def _open(difference_id: int) -> BillDifference:
    row = BillDifference.objects.locked().filter(pk=difference_id).first()
    if row is None:
        raise NotFound
    if row.status != DifferenceStatus.OPEN:
        raise IllegalTransition(old=row.status, new=DifferenceStatus.RESOLVED)
    return row
