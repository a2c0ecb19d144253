"""What both ways of handing things over have in common: how it begins, and how long it lasts."""

from datetime import datetime, timedelta

from accounts.services.parameters import parameter
from commerce.models import Fulfilment, Order, Refund
from commerce.services import order_notices
from commerce.services.codes import issue_code


def begin_fulfilment(order: Order) -> None:
    """The order was paid: what its seller has to do next; in the transaction that paid it."""
    if order.fulfilment == Fulfilment.VERIFICATION:
        issue_code(order)
    order_notices.paid(order)


def waiting_times(now: datetime) -> dict[str, datetime]:
    """Columns of an order that was handed over at `now`: when it ends by itself."""
    confirm_by = now + timedelta(days=parameter("AUTO_CONFIRM_DAYS"))
    return {
        "handed_over_at": now,
        "confirm_by": confirm_by,
        "remind_at": confirm_by - timedelta(days=parameter("CONFIRM_REMIND_DAYS")),
    }


def has_open_refund(order: Order) -> bool:
    return Refund.objects.open().ending_orders().filter(order=order).exists()
