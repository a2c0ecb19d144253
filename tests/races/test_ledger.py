"""The books with everybody at once (invariant M-14)."""

import threading
from decimal import Decimal

import pytest

from commerce.gateways.base import RefundResult, RefundState
from commerce.models import LedgerEntry, LedgerTransaction, Order
from commerce.services import ledger
from commerce.services.ledger_check import balances, flaws
from commerce.services.orders import complete_order
from commerce.services.refunds import settle_refund
from config.db import LockingQuerySet
from tests.commerce.conftest import _something_to_sell  # noqa: F401
from tests.factories.accounts import UserFactory
from tests.factories.commerce import pay, place
from tests.helpers import together
from tests.races.commerce_tools import give_back
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def completed() -> tuple:
    """An order that may be settled, and a refund of 20.00 that may end any moment."""
    payment = pay(place(UserFactory()))
    complete_order(payment.order_id)
    refund = give_back(payment, "20.00", "goodwill")
    answer = RefundResult(refund.number, RefundState.SUCCEEDED, amount=refund.amount)
    return Order.objects.get(pk=payment.order_id), (refund.number, answer)


def refunded_while_settling(monkeypatch) -> Decimal:
    """What is left waiting of an order when a refund of it ends between look and write."""
    order, answer = completed()
    refund = threading.Thread(target=together, args=(1, lambda i: settle_refund(*answer)))
    real = ledger._balance

    def look_and_wait(*args):
        seen = real(*args)
        if refund.ident is None:
            refund.start()
            refund.join(timeout=3)  # it waits for the order's lock, when there is one
        return seen

    monkeypatch.setattr(ledger, "_balance", look_and_wait)
    ledger.release_order(order.pk, now=order.settles_at)
    refund.join()
    return real(order, "pending")


def test_M14_nothing_is_left_waiting_of_an_order_that_is_settled(monkeypatch):
    assert refunded_while_settling(monkeypatch) == 0
    assert balances()["available", ""] == Decimal("-100.00")
    assert list(flaws()) == []


def test_M14_without_the_orders_lock_something_would_be(monkeypatch):
    monkeypatch.setattr(LockingQuerySet, "locked", lambda rows: rows.order_by("pk"))

    assert refunded_while_settling(monkeypatch) == Decimal("20.00")


def test_M14_eight_sweeps_settle_an_order_once():
    order, _ = completed()

    together(8, lambda i: ledger.release_order(order.pk, now=order.settles_at))

    assert LedgerTransaction.objects.filter(cause="release").count() == 1
    assert list(flaws()) == []


def test_M14_a_storm_of_everything_leaves_books_that_agree():
    stories = [completed() for _ in range(size(100))]
    jobs = [
        job
        for order, answer in stories
        for job in (
            lambda o=order: ledger.release_order(o.pk, now=o.settles_at),
            lambda a=answer: settle_refund(*a),
            lambda a=answer: settle_refund(*a),
        )
    ]

    storm(len(jobs), lambda i: jobs[i]())

    kept = Decimal(100) * len(stories)
    left = {account: total for account, total in balances().items() if total}
    assert left == {("clearing", "wechat"): kept, ("available", ""): -kept}
    assert list(flaws()) == []
    figure("M-14", f"{LedgerEntry.objects.count()} entries agree with payments and orders")
