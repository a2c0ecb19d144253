"""The books: what came, whose it is, what went back; each zero in sum, once per cause (M-14)."""

from datetime import timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models.audit import AppendOnlyError
from commerce.gateways.base import RefundResult, RefundState
from commerce.models import LedgerEntry, LedgerTransaction, Order, Payment, PaymentAnomaly, Refund
from commerce.services import ledger
from commerce.services.ledger_check import balances, check_books, flaws
from commerce.services.orders import complete_order, expire_order, keep_order
from commerce.services.payments import settle
from commerce.services.refunds import open_refund, settle_refund
from commerce.tasks import settle_orders
from tests.commerce.books import nothing_changes
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, place

pytestmark = pytest.mark.django_db

FULL = Decimal("120.00")
CLEARING, UNAPPLIED, PENDING = ("clearing", "wechat"), ("unapplied", ""), ("pending", "")
AVAILABLE, FEES = ("available", ""), ("fees", "")


def worth():
    """Accounts with something on them."""
    return {account: total for account, total in balances().items() if total}


def give_back(payment, amount=FULL, key="cancel", **extra):
    """A refund, done by the provider."""
    refund = open_refund(payment, amount=amount, key=key, reason_code="cancelled", **extra)
    settle_refund(refund.number, done(refund))
    return refund


def done(refund):
    return RefundResult(refund.number, RefundState.SUCCEEDED, amount=refund.amount)


def completed(user):
    order = place(user)
    payment = pay(order)
    complete_order(order.pk)
    return Order.objects.get(pk=order.pk), payment


def test_money_that_paid_an_order_is_the_sellers_once_it_is_through(user):
    pay(place(user))

    assert worth() == {CLEARING: FULL, PENDING: -FULL}
    assert list(LedgerTransaction.objects.order_by("pk").values_list("cause", flat=True)) == [
        "payment", "sale",
    ]  # fmt: skip


def test_the_same_news_again_books_nothing(user):
    payment = pay(place(user))

    settle(payment.number, money_for(payment))
    ledger.book_payment(payment)
    ledger.book_sale(payment.order, payment)

    assert (LedgerTransaction.objects.count(), LedgerEntry.objects.count()) == (2, 4)


def test_a_full_refund_leaves_nothing_on_any_account(user):
    refund = give_back(pay(place(user)))
    settle_refund(refund.number, done(refund))
    ledger.book_refund(refund)

    assert worth() == {}
    assert LedgerTransaction.objects.count() == 4
    assert list(flaws()) == []


def test_a_fee_that_is_kept_stands_on_its_account(user):
    give_back(pay(place(user)), amount=Decimal("84.00"))

    assert worth() == {CLEARING: Decimal("36.00"), FEES: Decimal("-36.00")}


def test_a_partial_refund_of_an_order_that_goes_on_lessens_what_is_pending(user):
    give_back(pay(place(user)), amount=Decimal("20.00"), closes_order=False)

    assert worth() == {CLEARING: Decimal("100.00"), PENDING: Decimal("-100.00")}


def test_what_is_called_off_without_a_refund_is_a_fee(user):
    order = place(user)
    pay(order)
    keep_order(order.pk)

    assert worth() == {CLEARING: FULL, FEES: -FULL}


def test_late_money_belongs_to_nobody_until_it_went_back(user):
    order = place(user)
    expire_order(order.pk, now=order.expires_at)
    pay(order)
    assert worth() == {CLEARING: FULL, UNAPPLIED: -FULL}

    refund = Refund.objects.get()
    settle_refund(refund.number, done(refund))

    assert worth() == {}


def test_a_second_payment_is_no_sale(user):
    order = place(user)
    first, second = AttemptFactory(order, status="closing"), AttemptFactory(order)
    for attempt in (first, second):
        settle(attempt.number, money_for(attempt))

    assert worth() == {CLEARING: 2 * FULL, PENDING: -FULL, UNAPPLIED: -FULL}
    assert list(flaws()) == []


def test_what_costs_nothing_is_in_no_book(user):
    order = place(user, TagFactory(sort_order=0))
    complete_order(order.pk)

    order.refresh_from_db()
    assert (LedgerTransaction.objects.count(), order.settles_at) == (0, None)


# -- settling


def test_a_completed_order_is_settled_after_its_days(user, time_machine):
    order, _ = completed(user)
    assert order.settles_at - order.completed_at == timedelta(days=7)

    time_machine.move_to(order.settles_at - timedelta(seconds=1), tick=False)
    assert settle_orders() == 0
    assert worth() == {CLEARING: FULL, PENDING: -FULL}
    time_machine.move_to(order.settles_at, tick=False)

    assert [settle_orders(), settle_orders()] == [1, 0]
    assert worth() == {CLEARING: FULL, AVAILABLE: -FULL}


def test_a_refund_after_settling_comes_off_what_was_available(user):
    order, payment = completed(user)
    ledger.release_order(order.pk, now=order.settles_at)

    give_back(payment, amount=Decimal("50.00"), closes_order=False)

    assert worth() == {CLEARING: Decimal("70.00"), AVAILABLE: Decimal("-70.00")}


def test_an_order_that_is_being_refunded_is_not_settled(user):
    order, payment = completed(user)
    refund = open_refund(payment, amount=FULL, key="cancel", reason_code="cancelled")

    assert ledger.release_order(order.pk, now=order.settles_at) is False
    settle_refund(refund.number, done(refund))

    order.refresh_from_db()
    assert (order.status, order.settles_at, worth()) == ("refunded", None, {})


# -- kept whole


def test_a_transaction_that_does_not_sum_to_zero_is_never_written(user):
    order = place(user)
    pay(order)

    with nothing_changes(), pytest.raises(ledger.Unbalanced):
        ledger._book("sale", 10**9, order, [("clearing", Decimal("1.00")),
                                            ("pending", Decimal("-0.99"))])  # fmt: skip
    assert LedgerTransaction.objects.count() == 2


def test_a_fact_that_is_undone_is_in_no_book(user):
    attempt = AttemptFactory(place(user))

    with transaction.atomic():
        pay(attempt.order)
        transaction.set_rollback(True)

    assert (LedgerTransaction.objects.count(), Payment.objects.get().status) == (0, "pending")


def test_code_cannot_change_or_delete_entries(user):
    pay(place(user))
    entry = LedgerEntry.objects.first()
    attempts = [
        entry.save, entry.delete, LedgerEntry.objects.all().delete,
        lambda: LedgerEntry.objects.update(amount=1),
        lambda: LedgerTransaction.objects.update(cause="sale"),
    ]  # fmt: skip

    for attempt in attempts:
        with pytest.raises(AppendOnlyError):
            attempt()


@pytest.mark.parametrize(("table", "column"), [("commerce_ledgerentry", "amount"),
                                           ("commerce_ledgertransaction", "order_id")])  # fmt: skip
def test_the_database_refuses_to_change_entries(user, table, column):
    pay(place(user))

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"UPDATE {table} SET {column} = 1")
    assert list(flaws()) == []


def sql(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


# -- looking


def test_every_way_the_books_can_be_wrong_is_found_and_told_once(user):
    entry, lost, extra = (pay(place(user)) for _ in range(3))
    one = LedgerEntry.objects.filter(transaction__payment=entry, account="pending")
    one._raw_delete(one.db)
    Payment.objects.filter(pk=lost.pk).update(amount=Decimal("121.00"))
    Order.objects.filter(pk=extra.order_id).update(refunded_amount=Decimal("5.00"))

    found = [(flaw.what, flaw.name, flaw.expected, flaw.booked) for flaw in flaws()]

    assert found == [
        ("transaction", f"sale:{entry.order_id}", Decimal("0.00"), FULL),
        ("payment", lost.number, Decimal("121.00"), FULL),
        ("order", entry.order.number, -FULL, Decimal("0.00")),
        ("order", lost.order.number, Decimal("-121.00"), -FULL),
        ("order", extra.order.number, Decimal("-115.00"), -FULL),
    ]
    assert [check_books(), check_books()] == [5, 5]
    rows = PaymentAnomaly.objects.filter(kind="ledger")
    assert set(rows.values_list("count", flat=True)) == {2}
    assert rows.count() == 5


def test_the_command_says_which(user, capsys):
    payment = pay(place(user))
    call_command("verify_ledger")
    assert "2 transactions in balance" in capsys.readouterr().out

    Payment.objects.filter(pk=payment.pk).update(amount=Decimal("1.00"))

    with pytest.raises(CommandError, match="2 places"):
        call_command("verify_ledger")
    assert payment.number in capsys.readouterr().err


def test_looking_takes_three_statements_at_any_size(user, django_assert_num_queries):
    for _ in range(2):
        pay(place(user))
        with django_assert_num_queries(3):
            assert list(flaws()) == []


def test_the_books_of_before_are_opened_as_they_would_have_been_written(user):
    completed(user)
    give_back(pay(place(user)), amount=Decimal("84.00"))
    order = place(user)
    expire_order(order.pk, now=order.expires_at)
    pay(order)
    Order.objects.update(settles_at=None)
    before = worth()
    for model in (LedgerEntry, LedgerTransaction):
        model.objects.all()._raw_delete("default")

    opening = import_module("commerce.migrations.0009_opening_entries")
    for _ in range(2):
        opening.open_books(apps, None)

    assert worth() == before
    assert list(flaws()) == []
    assert Order.objects.get(status="completed").settles_at <= timezone.now()
