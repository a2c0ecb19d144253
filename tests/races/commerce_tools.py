"""What the races about commerce look at."""

from decimal import Decimal

import pytest

from commerce.models import Order, Payment, Refund
from commerce.services.ledger_check import flaws
from commerce.services.refunds import open_refund
from content.models import DiseaseTag


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


def give_back(payment: Payment, amount: str, key: str) -> Refund:
    return open_refund(
        payment, amount=Decimal(amount), key=key, reason_code="other", closes_order=False
    )
