"""A sweep in batches against everybody who wants one of its orders (invariants S-4, K-4, M-7)."""

from collections import Counter

import pytest
from django.db.models import Sum

from accounts import audit
from accounts.models import Notification
from commerce.errors import OrderNotPayable
from commerce.models import Order, Payment, Product, StockMovement
from commerce.services import orders as services
from commerce.services import stock
from commerce.services.expiry import expire_untried
from commerce.services.orders import cancel_order, expire_orders
from commerce.services.payments import settle
from commerce.services.starting import start_payment
from counseling.models import TimeSlot
from tests.commerce.conftest import _something_to_sell, world  # noqa: F401
from tests.factories.accounts import UserFactory
from tests.factories.commerce import (
    AddressFactory,
    AttemptFactory,
    ProductFactory,
    TagFactory,
    money_for,
    order_goods,
    payer,
    place,
)
from tests.factories.counseling import booked, booker, offer
from tests.helpers import meeting, together
from tests.races.commerce_tools import books_agree, names, state, story  # noqa: F401
from tests.races.figures import figure, size

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

ROUNDS = range(5)


def statuses(orders) -> Counter:
    keys = [order.pk for order in orders]
    return Counter(Order.objects.filter(pk__in=keys).values_list("status", flat=True))


def told(orders) -> int:
    keys = [f"order:{order.pk}:expired" for order in orders]
    return Notification.objects.filter(channel="in_app", dedupe_key__in=keys).count()


def sweep(orders):
    ids = [order.pk for order in orders]
    return expire_untried(ids, now=max(order.expires_at for order in orders))


def test_K4_two_sweeps_and_everybody_cancelling_give_everything_back_once():
    n, address = size(400), AddressFactory()
    product = ProductFactory(stock=n, total=n)
    orders = [order_goods(address.user, (product, 1), address=address) for _ in range(n)]

    def cancel_all():
        outcomes = Counter()
        for order in reversed(orders):
            try:
                outcomes[cancel_order(order.pk, actor=address.user).status] += 1
            except Exception as error:
                outcomes[type(error).__name__] += 1
        return outcomes

    jobs = [lambda: sweep(orders), lambda: sweep(orders[::-1]), cancel_all]
    first, second, cancelled = together(3, lambda i: jobs[i]())

    assert set(cancelled) <= {"cancelled", "IllegalTransition", "NotCancellable"}
    ends = statuses(orders)
    assert ends == Counter(expired=first[0] + second[0], cancelled=cancelled["cancelled"])
    assert sum(ends.values()) == n
    row = Product.objects.get(pk=product.pk)
    assert (row.stock, row.held) == (n, 0)
    released = StockMovement.objects.filter(movement="release")
    assert released.count() == released.aggregate(n=Sum("quantity"))["n"] == n
    assert told(orders) == ends["expired"]
    figure("K-4", f"{n} orders in two sweeps and cancelled: {dict(ends)}, given back once each")


def test_a_payment_begun_at_the_last_moment_is_either_first_or_refused(world):  # noqa: F811
    """The sweep is of a machine whose clock is ahead: the order is due there and not yet here."""
    ends = Counter()
    for _ in ROUNDS:
        users = [UserFactory() for _ in range(4)]
        for user in users:
            payer(world, user)
        orders = [place(user) for user in users]

        def pay(i, orders=orders, users=users):
            return start_payment(orders[i].pk, user=users[i], method="wechat")

        *begun, (done, others) = together(
            5, lambda i, orders=orders, pay=pay: pay(i) if i < 4 else sweep(orders)
        )

        for order, outcome in zip(orders, begun, strict=True):
            attempted = Payment.objects.filter(order=order).exists()
            refused = isinstance(outcome, OrderNotPayable)
            assert (state(order), attempted, refused, order.pk in others) in {
                ("expired", False, True, False),
                ("pending", True, False, True),
            }, outcome
            ends[state(order)] += 1
        assert done == statuses(orders)["expired"]
        world.reset()
    figure("S-4", f"{sum(ends.values())} payments begun against a sweep: {dict(ends)}")


def test_M7_money_that_comes_during_the_sweep_pays_or_goes_back():
    """An attempt from before keeps its order out of the batch, whatever becomes of it."""
    for _ in ROUNDS:
        tags = TagFactory.create_batch(6)
        orders = [place(UserFactory(), tag) for tag in tags]
        tried = [AttemptFactory(order) for order in orders[:3]]

        def money(i, tried=tried):
            return settle(tried[i].number, money_for(tried[i]))

        *_, swept = together(
            4, lambda i, orders=orders, money=money: money(i) if i < 3 else sweep(orders)
        )

        assert swept == (3, [order.pk for order in orders[:3]])
        assert [story(tag) for tag in tags] == ["RF"] * 3 + ["RX"] * 3


def test_S4_a_batch_of_appointments_against_cancelling_and_booking_again():
    for _ in ROUNDS:
        clients, offers = [booker() for _ in range(6)], [offer() for _ in range(6)]
        held = [
            booked(client, slot=slot, service=service)
            for client, (slot, service) in zip(clients, offers, strict=True)
        ]
        orders = [appointment.order_item.order for appointment in held]
        others = [booker() for _ in range(6)]

        def one(i, orders=orders, others=others, offers=offers):
            if i < 2:
                return sweep(orders)
            if i < 5:
                return cancel_order(orders[i].pk, actor=orders[i].user)
            slot, service = offers[i - 5]
            return booked(others[i - 5], slot=slot, service=service)

        outcomes = together(8, one)

        assert set(names(outcomes)) <= {
            "tuple", "Order", "Appointment", "IllegalTransition", "SlotTaken", "SlotNotBookable",
        }, outcomes  # fmt: skip
        ends = statuses(orders)
        assert sum(ends.values()) == 6
        assert set(ends) <= {"expired", "cancelled"}
        slots = TimeSlot.objects.filter(pk__in=[slot.pk for slot, _ in offers])
        again = names(outcomes).count("Appointment")
        assert Counter(slots.values_list("status", flat=True)) == Counter(
            {"open": 6 - again, "held": again}
        )


# -- negative controls


def test_without_lock_and_guard_two_sweeps_release_twice(monkeypatch, no_locks):
    tag = TagFactory()
    order, meet = place(UserFactory(), tag), meeting(2)

    def blind(instances, to, **log):
        meet()
        type(instances[0]).objects.filter(pk__in=[one.pk for one in instances]).update(status=to)

    monkeypatch.setattr(services, "move_all", blind)
    together(2, lambda i: expire_orders([order.pk], now=order.expires_at, untried=True))

    assert story(tag) == "RXX"


def test_without_the_lock_the_guarded_update_still_lets_one_through(monkeypatch, no_locks):
    tag = TagFactory()
    order, meet, real = place(UserFactory(), tag), meeting(2), audit.move_all

    def after_both_looked(*args, **log):
        meet()
        return real(*args, **log)

    monkeypatch.setattr(services, "move_all", after_both_looked)
    outcomes = together(2, lambda i: expire_orders([order.pk], now=order.expires_at, untried=True))

    assert names(outcomes) == ["StaleState", "list"]
    assert story(tag) == "RX"


def test_without_the_lock_a_payment_is_begun_for_an_order_that_expires(
    monkeypatch,
    no_locks,
    world,  # noqa: F811
):
    user, meet = UserFactory(), meeting(2)
    payer(world, user)
    order, real = place(user), services.close_orders

    def slow(orders, *args, **log):
        meet()  # looked for attempts, found none
        meet()  # one was made
        return real(orders, *args, **log)

    def pay():
        meet()
        started = start_payment(order.pk, user=user, method="wechat")
        meet()
        return started

    monkeypatch.setattr(services, "close_orders", slow)
    jobs = [pay, lambda: expire_orders([order.pk], now=order.expires_at, untried=True)]
    together(2, lambda i: jobs[i]())

    assert (state(order), Payment.objects.get().order_id) == ("expired", order.pk)


def test_without_its_rows_stock_would_be_given_back_twice(monkeypatch):
    product = ProductFactory(stock=20, total=20)
    order_goods(UserFactory(), (product, 5))  # held for somebody else
    items = list(order_goods(UserFactory(), (product, 2)).items.all())
    monkeypatch.setattr(stock, "insert_all", lambda rows: rows)

    together(2, lambda i: stock.release(items))

    assert Product.objects.get(pk=product.pk).held == 3
