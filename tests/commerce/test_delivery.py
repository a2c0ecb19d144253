"""Money that came: recorded first, delivered once, or sent back."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notification, StatusChange
from commerce.errors import FactsMismatch
from commerce.models import Order, Payment, PaymentAnomaly, Refund
from commerce.services.orders import cancel_order, expire_order
from commerce.services.payments import deliver, settle
from commerce.services.sweeps import deliver_payments
from config.errors import StaleState
from tests.commerce.books import books, nothing_changes
from tests.commerce.payable import TagPayable
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, place

pytestmark = pytest.mark.django_db


def test_a_paid_order_is_handed_over(user):
    tag = TagFactory()
    order = place(user, tag)

    payment = pay(order)

    order.refresh_from_db()
    tag.refresh_from_db()
    assert (order.status, order.paid_by, payment.status) == ("paid", payment, "succeeded")
    assert order.paid_at is not None
    assert payment.next_query_at is None
    assert tag.description == "RF"


def test_M1_the_same_news_again_changes_nothing(user):
    payment = pay(place(user))

    with nothing_changes():
        settle(payment.number, money_for(payment))
        deliver(payment)


def test_M7_money_that_comes_after_expiry_goes_back(user):
    tag = TagFactory()
    order = place(user, tag)
    expire_order(order.pk, now=order.expires_at)

    payment = pay(order)

    order.refresh_from_db()
    tag.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.status, order.paid_by, tag.description) == ("expired", None, "RX")
    assert (refund.payment, refund.amount, refund.key) == (payment, Decimal("120.00"), "late")
    assert (refund.status, refund.reason_code, refund.closes_order) == ("approved", "late", False)
    assert payment.refunded_amount == payment.amount
    assert PaymentAnomaly.objects.get().kind == "late"
    note = Notification.objects.get(template="payment_returned")
    assert (note.user, "120.00" in note.body) == (user, True)


def test_M7_money_for_a_cancelled_order_goes_back(user):
    order = place(user)
    attempt = AttemptFactory(order)
    cancel_order(order.pk, actor=user)

    pay(order)

    attempt.refresh_from_db()
    assert attempt.status == "succeeded"
    assert Order.objects.get().status == "cancelled"
    assert Refund.objects.get().key == "late"


def test_M8_a_second_payment_goes_back_and_the_order_stays_paid(user):
    order = place(user)
    first, second = AttemptFactory(order, status="closing"), AttemptFactory(order)
    settle(second.number, money_for(second))

    settle(first.number, money_for(first))

    order.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.status, order.paid_by) == ("paid", second)
    assert (refund.payment, refund.amount, refund.key) == (first, first.amount, "double")
    assert PaymentAnomaly.objects.get().kind == "double"


def test_paying_closes_the_orders_other_attempts(user):
    order = place(user)
    old = AttemptFactory(order, status="closing")
    settle(old.number, money_for(old))
    other = place(user)
    paid, live = AttemptFactory(other, status="closing"), AttemptFactory(other)

    settle(paid.number, money_for(paid))

    live.refresh_from_db()
    assert live.status == "closing"


def test_what_can_no_longer_be_handed_over_is_refunded_and_the_order_closed(user):
    tag = TagFactory()
    order = place(user, tag)
    TagPayable.refuse = {"F"}

    pay(order)

    order.refresh_from_db()
    tag.refresh_from_db()
    refund = Refund.objects.get()
    assert (order.status, order.paid_by) == ("cancelled", None)
    assert (refund.amount, refund.reason_code) == (order.total_amount, "unfulfillable")
    assert refund.reason == "标签无法交付"
    assert (tag.is_active, tag.description) == (True, "RL")


def test_even_a_release_that_refuses_does_not_keep_the_money(user):
    order = place(user)
    TagPayable.refuse = {"F", "L"}

    pay(order)

    order.refresh_from_db()
    assert (order.status, Refund.objects.get().amount) == ("pending", order.total_amount)


def test_M18_a_failed_delivery_keeps_the_money_on_record_and_is_swept(user):
    tag = TagFactory()
    order = place(user, tag)
    TagPayable.crash = {"F"}

    payment = pay(order)

    order.refresh_from_db()
    tag.refresh_from_db()
    assert (payment.status, order.status, tag.description) == ("succeeded", "pending", "R")
    assert deliver_payments(10) == 0
    TagPayable.crash = set()
    Payment.objects.update(next_query_at=timezone.now())
    assert deliver_payments(10) == 1
    order.refresh_from_db()
    tag.refresh_from_db()
    assert (order.status, tag.description) == ("paid", "RF")
    with nothing_changes():
        assert deliver_payments(10) == 0


def test_passing_trouble_is_no_refusal(user, monkeypatch):
    order = place(user)

    def stale(self, item):
        raise StaleState

    monkeypatch.setattr(TagPayable, "fulfil", stale)
    pay(order)

    order.refresh_from_db()
    assert (order.status, Refund.objects.count()) == ("pending", 0)


def test_one_bad_delivery_does_not_stop_the_next(user):
    bad, good = place(user), place(user)
    for order in (bad, good):
        TagPayable.crash = {"F"}
        pay(order)
    TagPayable.crash = set()
    bad.items.update(kind="gone")
    Payment.objects.update(next_query_at=timezone.now())

    assert deliver_payments(10) == 1

    assert list(Order.objects.order_by("pk").values_list("status", flat=True)) == [
        "pending",
        "paid",
    ]
    assert Refund.objects.exists() is False


WRONG = {
    "amount": {"amount": Decimal("0.01")},
    "no amount": {"amount": None},
    "payer": {"payer": "somebody-else"},
    "no transaction": {"transaction_id": ""},
    "unpaid": {"state": "unpaid"},
    "app": {"mismatch": ("appid",)},
}


@pytest.mark.parametrize("facts", WRONG.values(), ids=WRONG)
def test_M3_money_that_is_not_ours_changes_nothing_and_is_noted(user, facts):
    payment = AttemptFactory(place(user))

    with nothing_changes(), pytest.raises(FactsMismatch):
        settle(payment.number, money_for(payment, **facts))

    anomaly = PaymentAnomaly.objects.get()
    assert (anomaly.kind, anomaly.payment, anomaly.count) == ("mismatch", payment, 1)
    assert len(anomaly.detail["facts"]) == 1


def test_M2_a_transaction_belongs_to_one_payment(user):
    first = pay(place(user))
    second = AttemptFactory(place(user))

    with nothing_changes(), pytest.raises(FactsMismatch) as refusal:
        settle(second.number, money_for(second, transaction_id=first.transaction_id))

    assert refusal.value.data == {"facts": ["transaction_id"]}


def test_M2_a_paid_attempt_takes_no_other_transaction(user):
    payment = pay(place(user))

    with nothing_changes(), pytest.raises(FactsMismatch):
        settle(payment.number, money_for(payment, transaction_id="4200999"))


def test_a_number_nobody_knows_is_noted(user):
    payment = AttemptFactory(place(user))

    with nothing_changes(), pytest.raises(FactsMismatch):
        settle("PAY20230901UNKNOWN", money_for(payment, number="PAY20230901UNKNOWN"))

    assert PaymentAnomaly.objects.get().kind == "unknown_number"


def test_money_for_an_attempt_thought_closed_still_counts(user):
    order = place(user)
    attempt = AttemptFactory(order, status="closed", next_query_at=None)

    settle(attempt.number, money_for(attempt))

    order.refresh_from_db()
    assert (order.status, order.paid_by) == ("paid", attempt)


def test_delivering_what_was_not_settled_does_nothing(user):
    attempt = AttemptFactory(place(user))
    before = books()

    deliver(attempt)

    assert books() == before
    assert StatusChange.objects.count() == 0
