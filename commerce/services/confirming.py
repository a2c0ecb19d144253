"""Ends of orders that were handed over: the buyer says so, or says nothing long enough."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from commerce.errors import NotConfirmable, NotHideable, RefundOpen
from commerce.models import FINISHED, HANDED_OVER, Order, Refund
from commerce.services import order_notices
from commerce.services.handing_over import has_open_refund
from commerce.services.orders import complete_order, lock_order
from config.db import transact


@transact
def confirm_order(order_id: int, *, actor: User) -> Order:
    """The buyer has it; NotConfirmable unless it was handed over, RefundOpen during a refund."""
    order = lock_order(order_id)
    if order.status not in HANDED_OVER:
        raise NotConfirmable(status=order.status)
    if has_open_refund(order):
        raise RefundOpen
    order = complete_order(order.pk, actor=actor)
    order_notices.completed(order, by_itself=False)
    return order


def to_confirm(now: datetime) -> QuerySet[Order]:
    """Handed over long enough ago; not while its buyer wants the money back."""
    refund = Refund.objects.open().ending_orders().filter(order=OuterRef("pk"))
    due = Order.objects.filter(status__in=HANDED_OVER, confirm_by__lte=now)
    return due.exclude(Exists(refund))


@transact
def confirm_by_itself(order_id: int, *, now: datetime) -> bool:
    """Complete what its buyer said nothing about; False when that was done or stopped meanwhile."""
    order = Order.objects.locked().filter(pk=order_id).first()
    if order is None or not to_confirm(now).filter(pk=order_id).exists():
        return False
    order = complete_order(order_id)
    order_notices.completed(order, by_itself=True)
    return True


def to_remind(now: datetime) -> QuerySet[Order]:
    return Order.objects.filter(status__in=HANDED_OVER, remind_at__lte=now)


@transact
def remind_to_confirm(order_id: int, *, now: datetime) -> bool:
    """Tell the buyer once when it will complete by itself; whoever clears remind_at tells."""
    if not to_remind(now).filter(pk=order_id).update(remind_at=None):
        return False
    order_notices.confirm_soon(Order.objects.select_related("user").get(pk=order_id))
    return True


@transact
def hide_order(order_id: int) -> None:
    """Put a finished order out of its buyer's sight; merchants and staff still see it."""
    order = lock_order(order_id)
    if order.status not in FINISHED:
        raise NotHideable(status=order.status)
    Order.objects.filter(pk=order.pk).update(hidden_at=timezone.now())
