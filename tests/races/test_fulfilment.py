"""Two tills, two parcels and two sweeps at once: what is handed over, is so once."""

from contextlib import contextmanager
from copy import copy

import pytest

from accounts.models import Notification, StatusChange
from commerce.models import Merchant, MerchantReview, Order, Shipment, VerificationCode
from commerce.services import orders, shipping, verification
from commerce.services.confirming import confirm_by_itself, confirm_order, remind_to_confirm
from commerce.services.refunds import request_refund
from commerce.services.reviews import write_review
from commerce.services.shipping import Parcel, ship_order
from commerce.services.verification import verify_code
from config.db import LockingQuerySet
from config.prepared import forget_compiled
from tests.commerce.conftest import _something_to_sell  # noqa: F401
from tests.factories.commerce import sold
from tests.helpers import meeting, together
from tests.races.commerce_tools import names, state
from tests.races.figures import size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def moves_to(order, status: str) -> int:
    rows = StatusChange.objects.filter(model="commerce.order", object_pk=order.pk, new=status)
    return rows.count()


def shipped() -> Order:
    order = sold("shipping")
    ship_order(order.pk, actor=order.merchant.user, parcels=[Parcel("SF", "SF1234567890")])
    order.refresh_from_db()
    return order


@contextmanager
def no_guards(monkeypatch, n):
    """Locks that lock nothing, and moves that look at nothing once all n have looked."""
    all_have_looked = meeting(n)

    def blind_move(instance, to, *, actor=None, reason="", **changes):
        all_have_looked()
        type(instance)._base_manager.filter(pk=instance.pk).update(status=to, **changes)
        instance.status = to
        StatusChange.objects.create(
            model=instance._meta.label_lower, object_pk=instance.pk, old="", new=to
        )

    with monkeypatch.context() as patch:
        patch.setattr(LockingQuerySet, "locked", lambda self: self.order_by("pk"))
        for module in (orders, shipping, verification):
            patch.setattr(module, "move", blind_move)
        forget_compiled()  # SQL that was compiled with the locks
        yield
    forget_compiled()


# -- two tills


def test_two_tills_take_a_code_once():
    order = sold("verification")
    code, seller = order.verification_code.code, order.merchant.user

    outcomes = together(8, lambda i: verify_code(code, actor=seller))

    assert names(outcomes) == ["CodeUsed"] * 7 + ["Order"]
    assert (state(order), moves_to(order, "verified")) == ("verified", 1)
    assert Notification.objects.filter(template="order_verified").count() == 1


def test_negative_control_of_two_tills(monkeypatch):
    """Without the lock of the order and the condition of its code both tills hand over."""
    order = sold("verification")
    code, seller = order.verification_code.code, order.merchant.user
    rows = type(VerificationCode.objects.all())
    monkeypatch.setattr(rows, "update", lambda self, **changes: 1)

    with no_guards(monkeypatch, 2):
        outcomes = together(2, lambda i: verify_code(code, actor=seller))

    assert names(outcomes) == ["Order", "Order"]
    assert moves_to(order, "verified") == 2


# -- two parcels


def test_an_order_is_shipped_once():
    order = sold("shipping")

    def ship(i):
        parcels = [Parcel("SF", f"SF123456789{i}")]
        return ship_order(order.pk, actor=order.merchant.user, parcels=parcels)

    outcomes = together(8, ship)

    assert names(outcomes) == ["NotShippable"] * 7 + ["Order"]
    assert (Shipment.objects.count(), moves_to(order, "shipped")) == (1, 1)


def test_a_number_is_one_parcels():
    merchant = sold("shipping").merchant
    sales = [sold("shipping", merchant=merchant) for _ in range(4)]

    def ship(i):
        parcels = [Parcel("SF", "SF1234567890")]
        return ship_order(sales[i].pk, actor=merchant.user, parcels=parcels)

    assert names(together(4, ship)) == ["Order"] + ["TrackingNumberTaken"] * 3
    assert Order.objects.filter(status="shipped").count() == 1


def test_negative_control_of_shipping_once(monkeypatch):
    """Both go by what the order was before: MariaDB lets one of them look again, as a deadlock's
    victim, so it is the look that is taken away."""
    order = sold("shipping")
    monkeypatch.setattr(shipping, "lock_order", lambda order_id: copy(order))

    def ship(i):
        parcels = [Parcel("SF", f"SF123456789{i}")]
        return ship_order(order.pk, actor=order.merchant.user, parcels=parcels)

    with no_guards(monkeypatch, 2):
        together(2, ship)

    assert (Shipment.objects.count(), moves_to(order, "shipped")) == (2, 2)


# -- what its buyer says


def completed() -> Order:
    order = sold("verification")
    Order.objects.filter(pk=order.pk).update(status="completed")
    return order


def say(order):
    return write_review(order.pk, user=order.user, rating=5)


def test_an_order_is_reviewed_once_however_often_it_is_sent():
    order = completed()

    outcomes = storm(size(200), lambda i: say(order))

    assert names(outcomes) == ["AlreadyReviewed"] * (size(200) - 1) + ["MerchantReview"]
    assert MerchantReview.objects.count() == 1
    rated = Merchant.objects.get(pk=order.merchant_id)
    assert (rated.rating_sum, rated.rating_count) == (5, 1)


def test_negative_control_of_one_review(monkeypatch, no_locks):
    """Without the column that is unique the database takes both: here by two orders' worth."""
    order, other = completed(), completed()
    meet = meeting(2)
    spare = iter([order.pk, other.pk])
    honest = MerchantReview.objects.create

    def create(**fields):
        meet()  # both have looked
        return honest(**fields | {"order": Order(pk=next(spare))})

    monkeypatch.setattr(MerchantReview.objects, "create", create)
    monkeypatch.setattr("commerce.services.reviews._count", lambda review, sign: None)

    outcomes = together(2, lambda i: say(order))

    assert names(outcomes) == ["MerchantReview", "MerchantReview"]


def test_reviews_of_one_merchant_are_all_counted():
    merchant = completed().merchant
    orders_ = [sold("verification", merchant=merchant) for _ in range(8)]
    Order.objects.update(status="completed")

    together(8, lambda i: say(orders_[i]))

    rated = Merchant.objects.get(pk=merchant.pk)
    assert (rated.rating_sum, rated.rating_count) == (40, 8)


# -- the end


def test_confirmed_by_two_sweeps_and_the_buyer_once():
    order = shipped()
    jobs = [
        lambda: confirm_by_itself(order.pk, now=order.confirm_by),
        lambda: confirm_by_itself(order.pk, now=order.confirm_by),
        lambda: confirm_order(order.pk, actor=order.user),
    ]

    together(3, lambda i: jobs[i]())

    assert (state(order), moves_to(order, "completed")) == ("completed", 1)
    told = Notification.objects.filter(template="merchant_order_completed")
    assert told.count() == 1


def test_negative_control_of_confirming_once(monkeypatch):
    order = shipped()

    with no_guards(monkeypatch, 2):
        together(2, lambda i: confirm_by_itself(order.pk, now=order.confirm_by))

    assert moves_to(order, "completed") == 2


def test_reminded_once_by_many_sweeps():
    order = shipped()

    outcomes = together(size(80), lambda i: remind_to_confirm(order.pk, now=order.remind_at))

    assert outcomes.count(True) == 1
    told = Notification.objects.filter(template="order_confirm_soon", channel="in_app")
    assert told.count() == 1


def test_a_refund_and_the_end_never_both():
    """Either the sweep came first and the refund is of a completed order, or it waits for it."""
    order = shipped()
    jobs = [
        lambda: request_refund(order.pk, user=order.user, reason_code="other"),
        lambda: confirm_by_itself(order.pk, now=order.confirm_by),
    ]

    refund, confirmed = together(2, lambda i: jobs[i]())

    assert refund.status == "requested"
    assert state(order) == ("completed" if confirmed else "shipped")


def test_shipping_and_a_refund_asked_for_at_once():
    order = sold("shipping")
    jobs = [
        lambda: request_refund(order.pk, user=order.user, reason_code="other"),
        lambda: ship_order(
            order.pk, actor=order.merchant.user, parcels=[Parcel("SF", "SF1234567890")]
        ),
    ]

    refund, sent = together(2, lambda i: jobs[i]())

    assert refund.status == "requested"
    refused = type(sent).__name__ == "RefundOpen"
    assert (state(order), Shipment.objects.count()) == (("paid", 0) if refused else ("shipped", 1))
