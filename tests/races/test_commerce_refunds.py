"""Refunds with everybody at once: never more than came, never twice (invariant M-10)."""

from decimal import Decimal

import pytest

from commerce.gateways.base import RefundResult, RefundState
from commerce.models import Order, Refund
from commerce.services.refund_review import approve_refund, confirm_refund
from commerce.services.refunds import open_refund, request_refund, settle_refund
from tests.commerce.conftest import _something_to_sell  # noqa: F401
from tests.factories.accounts import UserFactory
from tests.factories.commerce import TagFactory, pay, place
from tests.helpers import together
from tests.races.commerce_tools import (  # noqa: F401
    books_agree,
    give_back,
    names,
    story,
    two_yeses_at_once,
    waiting_for_two,
)
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

ROUNDS = range(5)


def test_M10_of_many_full_refunds_one_goes_out():
    payment, n = pay(place(UserFactory())), size(500)

    outcomes = storm(n, lambda i: give_back(payment, "120.00", f"k{i}"))

    assert names(outcomes) == ["Refund"] + ["RefundExceedsPayment"] * (n - 1)
    assert Refund.objects.filter(payment=payment).count() == 1
    figure("M-10", f"{n} full refunds of one payment: 1")


def test_M10_partial_refunds_stop_exactly_at_what_came():
    """1.00 each, four times as many as there are yuan."""
    n = size(200)
    payment = pay(place(UserFactory(), TagFactory(sort_order=n // 4 * 100)))

    outcomes = storm(n, lambda i: give_back(payment, "1.00", f"k{i}"))

    assert names(outcomes) == ["Refund"] * (n // 4) + ["RefundExceedsPayment"] * (n - n // 4)
    payment.refresh_from_db()
    assert payment.refunded_amount == payment.amount
    figure("M-10", f"{n} refunds of 1.00 on {payment.amount}: {n // 4}")


def test_M10_the_same_key_eight_times_is_one_refund():
    for _ in ROUNDS:
        payment = pay(place(UserFactory()))

        outcomes = together(8, lambda i, p=payment: give_back(p, "10.00", "same"))

        assert {type(outcome) for outcome in outcomes} == {Refund}
        assert len({outcome.pk for outcome in outcomes}) == 1
        payment.refresh_from_db()
        assert payment.refunded_amount == Decimal("10.00")


def test_eight_answers_to_one_refund_end_it_once():
    for _ in ROUNDS:
        tag = TagFactory()
        payment = pay(place(UserFactory(), tag))
        refund = open_refund(payment, amount=payment.amount, key="c", reason_code="cancelled")
        answer = RefundResult(refund.number, RefundState.SUCCEEDED, amount=refund.amount)

        outcomes = together(8, lambda i, r=refund, a=answer: settle_refund(r.number, a))

        assert set(outcomes) == {None}
        order = Order.objects.get(pk=payment.order_id)
        assert (order.status, order.refunded_amount, story(tag)) == (
            "refunded",
            payment.amount,
            "RFV",
        )


def test_reviewing_and_cancelling_at_once_send_the_money_back_once(staff):
    clerk = staff("finance")
    for _ in ROUNDS:
        user = UserFactory()
        payment = pay(place(user))
        asked = request_refund(payment.order_id, user=user, reason_code="other")
        jobs = [
            lambda r=asked: approve_refund(r.pk, actor=clerk),
            lambda p=payment: open_refund(p, amount=p.amount, key="c", reason_code="cancelled"),
        ]

        together(2, lambda i, jobs=jobs: jobs[i]())

        approved = Refund.objects.filter(payment=payment, status="approved")
        assert approved.count() == 1
        payment.refresh_from_db()
        assert payment.refunded_amount == payment.amount


def test_M19_two_who_confirm_at_once_are_one_yes():
    for _ in ROUNDS:
        outcomes = two_yeses_at_once()()

        assert names(outcomes) == ["IllegalTransition", "Refund"]


def test_M19_one_who_approves_eight_times_at_once_is_one_person():
    """Wherever the same yes comes from, and in whatever order: it stays the first one's."""
    for _ in ROUNDS:
        refund, one = waiting_for_two(), UserFactory()
        Refund.objects.filter(pk=refund.pk).update(status="requested", reviewed_by=None)
        steps = [approve_refund, confirm_refund] * 4

        together(8, lambda i, r=refund, one=one, s=steps: s[i](r.pk, actor=one))

        refund.refresh_from_db()
        assert (refund.status, refund.reviewed_by, refund.confirmed_by) == ("confirming", one, None)
