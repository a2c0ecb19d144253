"""Money by hand with everybody at once: one capture per order, one use per reference (M-1, M-8)."""

import pytest

from commerce.models import OfflineRecord, Order, Refund
from commerce.services.ledger_check import flaws
from commerce.services.offline import confirm_offline, receive_offline
from commerce.services.payments import settle
from tests.commerce.conftest import _something_to_sell  # noqa: F401
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, place
from tests.helpers import together
from tests.races.commerce_tools import names, story
from tests.races.test_commerce_guards import no_guards

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

ROUNDS = range(5)


def paid_twice_over():
    """(what was bought, two jobs): the second person's yes, and the buyer's money online."""
    clerk, other = UserFactory.create_batch(2)
    tag = TagFactory(sort_order=150_000)
    order = place(UserFactory(), tag)
    record = receive_offline(order.pk, actor=clerk, way="cash", reference=order.number)
    online = AttemptFactory(order, status="closing")
    jobs = [
        lambda: confirm_offline(record.pk, actor=other),
        lambda: settle(online.number, money_for(online)),
    ]
    return tag, order, jobs


def test_M8_of_an_offline_and_an_online_payment_at_once_one_goes_back():
    for _ in ROUNDS:
        tag, order, jobs = paid_twice_over()

        together(2, lambda i, jobs=jobs: jobs[i]())

        order.refresh_from_db()
        assert (order.status, story(tag)) == ("paid", "RF")
        refund = Refund.objects.get(order=order)
        assert (refund.reason_code, refund.amount) == ("double", order.total_amount)
        assert refund.payment_id != order.paid_by_id
    assert list(flaws()) == []


def test_negative_control_of_M8_without_locks_both_would_pay(monkeypatch):
    tag, _, jobs = paid_twice_over()

    with no_guards(monkeypatch, 2):
        together(2, lambda i: jobs[i]())

    assert story(tag) != "RF"


def test_M19_two_who_confirm_at_once_are_one_yes():
    for _ in ROUNDS:
        order = place(UserFactory(), TagFactory(sort_order=150_000))
        clerk, *others = UserFactory.create_batch(3)
        record = receive_offline(order.pk, actor=clerk, way="cash", reference=order.number)

        outcomes = together(2, lambda i, r=record, o=others: confirm_offline(r.pk, actor=o[i]))

        assert names(outcomes) == ["IllegalTransition", "OfflineRecord"]


def test_one_transfer_pays_one_of_eight_orders():
    for number in ROUNDS:
        orders, clerk = [place(UserFactory()) for _ in range(8)], UserFactory()

        outcomes = together(
            8,
            lambda i, o=orders, c=clerk, n=number: receive_offline(
                o[i].pk, actor=c, way="transfer", reference=f"BANK-{n}"
            ),
        )

        assert names(outcomes) == ["OfflineRecord"] + ["ReferenceTaken"] * 7
        assert OfflineRecord.objects.count() == number + 1
        paid = Order.objects.filter(pk__in=[order.pk for order in orders], status="paid")
        assert paid.count() == 1
