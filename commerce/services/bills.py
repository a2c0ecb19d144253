"""Fetching the providers' daily bills and importing each once (invariants M-17).

services.reconciliation compares them with our rows.
"""

import logging
import tempfile
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from commerce.errors import FactsMismatch
from commerce.gateways.base import GatewayError, GatewayUnknown, gateway_for
from commerce.gateways.bills import BillBroken, BillNotReady
from commerce.models import Bill, BillStatus, Payment
from commerce.services.payments import take_answer
from commerce.services.reconciliation import Sums, compare, sums_of
from commerce.services.wake import BILLS, wake
from config.db import transact
from config.errors import NotFound

logger = logging.getLogger(__name__)

# Bills of so many days are asked for, so that days of silence leave no gap.
DAYS_BACK = 3
MADE = timedelta(hours=10)  # after midnight in Shanghai, yesterday's bills are there
DUE = (BillStatus.WAITING, BillStatus.FAILED)


def import_due_bills(now: datetime) -> int:
    """Import what is not imported yet, oldest first; how many bills were."""
    _expect_bills(now)
    due = Bill.objects.filter(status__in=DUE).order_by("day", "pk")
    return sum([_try_import(bill) for bill in due])


def _expect_bills(now: datetime) -> None:
    """A row for every bill there should be by now."""
    newest = timezone.localdate(now - MADE) - timedelta(days=1)
    for method in settings.PAYMENT_GATEWAYS:
        gateway = gateway_for(method)
        if gateway.ready and hasattr(gateway, "download_bill"):
            for back in range(DAYS_BACK):
                Bill.objects.get_or_create(method=method, day=newest - timedelta(days=back))


def _try_import(bill: Bill) -> bool:
    try:
        import_bill(bill)
        return True
    except BillNotReady:
        _note(bill.pk, "账单尚未生成")
    except (GatewayError, GatewayUnknown) as error:
        _note(bill.pk, str(error))
    except BillBroken as error:
        logger.error("bill %s: %s", bill, error)
        _fail(bill.pk, str(error))
    except Exception:
        logger.exception("bill %s", bill)
    return False


def import_bill(bill: Bill) -> None:
    """Fetch it, read it to its end, and only then compare.  Network; harmless to repeat."""
    gateway = gateway_for(bill.method)
    with tempfile.TemporaryFile() as file:
        there_is_one = gateway.download_bill(bill.day, file)

        def read():
            return gateway.read_bill(file) if there_is_one else iter(())

        sums = sums_of(read())
        lost = compare(bill, read, begins=getattr(gateway, "bill_begins", timedelta(0)))
    _done(bill.pk, sums)
    for payment in Payment.objects.filter(pk__in=lost):
        _ask_about(payment)


def _ask_about(payment: Payment) -> None:
    """The bill says it was paid, which is a reason to ask and never one to believe it."""
    try:
        take_answer(gateway_for(payment.method), payment)
    except FactsMismatch:  # an anomaly for a person
        logger.warning("payment %s is billed with other facts", payment.number)


@transact
def _done(bill_id: int, sums: Sums) -> None:
    bill = Bill.objects.locked().get(pk=bill_id)
    facts = {"rows": sums.rows, "came": sums.came, "went_back": sums.went_back}
    if bill.status in DUE:
        move(bill, BillStatus.IMPORTED, imported_at=timezone.now(), error="", **facts)


@transact
def _fail(bill_id: int, error: str) -> None:
    bill = Bill.objects.locked().get(pk=bill_id)
    if bill.status == BillStatus.WAITING:
        move(bill, BillStatus.FAILED, reason=error, error=error[:200])
    else:
        _note(bill_id, error)


def _note(bill_id: int, error: str) -> None:
    Bill.objects.filter(pk=bill_id).update(error=error[:200], updated_at=timezone.now())


@transact
def import_again(bill_id: int, *, actor: User) -> Bill:
    """Have a bill fetched and compared once more; what it adds is only what is new."""
    bill = Bill.objects.locked().filter(pk=bill_id).first()
    if bill is None:
        raise NotFound
    if bill.status != BillStatus.WAITING:
        move(bill, BillStatus.WAITING, actor=actor, reason="重新导入")
    wake(BILLS)
    return bill
