"""Orders: placing, closing and completing them.

Everybody locks in one order: order, items and their targets, payments, refunds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.utils import timezone

from accounts.audit import move, move_all
from accounts.models import User
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from commerce.errors import (
    AddressNeeded,
    AddressUnknown,
    AmountTooLarge,
    MixedFulfilment,
    MixedMerchants,
    NotCancellable,
    PriceChanged,
    RepeatedItem,
    SoldAlone,
)
from commerce.models import (
    HANDED_OVER,
    MIXED,
    Address,
    Fulfilment,
    Merchant,
    Order,
    OrderItem,
    OrderStatus,
    Payment,
    PaymentStatus,
)
from commerce.models.payments import OPEN
from commerce.payables import Offer, Want, payable_for
from commerce.services import order_notices
from commerce.services.handing_over import begin_fulfilment
from commerce.services.ledger import book_release, book_sale, wait_for_release
from commerce.services.order_notices import subject_of
from commerce.services.reports import report_later
from commerce.services.wake import CLOSE, wake
from config.db import transact
from config.errors import NotFound
from config.numbers import new_number
from config.rows import insert, insert_all, new

MOST = Decimal("99999999.99")  # what the column holds


def lock_order(order_id: int) -> Order:
    """The order, locked until the transaction ends; NotFound when there is none."""
    order = Order.objects.locked().filter(pk=order_id).first()
    if order is None:
        raise NotFound
    return order


@transact
def place_order(
    *, user: User, wants: Sequence[Want], address_id: int | None = None, remark: str = ""
) -> Order:
    """Create a pending order for `wants` and hold each of them until it is paid or expires.

    Wants are taken in (kind, target_id) order, so two orders lock shared targets in the same
    sequence.  What costs nothing is paid and fulfilled at once.  address_id: one of the buyer's;
    copied when something is sent.  Raises what a payable's quote() raises, PriceChanged,
    SoldAlone, MixedMerchants, AddressNeeded and AddressUnknown; nothing is kept then.
    """
    wants = sorted(wants)
    if len({(want.kind, want.target_id) for want in wants}) < len(wants):
        raise RepeatedItem
    offers = [_offer(user, want) for want in wants]
    if len(offers) > 1 and any(offer.alone for offer in offers):
        raise SoldAlone
    fulfilment = _fulfilment_of(offers)
    sent_to = _sent_to(user, fulfilment, address_id)
    total = sum(offer.unit_price * want.quantity for want, offer in zip(wants, offers, strict=True))
    if total > MOST:
        raise AmountTooLarge
    order = insert(
        new(
            Order,
            number=new_number("ORD"),
            user=user,
            kind=_kind_of(wants),
            total_amount=total,
            expires_at=timezone.now() + timedelta(seconds=_time_to_pay(offers)),
            **_seller_of(offers),
            fulfilment=fulfilment,
            remark=remark,
            **sent_to,
        )
    )
    items = insert_all(
        [_line(order, want, offer) for want, offer in zip(wants, offers, strict=True)]
    )
    for item, want, offer in zip(items, wants, offers, strict=True):
        payable_for(item.kind).reserve(item, want, offer)
    if total == 0:
        mark_paid(order, items)
    return order


def _line(order: Order, want: Want, offer: Offer) -> OrderItem:
    return new(
        OrderItem,
        order=order,
        kind=want.kind,
        target_id=want.target_id,
        quantity=want.quantity,
        title=offer.title,
        unit_price=offer.unit_price,
        image_url=offer.image_url,
    )


def _offer(user: User, want: Want) -> Offer:
    offer = payable_for(want.kind).quote(user, want)
    if want.expected_price is not None and want.expected_price != offer.unit_price:
        raise PriceChanged(price=offer.unit_price)
    return offer


def _kind_of(wants: Sequence[Want]) -> str:
    kinds = {want.kind for want in wants}
    return kinds.pop() if len(kinds) == 1 else MIXED


def _merchant_of(offers: list[Offer]) -> int | None:
    merchants = {offer.merchant_id for offer in offers}
    if len(merchants) > 1:
        raise MixedMerchants
    return merchants.pop()


def _seller_of(offers: list[Offer]) -> dict[str, Any]:
    """The columns of the order that say who sells it, and at what commission."""
    merchant_id = _merchant_of(offers)
    if merchant_id is None:
        return {}
    percents = Merchant.objects.values_list("commission_percent", flat=True)
    return {"merchant_id": merchant_id, "commission_percent": percents.get(pk=merchant_id)}


def _fulfilment_of(offers: list[Offer]) -> Fulfilment:
    """What is in a parcel cannot be fetched with the same order, nor the other way round."""
    ways = {offer.fulfilment for offer in offers} - {Fulfilment.NONE}
    if len(ways) > 1:
        raise MixedFulfilment
    return ways.pop() if ways else Fulfilment.NONE


def _sent_to(user: User, fulfilment: Fulfilment, address_id: int | None) -> dict[str, str]:
    """The columns of the order that say where it goes; none when nothing is sent."""
    if fulfilment != Fulfilment.SHIPPING:
        return {}
    if address_id is None:
        raise AddressNeeded
    address = Address.objects.visible_to(user).filter(pk=address_id).first()
    if address is None:
        raise AddressUnknown
    return {
        "receiver": address.receiver,
        "receiver_phone": address.phone,
        "region": address.region,
        "address_detail": address.detail,
    }


def _time_to_pay(offers: list[Offer]) -> int:
    holds = [offer.hold_seconds for offer in offers if offer.hold_seconds is not None]
    return min([parameter("ORDER_TTL_SECONDS"), *holds])


def mark_paid(order: Order, items: Sequence[OrderItem], *, payment: Payment | None = None) -> None:
    """PENDING to PAID and everything handed over; call it in the transaction that locks the order.

    payment: None when there was nothing to pay.  Raises what a payable refuses with.
    """
    move(order, OrderStatus.PAID, paid_by=payment, paid_at=timezone.now(),
         method=payment.method if payment else "")  # fmt: skip
    if payment is not None:
        book_sale(order, payment)
    for item in items:
        payable_for(item.kind).fulfil(item)
    begin_fulfilment(order)


@transact
def cancel_order(order_id: int, *, actor: User | None, reason: str = "") -> Order:
    """Cancel an unpaid order, give its targets back and have its payment attempts closed.

    actor: None when a deadline does.  NotCancellable for a paid order: what was bought has its
    own rules and fee.
    """
    order = lock_order(order_id)
    if order.status in {OrderStatus.PAID, *HANDED_OVER, OrderStatus.COMPLETED}:
        raise NotCancellable(status=order.status)
    own = actor is not None and actor.pk == order.user_id
    close_orders(
        [order],
        OrderStatus.CANCELLED,
        actor=actor,
        reason=reason or ("用户取消" if own else "后台取消"),
    )
    if not own:
        notify(order.user, "order_cancelled", dedupe_key=f"order:{order.pk}:cancelled",
               subject=subject_of(order.pk), number=order.number, reason=reason)  # fmt: skip
    return order


def expire_order(order_id: int, *, now: datetime) -> bool:
    """Close an order whose time ran out; False when it was paid or closed meanwhile.

    services.expiry closes its attempts at the provider first; this only gives the targets back.
    """
    return bool(expire_orders([order_id], now=now))


@transact
def expire_orders(order_ids: Sequence[int], *, now: datetime, untried: bool = False) -> list[int]:
    """The same for many at once, all or none of them; which did.

    untried: those with an attempt, however it ended, stay for services.expiry.  Nobody makes one
    while their order is locked.  Locked by key alone: by status and deadline MariaDB locks an
    index that others change with the order in their hands.
    """
    orders = Order.objects.locked().filter(pk__in=order_ids)
    due = [order for order in orders if order.is_overdue(now)]
    attempts = Payment.objects.filter(order__in=due)
    if not untried:
        attempts = attempts.filter(status=PaymentStatus.SUCCEEDED)
    spared = set(attempts.values_list("order_id", flat=True))
    due = [order for order in due if order.pk not in spared]
    if due:
        close_orders(due, OrderStatus.EXPIRED, reason="超时未支付")
        order_notices.expired(due)
    return [order.pk for order in due]


def close_orders(orders: Sequence[Order], to: OrderStatus, **log) -> None:
    """End unpaid orders; call it in the transaction that locks them.

    Their attempts before their targets: a product is wanted by many, and who waits for an attempt
    must not keep them all.
    """
    move_all(orders, to, **log)
    stop_attempts(*orders)
    items = OrderItem.objects.filter(order__in=orders).order_by("kind", "target_id", "pk")
    for kind, lines in groupby(items, attrgetter("kind")):
        payable_for(kind).release(list(lines), expired=to == OrderStatus.EXPIRED)


def stop_attempts(*orders: Order) -> list[Payment]:
    """Have the orders' open attempts closed at the provider; answers with them.

    Call it in the transaction that locks the orders.  All of theirs are locked: looking for
    open ones by their status, MariaDB waits for those of other orders.
    """
    now = timezone.now()
    known = Payment.objects.locked().filter(order__in=orders)
    attempts = [attempt for attempt in known if attempt.status in OPEN]
    for attempt in attempts:
        if attempt.status != PaymentStatus.CLOSING:
            move(attempt, PaymentStatus.CLOSING, next_query_at=now, queries=0)
    if attempts:
        wake(CLOSE)
    return attempts


@transact
def complete_order(order_id: int, *, actor: User | None = None) -> Order:
    """To COMPLETED: what was bought was delivered to the end, or its buyer has it."""
    order = lock_order(order_id)
    now = timezone.now()
    move(order, OrderStatus.COMPLETED, actor=actor, completed_at=now,
         settles_at=wait_for_release(now) if order.paid_by_id else None)  # fmt: skip
    report_later(order)
    return order


@transact
def keep_order(order_id: int, *, actor: User | None = None, reason: str = "") -> Order:
    """PAID to CANCELLED: the app called off what was bought and nothing goes back.

    For cancellations too late for a refund, and for what cost nothing.
    """
    order = lock_order(order_id)
    if order.status != OrderStatus.PAID:
        raise NotCancellable(status=order.status)
    move(order, OrderStatus.CANCELLED, actor=actor, reason=reason)
    book_release(order, called_off=True)
    return order
