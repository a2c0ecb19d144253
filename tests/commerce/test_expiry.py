"""Overdue orders: closed at the provider first, given back second, and paid when they were paid."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from commerce.errors import OrderNotPayable
from commerce.gateways.wechat import WeChatGateway
from commerce.models import Order, Payment, PaymentAnomaly, Refund
from commerce.services.orders import cancel_order
from commerce.services.payments import settle
from commerce.services.starting import start_payment
from commerce.services.sweeps import close_overdue_orders
from commerce.tasks import deliver_paid_orders, expire_orders, query_pending_payments, send_refunds
from tests.commerce.books import nothing_changes
from tests.commerce.payable import TagPayable
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, payer, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def overdue(order):
    """overdue(grace=0): move its deadline into the past; its tag, order and attempts as rows."""

    def move(seconds=1):
        past = timezone.now() - timedelta(seconds=seconds)
        Order.objects.filter(pk=order.pk).update(expires_at=past)
        order.refresh_from_db()
        return order

    return move


def statuses():
    return (
        list(Order.objects.order_by("pk").values_list("status", flat=True)),
        list(Payment.objects.order_by("pk").values_list("status", flat=True)),
    )


def test_an_overdue_order_is_closed_at_the_provider_and_then_here(attempt, overdue, world):
    overdue()

    assert expire_orders() == 1

    assert statuses() == (["expired"], ["closed"])
    assert world.trade(attempt.number)["trade_state"] == "CLOSED"


def test_young_and_paid_orders_stay(user, order, world):
    paid, old = place(user), place(user)
    pay(paid)
    past = timezone.now() - timedelta(minutes=1)
    Order.objects.exclude(pk=order.pk).update(expires_at=past)

    assert expire_orders() == 1

    assert dict(Order.objects.values_list("pk", "status")) == {
        order.pk: "pending",
        paid.pk: "paid",
        old.pk: "expired",
    }


def test_paid_in_time_without_a_notice_becomes_paid(attempt, overdue, world):
    world.pay(attempt.number, notify="hold")
    overdue()

    assert expire_orders() == 0

    assert statuses() == (["paid"], ["succeeded"])
    assert Refund.objects.exists() is False


def test_M9_paid_between_the_question_and_the_closing_is_paid(attempt, overdue, world, monkeypatch):
    """The provider answers NOTPAY, the person pays, closing is refused with ORDER_PAID."""
    overdue()
    real = WeChatGateway.close

    def close(self, payment):
        world.pay(payment.number, notify="hold")
        return real(self, payment)

    monkeypatch.setattr(WeChatGateway, "close", close)

    assert expire_orders() == 0

    assert statuses() == (["paid"], ["succeeded"])


def test_M9_the_notice_comes_while_we_close(attempt, overdue, world, monkeypatch):
    overdue()
    real = WeChatGateway.query

    def query(self, payment):
        trade = real(self, payment)
        settle(payment.number, money_for(payment))
        return trade

    monkeypatch.setattr(WeChatGateway, "query", query)

    assert expire_orders() == 0

    assert statuses() == (["paid"], ["succeeded"])


@pytest.mark.parametrize("op", ["query", "close"])
@pytest.mark.parametrize("fault", ["drop", "bad_signature", "error:SYSTEM_ERROR", "status:502"])
def test_a_silent_provider_holds_the_order_back_for_the_grace_period(
    attempt, overdue, world, fault, op
):
    world.fault(fault, "wxpay", op, times=None)
    overdue(seconds=119)

    assert expire_orders() == 0
    assert statuses() == (["pending"], ["closing"])

    world.clear_faults()
    assert expire_orders() == 1
    assert statuses() == (["expired"], ["closed"])


def test_after_the_grace_period_the_goods_go_back_and_a_late_payment_does_too(
    attempt, overdue, world
):
    world.fault("drop", "wxpay", times=None)
    overdue(seconds=121)

    assert expire_orders() == 1
    assert statuses() == (["expired"], ["closing"])

    world.clear_faults()
    world.pay(attempt.number, notify="hold")
    Payment.objects.update(next_query_at=timezone.now())
    assert query_pending_payments() == 1

    assert statuses() == (["expired"], ["succeeded"])
    assert Refund.objects.get().key == "late"
    assert PaymentAnomaly.objects.get().kind == "late"
    assert send_refunds() == 1
    assert world.book()["paid"] == 12000
    assert [refund["amount"]["refund"] for refund in world.refunds()] == [12000]


def test_an_attempt_the_provider_never_heard_of_is_closed_too(order, overdue, world):
    AttemptFactory(order)
    overdue()

    assert expire_orders() == 1

    assert statuses() == (["expired"], ["closed"])


def test_nobody_can_start_to_pay_while_we_close(attempt, overdue, user, world):
    world.fault("drop", "wxpay", times=None)
    overdue()
    expire_orders()

    with nothing_changes(), pytest.raises(OrderNotPayable):
        start_payment(attempt.order_id, user=user, method="wechat")


def test_one_bad_order_does_not_stop_the_rest(user, world):
    payer(world, user)
    bad, good = place(user), place(user)
    bad.items.update(kind="gone")
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert expire_orders() == 1

    assert dict(Order.objects.values_list("pk", "status")) == {
        bad.pk: "pending",
        good.pk: "expired",
    }


def test_the_oldest_go_first_and_no_more_than_the_limit(user, world):
    young, old = place(user), place(user)
    now = timezone.now()
    Order.objects.filter(pk=young.pk).update(expires_at=now - timedelta(seconds=1))
    Order.objects.filter(pk=old.pk).update(expires_at=now - timedelta(seconds=9))

    assert close_overdue_orders(now, limit=1) == 1

    assert Order.objects.get(pk=old.pk).status == "expired"


def test_a_dead_provider_is_asked_three_times_in_a_run_and_no_more(user, world):
    payer(world, user)
    orders = [place(user) for _ in range(6)]
    for order in orders:
        start_payment(order.pk, user=user, method="wechat")
    Order.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    world.fault("drop", "wxpay", "query", times=100)

    assert expire_orders() == 0

    assert world.faults()[0]["hits"] == 3


def test_a_sweep_with_nothing_due_is_one_statement(order, django_assert_num_queries):
    with django_assert_num_queries(1):
        expire_orders()
    with django_assert_num_queries(1):
        query_pending_payments()
    with django_assert_num_queries(1):
        deliver_paid_orders()


def test_a_cancelled_orders_attempt_is_closed_at_the_provider(attempt, user, world):
    cancel_order(attempt.order_id, actor=user)

    assert query_pending_payments() == 1

    assert statuses() == (["cancelled"], ["closed"])
    assert world.trade(attempt.number)["trade_state"] == "CLOSED"


def test_a_lost_notice_is_found_by_asking(attempt, world):
    world.pay(attempt.number, notify="hold")
    assert query_pending_payments() == 0  # not due for five seconds

    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        assert query_pending_payments() == 1

    assert statuses() == (["paid"], ["succeeded"])


def test_asking_backs_off_and_silence_does_not(attempt, world):
    waits = []
    for _ in range(6):
        due = Payment.objects.get().next_query_at
        with time_machine.travel(due, tick=False):
            query_pending_payments()
        waits.append(round((Payment.objects.get().next_query_at - due).total_seconds()))
    assert waits == [5, 15, 30, 60, 180, 600]

    world.fault("drop", "wxpay", "query")
    due = timezone.now()
    Payment.objects.update(next_query_at=due)
    with time_machine.travel(due, tick=False):
        query_pending_payments()
    assert Payment.objects.get().next_query_at - due == timedelta(seconds=30)


def test_an_attempt_closed_by_the_provider_makes_room_for_another(attempt, user, world):
    WeChatGateway().close(attempt)
    Payment.objects.update(next_query_at=timezone.now())

    query_pending_payments()

    assert statuses() == (["pending"], ["closed"])
    assert start_payment(attempt.order_id, user=user, method="wechat").payment != attempt


def test_money_with_wrong_facts_found_by_asking_is_noted_and_nothing_expires(
    attempt, overdue, world
):
    """Somebody else's openid is on the trade: no payment of ours, so nothing is decided by it."""
    world.pay(attempt.number, notify="hold")
    Payment.objects.update(payer="another")
    overdue()

    assert expire_orders() == 0

    assert statuses() == (["pending"], ["closing"])
    anomaly = PaymentAnomaly.objects.get()
    assert (anomaly.kind, anomaly.detail["facts"]) == ("mismatch", ["payer"])


def test_a_tag_given_back_can_be_sold_again(user, overdue, order, world):
    tag = TagFactory()
    mine = place(user, tag)
    Order.objects.filter(pk=mine.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_orders()

    place(user, tag)

    tag.refresh_from_db()
    assert tag.description == "RXR"


def test_M18_killed_after_each_step_the_next_sweep_ends_it(attempt, overdue, world, monkeypatch):
    """The process dies once between closing the attempt and expiring the order."""
    overdue()
    TagPayable.crash = {"X"}
    assert expire_orders() == 0
    assert statuses() == (["pending"], ["closed"])

    TagPayable.crash = set()
    assert expire_orders() == 1
    assert statuses() == (["expired"], ["closed"])
