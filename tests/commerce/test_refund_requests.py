"""Asking for money back, and what staff decide about it."""

from decimal import Decimal

import pytest

from accounts.models import Notification
from commerce.errors import CannotReviewOwn, NotRefundable
from commerce.gateways.base import RefundResult, RefundState
from commerce.models import Payment, Refund
from commerce.services.orders import complete_order
from commerce.services.payments import settle
from commerce.services.refund_review import approve_refund, reject_refund
from commerce.services.refunds import request_refund, settle_refund
from commerce.tasks import send_refunds
from config.errors import IllegalTransition, NotFound
from tests.commerce.books import nothing_changes
from tests.commerce.refunding import FULL, give_back
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, place

pytestmark = pytest.mark.django_db


def ask(order, user, reason="咨询师未到场"):
    return request_refund(order.pk, user=user, reason_code="service", reason=reason)


@pytest.fixture
def bought(user):
    order = place(user)
    pay(order)
    order.refresh_from_db()
    return order


def test_a_request_waits_for_staff_and_holds_the_amount(bought, user):
    refund = ask(bought, user)

    bought.refresh_from_db()
    assert (refund.status, refund.amount, refund.requested_by) == ("requested", FULL, user)
    assert (bought.status, bought.paid_by.refunded_amount) == ("paid", FULL)
    assert send_refunds() == 0
    with nothing_changes():
        assert ask(bought, user) == refund


def test_approved_it_goes_out(bought, user, staff):
    refund = ask(bought, user)
    clerk = staff("finance")

    approve_refund(refund.pk, actor=clerk, note="属实")

    refund.refresh_from_db()
    bought.refresh_from_db()
    assert (refund.status, refund.reviewed_by, refund.review_note) == ("approved", clerk, "属实")
    assert bought.status == "refunding"


def test_rejected_the_amount_is_free_again_and_the_buyer_is_told(bought, user, staff):
    refund = ask(bought, user)

    reject_refund(refund.pk, actor=staff("finance"), note="已完成咨询")

    bought.refresh_from_db()
    assert (Refund.objects.get().status, bought.status) == ("rejected", "paid")
    assert bought.paid_by.refunded_amount == 0
    assert "已完成咨询" in Notification.objects.get(template="refund_rejected").body
    again = ask(bought, user)
    assert (again.key, again.status) == ("request:1", "requested")


def test_a_completed_order_may_be_asked_back(bought, user):
    complete_order(bought.pk)
    assert ask(bought, user).amount == FULL


def test_M19_nobody_reviews_their_own(bought, user, staff):
    refund = ask(bought, user)
    clerk = staff("finance")
    Refund.objects.filter(pk=refund.pk).update(requested_by=clerk)

    with nothing_changes():
        for review in (approve_refund, reject_refund):
            for actor in (user, clerk):
                with pytest.raises(CannotReviewOwn):
                    review(refund.pk, actor=actor)


def test_a_review_is_given_once(bought, user, staff):
    refund = ask(bought, user)
    approve_refund(refund.pk, actor=staff("finance"))

    with nothing_changes():
        for review in (approve_refund, reject_refund):
            with pytest.raises(IllegalTransition):
                review(refund.pk, actor=UserFactory())
        with pytest.raises(NotFound):
            approve_refund(0, actor=UserFactory())


def test_a_cancellation_overtakes_a_waiting_request(bought, user):
    asked = ask(bought, user)

    refund = give_back(bought.paid_by, amount=Decimal("84.00"))

    asked.refresh_from_db()
    assert (asked.status, refund.status) == ("rejected", "approved")
    assert Payment.objects.get().refunded_amount == Decimal("84.00")


def test_strangers_and_unpaid_orders_get_no_refund(bought, user):
    unpaid, free = place(user), place(user, TagFactory(sort_order=0))
    with nothing_changes():
        with pytest.raises(NotFound):
            ask(bought, UserFactory())
        for order in (unpaid, free):
            with pytest.raises(NotRefundable):
                ask(order, user)


def test_a_refunded_order_is_not_refunded_again(bought, user):
    give_back(bought.paid_by)
    with nothing_changes(), pytest.raises(NotRefundable):
        ask(bought, user)


def test_a_refund_of_a_second_payment_leaves_the_orders_amount_alone(user):
    order = place(user)
    first, second = AttemptFactory(order, status="closing"), AttemptFactory(order)
    settle(first.number, money_for(first))
    settle(second.number, money_for(second))
    refund = Refund.objects.get()

    settle_refund(refund.number, RefundResult(refund.number, RefundState.SUCCEEDED, amount=FULL))

    order.refresh_from_db()
    assert (order.status, order.refunded_amount) == ("paid", 0)
    assert Refund.objects.get().status == "succeeded"
