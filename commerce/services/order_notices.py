"""What the two sides of an order are told after it was paid.

Contexts hold neither an address nor a verification code: notices are not encrypted.
"""

from collections.abc import Iterable

from django.utils import timezone

from accounts.services.notifications import Notice, notify, notify_all
from commerce.models import Fulfilment, MerchantReview, Order, OrderStatus, Refund, Shipment

# WeChat refuses a longer `thing` (47003).
THING = 20
_NEXT = {
    Fulfilment.SHIPPING: "商家将尽快发货",
    Fulfilment.VERIFICATION: "请到店出示核销码",
}


def subject_of(order_id: int) -> str:
    """What notices about an order, and about what it bought, have in common."""
    return f"order:{order_id}"


def paid(order: Order) -> None:
    """The seller has something to do; the buyer knows what comes, unless its app says so."""
    if order.fulfilment != Fulfilment.NONE:
        _tell_buyer(order, "order_paid", next=_NEXT[order.fulfilment])
    _tell_seller(order, "merchant_order_paid")


def expired(orders: Iterable[Order]) -> None:
    notify_all(
        [
            Notice(order.user_id, "order_expired", {"number": order.number},
                   dedupe_key=f"order:{order.pk}:expired", subject=subject_of(order.pk))
            for order in orders
        ]
    )  # fmt: skip


def shipped(order: Order, parcels: list[Shipment]) -> None:
    carriers = "、".join(
        f"{parcel.get_carrier_display()} {parcel.tracking_number}" for parcel in parcels
    )
    _tell_buyer(order, "order_shipped", parcels=carriers[:200])


def corrected(order: Order, parcel: Shipment) -> None:
    text = f"{parcel.get_carrier_display()} {parcel.tracking_number}"
    key = f"order:{order.pk}:corrected:{parcel.pk}:{parcel.tracking_number}"
    notify(order.user, "order_tracking_corrected", dedupe_key=key[:120],
           subject=subject_of(order.pk), number=order.number, parcels=text)  # fmt: skip


def verified(order: Order) -> None:
    _tell_buyer(order, "order_verified")


def confirm_soon(order: Order) -> None:
    day = timezone.localtime(order.confirm_by)
    _tell_buyer(order, "order_confirm_soon", date=f"{day:%Y-%m-%d}")


def remind_to_ship(order: Order) -> None:
    """WeChat says so; whatever is not there to be sent is nobody's to send."""
    if order.status == OrderStatus.PAID and order.fulfilment != Fulfilment.NONE:
        _tell_seller(order, "merchant_ship_reminder")


def completed(order: Order, *, by_itself: bool) -> None:
    if by_itself:
        _tell_buyer(order, "order_auto_confirmed")
    _tell_seller(order, "merchant_order_completed")


def refund_asked(order: Order, refund: Refund) -> None:
    _tell_seller(
        order, "merchant_refund_asked", key=f":{refund.pk}", amount=f"{refund.amount:.2f}",
        reason=refund.get_reason_code_display(),
    )  # fmt: skip


def reviewed(order: Order, rating: int) -> None:
    _tell_seller(order, "merchant_reviewed", rating=str(rating))


def review_replied(review: MerchantReview) -> None:
    notify(review.user, "review_replied", dedupe_key=f"review:{review.pk}:replied",
           name=review.merchant.business_name, reply=review.reply[:200])  # fmt: skip


def review_hidden(review: MerchantReview) -> None:
    notify(review.user, "review_hidden", name=review.merchant.business_name,
           reason=review.moderation_note)  # fmt: skip


def _tell_buyer(order: Order, template: str, **context) -> None:
    notify(order.user, template, dedupe_key=f"order:{order.pk}:{template}",
           subject=subject_of(order.pk), number=order.number, **context)  # fmt: skip


def _tell_seller(order: Order, template: str, *, key: str = "", **context) -> None:
    if order.merchant_id is None:
        return
    context = {"total": f"{order.total_amount:.2f}"} | context
    notify(order.merchant.user, template, dedupe_key=f"order:{order.pk}:{template}{key}",
           number=order.number, **context)  # fmt: skip
