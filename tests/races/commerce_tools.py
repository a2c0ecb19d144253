"""What the races about commerce look at."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from commerce.models import Order, Payment, Refund
from commerce.services.ledger_check import flaws
from commerce.services.refund_review import approve_refund, confirm_refund
from commerce.services.refunds import open_refund, request_refund
from content.models import DiseaseTag
from tests.factories.accounts import UserFactory
from tests.factories.commerce import TagFactory, pay, place
from tests.helpers import together


@pytest.fixture(autouse=True)
def books_agree():
    """Whatever raced: the ledger says what payments, refunds and orders say (M-14)."""
    yield
    assert list(flaws()) == []


def names(outcomes) -> list[str]:
    return sorted(type(outcome).__name__ for outcome in outcomes)


def story(tag) -> str:
    """What happened to a tag, a letter per step."""
    return DiseaseTag.objects.values_list("description", flat=True).get(pk=tag.pk)


def state(order) -> str:
    return Order.objects.values_list("status", flat=True).get(pk=order.pk)


def waiting_for_two() -> Refund:
    """A large refund that one person has approved."""
    buyer = UserFactory()
    payment = pay(place(buyer, TagFactory(sort_order=150_000)))
    refund = request_refund(payment.order_id, user=buyer, reason_code="other")
    return approve_refund(refund.pk, actor=UserFactory())


def two_yeses_at_once() -> Callable[[], list]:
    """To be called: two others confirm one refund at the same moment.

    One that leaves its order alone: who holds the refund must not meet again at the order.
    """
    refund, people = waiting_for_two(), UserFactory.create_batch(2)
    Refund.objects.filter(pk=refund.pk).update(closes_order=False)
    return lambda: together(2, lambda i: confirm_refund(refund.pk, actor=people[i]))


def give_back(payment: Payment, amount: str, key: str) -> Refund:
    return open_refund(
        payment, amount=Decimal(amount), key=key, reason_code="other", closes_order=False
    )
