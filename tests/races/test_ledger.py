"""The books with everybody at once (invariant M-14)."""

import threading
from decimal import Decimal

import pytest
from django.db import transaction

from commerce.gateways.base import RefundResult, RefundState
from commerce.models import LedgerEntry, LedgerTransaction, Order, Refund
from commerce.services import ledger, payments, refunds
from commerce.services.ledger_check import balances, flaws
from commerce.services.orders import complete_order, lock_order
from commerce.services.refunds import settle_refund
from tests.commerce.conftest import _something_to_sell  # noqa: F401
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, money_for, pay, place
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


def test_M14_without_the_orders_lock_something_would_be(monkeypatch, no_locks):
    assert refunded_while_settling(monkeypatch) == Decimal("20.00")


def test_M14_eight_sweeps_settle_an_order_once():
    order, _ = completed()

    together(8, lambda i: ledger.release_order(order.pk, now=order.settles_at))

    assert LedgerTransaction.objects.filter(cause="release").count() == 1
    assert list(flaws()) == []


def news_of_a_payment():
    attempt = AttemptFactory(place(UserFactory()))
    return attempt, lambda: payments._record(attempt.number, money_for(attempt))


def news_of_a_refund():
    number, answer = completed()[1]
    return Refund.objects.get(number=number), lambda: refunds._record(number, answer)


def heard_beside_the_order(news) -> bool:
    """Whether a money fact is on record while somebody else still holds its order."""
    row, record = news()
    listener = threading.Thread(target=together, args=(1, lambda i: record()))
    with transaction.atomic():
        lock_order(row.order_id)
        listener.start()
        listener.join(timeout=2)
        heard = not listener.is_alive()
    listener.join()
    assert type(row).objects.get(pk=row.pk).status == "succeeded"
    return heard


@pytest.mark.parametrize("news", [news_of_a_payment, news_of_a_refund])
def test_money_is_booked_without_a_lock_on_its_order(news):
    """Who holds the order waits for the payment next; the other way round is a deadlock."""
    assert heard_beside_the_order(news)


@pytest.mark.parametrize("news", [news_of_a_payment, news_of_a_refund])
def test_booked_under_a_lock_on_it_the_news_would_wait(monkeypatch, news):
    def locks(cause, number, order, *args, **of):
        lock_order(order.pk)
        return book(cause, number, order, *args, **of)

    book = ledger._book
    monkeypatch.setattr(ledger, "_book", locks)

    assert not heard_beside_the_order(news)


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
