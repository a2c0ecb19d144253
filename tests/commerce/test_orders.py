"""Placing, cancelling, expiring, completing: what an order may do and what it holds."""

from datetime import timedelta
from decimal import Decimal

import pytest
from constance import config as parameters
from django.utils import timezone

from accounts.models import Notification, StatusChange
from accounts.services.parameters import forget_parameters
from commerce.errors import (
    AmountTooLarge,
    NotCancellable,
    PriceChanged,
    RepeatedItem,
    UnknownKind,
)
from commerce.models import Order, Payment
from commerce.payables import Want
from commerce.services.orders import (
    cancel_order,
    complete_order,
    expire_order,
    keep_order,
    place_order,
)
from config.errors import IllegalTransition, NotFound
from tests.commerce.books import nothing_changes
from tests.commerce.payable import KIND, TagPayable, TagRefuses, TagTaken
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, pay, place

pytestmark = pytest.mark.django_db


def test_an_order_holds_what_it_sells_at_the_servers_price(user):
    cheap, dear = TagFactory(sort_order=1), TagFactory(sort_order=99999)

    order = place_order(user=user, wants=[Want(KIND, dear.pk), Want(KIND, cheap.pk, quantity=3)])

    order.refresh_from_db()
    rows = order.items.values_list("target_id", "title", "unit_price", "quantity")
    assert list(rows) == [
        (cheap.pk, cheap.name, Decimal("0.01"), 3),
        (dear.pk, dear.name, Decimal("999.99"), 1),
    ]
    assert (order.status, order.total_amount) == ("pending", Decimal("1000.02"))
    cheap.refresh_from_db()
    assert (cheap.is_active, cheap.description) == (False, "R")


def test_the_time_to_pay_is_a_live_parameter(user):
    parameters.ORDER_TTL_SECONDS = 77
    forget_parameters()

    order = place(user)

    seconds = (order.expires_at - timezone.now()).total_seconds()
    assert 75 < seconds <= 77


def test_what_is_held_for_less_shortens_the_time_to_pay(user, monkeypatch):
    monkeypatch.setattr(TagPayable, "hold_seconds", 60)

    order = place(user)

    assert order.expires_at - timezone.now() <= timedelta(seconds=60)


def test_numbers_are_legal_for_every_provider_and_start_with_the_day(user):
    numbers = [place(user).number for _ in range(5)]

    today = f"{timezone.localtime():%Y%m%d}"
    assert all(n.startswith(f"ORD{today}") and len(n) == 24 and n.isalnum() for n in numbers)
    assert len(set(numbers)) == 5


def test_what_is_taken_is_refused_to_others(user):
    tag = TagFactory()
    place(user, tag)

    with nothing_changes(), pytest.raises(TagTaken):
        place(UserFactory(), tag)


def test_one_refusal_leaves_nothing_of_the_whole_order(user):
    free, taken = TagFactory(), TagFactory(is_active=False)

    with nothing_changes(), pytest.raises(TagTaken):
        place(user, free, taken)


@pytest.mark.parametrize(
    ("wants", "error"),
    [
        ([Want("moon", 1)], UnknownKind),
        ([Want(KIND, 1), Want(KIND, 1)], RepeatedItem),
    ],
)
def test_wants_that_make_no_order(user, wants, error):
    with nothing_changes(), pytest.raises(error):
        place_order(user=user, wants=wants)


def test_M12_another_price_than_the_buyer_saw_refuses_the_order(user):
    tag = TagFactory(sort_order=12000)
    want = Want(KIND, tag.pk, expected_price=Decimal("119.99"))

    with nothing_changes(), pytest.raises(PriceChanged) as refusal:
        place_order(user=user, wants=[want])

    assert refusal.value.data == {"price": Decimal("120.00")}
    same = Want(KIND, tag.pk, expected_price=Decimal("120"))
    assert place_order(user=user, wants=[same]).total_amount == Decimal("120.00")


def test_a_total_beyond_the_column_is_a_refusal_and_no_crash(user):
    tag = TagFactory(sort_order=2_000_000_000)  # 20 million yuan

    with nothing_changes(), pytest.raises(AmountTooLarge):
        place_order(user=user, wants=[Want(KIND, tag.pk, quantity=5)])


def test_what_costs_nothing_is_paid_and_handed_over_at_once(user):
    tag = TagFactory(sort_order=0)

    order = place(user, tag)

    order.refresh_from_db()
    tag.refresh_from_db()
    assert (order.status, order.paid_by, order.total_amount) == ("paid", None, Decimal(0))
    assert order.paid_at is not None
    assert tag.description == "RF"
    assert Payment.objects.count() == 0


def test_placing_costs_two_statements_beside_the_goods_own(user, django_assert_num_queries):
    tag = TagFactory()
    place(user)  # what is looked up once per process

    with django_assert_num_queries(7):  # savepoint, 2 quote, order, items, reserve, release
        place(user, tag)


def test_cancelling_gives_the_goods_back_once(user):
    tag = TagFactory()
    order = place(user, tag)

    cancel_order(order.pk, actor=user)

    tag.refresh_from_db()
    assert Order.objects.get().status == "cancelled"
    assert (tag.is_active, tag.description) == (True, "RL")
    with nothing_changes(), pytest.raises(IllegalTransition):
        cancel_order(order.pk, actor=user)


def test_cancelling_has_the_attempt_closed(user):
    order = place(user)
    attempt = AttemptFactory(order, status="pending")

    cancel_order(order.pk, actor=user)

    attempt.refresh_from_db()
    assert attempt.status == "closing"
    assert attempt.next_query_at <= timezone.now()


@pytest.mark.parametrize("step", [None, complete_order])
def test_a_paid_order_is_not_cancelled_here(user, step):
    order = place(user)
    pay(order)
    if step:
        step(order.pk)

    with nothing_changes(), pytest.raises(NotCancellable):
        cancel_order(order.pk, actor=user)


def test_the_buyer_hears_of_it_when_staff_cancels(user, staff):
    order = place(user)
    cancel_order(order.pk, actor=staff("finance"), reason="重复下单")

    note = Notification.objects.get(template="order_cancelled")
    assert (note.user, note.channel) == (user, "in_app")
    assert order.number in note.body
    assert "重复下单" in note.body


def test_cancelling_what_does_not_exist(user):
    with pytest.raises(NotFound):
        cancel_order(0, actor=user)


def test_an_overdue_order_expires_and_gives_back_what_it_held(user):
    tag = TagFactory()
    order = place(user, tag)

    assert expire_order(order.pk, now=order.expires_at - timedelta(microseconds=1)) is False
    assert expire_order(order.pk, now=order.expires_at) is True

    order.refresh_from_db()
    tag.refresh_from_db()
    assert (order.status, tag.is_active, tag.description) == ("expired", True, "RX")
    assert Notification.objects.filter(template="order_expired", user=user).count() == 1
    with nothing_changes():
        assert expire_order(order.pk, now=order.expires_at) is False


def test_a_paid_order_does_not_expire(user):
    order = place(user)
    pay(order)

    with nothing_changes():
        assert expire_order(order.pk, now=order.expires_at) is False


def test_an_order_whose_money_is_here_but_not_delivered_does_not_expire(user):
    order = place(user)
    TagPayable.crash = {"F"}
    pay(order)
    order.refresh_from_db()

    with nothing_changes():
        assert expire_order(order.pk, now=order.expires_at) is False
    assert order.status == "pending"


def test_a_refusing_release_leaves_the_order_as_it_was(user):
    order = place(user)
    TagPayable.refuse = {"X"}

    with nothing_changes(), pytest.raises(TagRefuses):
        expire_order(order.pk, now=order.expires_at)


def test_complete_and_keep_are_for_paid_orders_only(user):
    done, kept, unpaid = place(user), place(user), place(user)
    pay(done)
    pay(kept)

    complete_order(done.pk)
    keep_order(kept.pk, actor=user, reason="逾期取消")

    done.refresh_from_db()
    kept.refresh_from_db()
    assert (done.status, done.completed_at is not None) == ("completed", True)
    assert (kept.status, kept.refunded_amount) == ("cancelled", Decimal(0))
    with nothing_changes():
        with pytest.raises(IllegalTransition):
            complete_order(unpaid.pk)
        with pytest.raises(NotCancellable):
            keep_order(unpaid.pk)
        with pytest.raises(NotCancellable):
            keep_order(done.pk)


def test_every_move_is_on_record_with_who_and_why(user):
    order = place(user)
    cancel_order(order.pk, actor=user)

    change = StatusChange.objects.get(model="commerce.order", object_pk=order.pk)
    assert (change.old, change.new) == ("pending", "cancelled")
    assert (change.actor, change.reason) == (user, "用户取消")
