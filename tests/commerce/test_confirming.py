"""How orders end that were handed over, and how their buyers put them away."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Notification
from commerce.models import Order
from commerce.services.refund_review import approve_refund, reject_refund
from commerce.services.refunds import request_refund
from commerce.services.shipping import Parcel, ship_order
from commerce.services.sweeps import confirm_orders
from commerce.services.verification import verify_code
from config.errors import NotFound
from tests.factories.accounts import UserFactory
from tests.factories.commerce import place, sold
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


def shipped(number="SF1234567890", **fields) -> Order:
    order = sold("shipping", **fields)
    ship_order(order.pk, actor=order.merchant.user, parcels=[Parcel("SF", number)])
    order.refresh_from_db()
    return order


def verified(**fields) -> Order:
    order = sold("verification", **fields)
    verify_code(order.verification_code.code, actor=order.merchant.user)
    order.refresh_from_db()
    return order


def told(user, template) -> int:
    return Notification.objects.filter(user=user, template=template, channel="in_app").count()


# -- by the buyer


@pytest.mark.parametrize("make", [shipped, verified])
def test_the_buyer_confirms(api, user, make):
    order = make(user=user)

    answer = data(api.post(f"/order/{order.pk}/confirm"))

    assert answer["status"] == "completed"
    assert answer["completed_at"] is not None
    assert told(order.merchant.user, "merchant_order_completed") == 1
    assert told(user, "order_auto_confirmed") == 0
    assert refusal(api.post(f"/order/{order.pk}/confirm")) == (409, 14044)


@pytest.mark.parametrize("status", ["pending", "paid", "cancelled", "refunding", "refunded"])
def test_only_what_was_handed_over(api, user, status):
    order = place(user)
    Order.objects.filter(pk=order.pk).update(status=status)
    assert refusal(api.post(f"/order/{order.pk}/confirm")) == (409, 14044)
    order.refresh_from_db()
    assert (order.status, order.completed_at) == (status, None)


def test_nobody_confirms_anothers(user):
    order = shipped(user=user)
    for person in (UserFactory(), order.merchant.user):
        assert refusal(Api(person).post(f"/order/{order.pk}/confirm")) == (404, NotFound.code)
    order.refresh_from_db()
    assert order.status == "shipped"


def test_not_during_a_refund(api, user):
    order = shipped(user=user)
    request_refund(order.pk, user=user, reason_code="other")
    assert refusal(api.post(f"/order/{order.pk}/confirm")) == (409, 14045)


# -- refunds of what was handed over


@pytest.mark.parametrize("make", [shipped, verified])
def test_a_refund_goes_as_from_paid(user, staff, make):
    order = make(user=user)
    refund = request_refund(order.pk, user=user, reason_code="other")

    approve_refund(refund.pk, actor=staff("finance"))

    order.refresh_from_db()
    assert order.status == "refunding"


# -- by itself


def test_it_completes_by_itself_and_twice_is_harmless(user):
    order = shipped(user=user)

    assert confirm_orders(order.confirm_by - timedelta(seconds=1), 100) == 0
    assert confirm_orders(order.confirm_by, 100) == 1
    assert confirm_orders(order.confirm_by, 100) == 0

    order.refresh_from_db()
    assert order.status == "completed"
    assert told(user, "order_auto_confirmed") == 1


def test_three_days_before_its_buyer_is_reminded_once(user):
    order = shipped(user=user)

    confirm_orders(order.remind_at - timedelta(seconds=1), 100)
    assert told(user, "order_confirm_soon") == 0
    for _ in range(2):
        confirm_orders(order.remind_at, 100)

    assert told(user, "order_confirm_soon") == 1
    note = Notification.objects.get(user=user, template="order_confirm_soon", channel="in_app")
    assert f"{timezone.localtime(order.confirm_by):%Y-%m-%d}" in note.body
    order.refresh_from_db()
    assert (order.remind_at, order.status) == (None, "shipped")


def test_not_while_a_refund_is_open_but_after_it_was_turned_down(user, staff):
    order = shipped(user=user)
    refund = request_refund(order.pk, user=user, reason_code="other")
    late = order.confirm_by + timedelta(days=1)

    assert confirm_orders(late, 100) == 0
    reject_refund(refund.pk, actor=staff("finance"), note="已签收")
    assert confirm_orders(late, 100) == 1


def test_batches_oldest_first(user):
    orders = [shipped(f"SF123456789{n}") for n in range(3)]
    now = timezone.now()
    for n, order in enumerate(orders):
        Order.objects.filter(pk=order.pk).update(confirm_by=now - timedelta(days=n), remind_at=None)

    assert confirm_orders(now, 2) == 2
    assert list(Order.objects.filter(status="shipped")) == [orders[0]]
    assert confirm_orders(now, 2) == 1


def test_one_that_fails_stops_none(user, monkeypatch):
    first, second = shipped("SF12345678901"), shipped("SF12345678902")
    monkeypatch.setattr(
        "commerce.services.confirming.order_notices.completed",
        lambda order, by_itself: 1 / (order.pk != first.pk),
    )

    assert confirm_orders(second.confirm_by, 100) == 1
    assert Order.objects.get(pk=first.pk).status == "shipped"


def test_a_sweep_of_many_asks_once_for_what_is_due():
    with CaptureQueriesContext(
        connection,
    ) as none:
        confirm_orders(timezone.now(), 100)
    shipped("SF12345678901")
    shipped("SF12345678902")
    with CaptureQueriesContext(connection) as some:
        confirm_orders(timezone.now(), 100)
    assert len(some) == len(none) == 2


# -- putting away


@pytest.mark.parametrize("status", ["completed", "cancelled", "expired", "refunded"])
def test_what_has_ended_goes_out_of_its_buyers_sight_alone(user, api, status, staff):
    order = sold("shipping", user=user)
    Order.objects.filter(pk=order.pk).update(status=status)

    assert data(api.delete(f"/order/{order.pk}")) == {}

    assert data(api.get("/order"))["list"] == []
    assert refusal(api.get(f"/order/{order.pk}")) == (404, NotFound.code)
    assert refusal(api.delete(f"/order/{order.pk}")) == (404, NotFound.code)
    for person in (order.merchant.user, staff("customer_service")):
        assert data(Api(person).get(f"/merchants/orders/{order.pk}"))["status"] == status


@pytest.mark.parametrize("status", ["pending", "paid", "shipped", "verified", "refunding"])
def test_what_goes_on_cannot_be_put_away(user, api, status):
    order = place(user)
    Order.objects.filter(pk=order.pk).update(status=status)

    assert refusal(api.delete(f"/order/{order.pk}")) == (409, 14051)
    assert Order.objects.get().hidden_at is None


def test_nobody_puts_anothers_away(api):
    order = place(UserFactory())
    Order.objects.filter(pk=order.pk).update(status="cancelled")
    assert refusal(api.delete(f"/order/{order.pk}")) == (404, NotFound.code)
    assert Order.objects.get().hidden_at is None
