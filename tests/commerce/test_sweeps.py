"""Kicks and claims: what is due is started at once when it can be, and by one worker only."""

import pytest
from celery.canvas import Signature
from django.utils import timezone

from commerce.models import Payment, Refund
from commerce.services.expiry import Lines
from commerce.services.orders import cancel_order
from commerce.services.refund_sending import advance_refund
from commerce.services.refunds import open_refund
from commerce.services.sweeps import _ask_about
from tests.commerce.books import nothing_changes
from tests.factories.commerce import AttemptFactory, pay, place

pytestmark = pytest.mark.django_db


def kicked(callbacks):
    """Names of the tasks that leave with the commit."""
    return [callback.__self__.task for callback in callbacks if hasattr(callback, "__self__")]


def test_cancelling_kicks_the_closing(user, django_capture_on_commit_callbacks):
    order = place(user)
    AttemptFactory(order)

    with django_capture_on_commit_callbacks() as callbacks:
        cancel_order(order.pk, actor=user)

    assert kicked(callbacks) == ["commerce.query_pending_payments"]


def test_cancelling_what_nobody_tried_to_pay_kicks_nothing(
    user, django_capture_on_commit_callbacks
):
    order = place(user)

    with django_capture_on_commit_callbacks() as callbacks:
        cancel_order(order.pk, actor=user)

    assert kicked(callbacks) == []


def test_a_refund_kicks_its_sending(user, django_capture_on_commit_callbacks):
    payment = pay(place(user))

    with django_capture_on_commit_callbacks() as callbacks:
        open_refund(payment, amount=payment.amount, key="c", reason_code="cancelled")

    assert kicked(callbacks) == ["commerce.send_refunds"]


def test_Q4_a_broker_that_is_away_breaks_nothing(
    user, settings, django_capture_on_commit_callbacks, monkeypatch
):
    def away(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(Signature, "apply_async", away)
    payment = pay(place(user))

    with django_capture_on_commit_callbacks(execute=True):
        open_refund(payment, amount=payment.amount, key="c", reason_code="cancelled")

    assert Refund.objects.get().next_try_at <= timezone.now()


def test_Q2_two_workers_with_the_same_attempt_ask_once(attempt, world):
    """Both read the row before either claimed it."""
    first, second = Payment.objects.get(), Payment.objects.get()
    assert _ask_about(first, Lines()) is True

    world.fault("drop", "wxpay", "query", times=9)
    with nothing_changes():
        assert _ask_about(second, Lines()) is False
    assert world.faults()[0]["hits"] == 0


def test_Q2_two_workers_with_the_same_refund_send_once(user, world):
    payment = pay(place(user))
    open_refund(payment, amount=payment.amount, key="c", reason_code="cancelled")
    first, second = Refund.objects.get(), Refund.objects.get()
    world.fault("drop", "wxpay", "refund", times=9)
    assert advance_refund(first, lines=Lines()) is True

    with nothing_changes():
        assert advance_refund(second, lines=Lines()) is False
    assert world.faults()[0]["hits"] == 1
