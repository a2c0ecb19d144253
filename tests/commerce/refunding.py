"""Giving money back, and what became of it."""

from decimal import Decimal

from django.utils import timezone

from commerce.models import Order, Refund
from commerce.services.refunds import open_refund
from commerce.tasks import query_pending_refunds, send_refunds

FULL = Decimal("120.00")


def give_back(payment, amount=FULL, key="cancel", **extra):
    return open_refund(payment, amount=amount, key=key, reason_code="cancelled", **extra)


def due():
    Refund.objects.exclude(next_try_at=None).update(next_try_at=timezone.now())


def sweep(world, number):
    """Send, let the provider end it, ask."""
    send_refunds()
    world.wait_refund(number, "SUCCESS")
    due()
    query_pending_refunds()


def states():
    return (
        list(Refund.objects.order_by("pk").values_list("status", flat=True)),
        Order.objects.get().status,
    )
