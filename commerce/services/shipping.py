"""Sending what was bought: parcels with their numbers, and correcting a wrong one."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from commerce.errors import NotCorrectable, NotShippable, RefundOpen, TrackingNumberTaken
from commerce.models import Carrier, Fulfilment, Order, OrderStatus, Shipment
from commerce.services import order_notices
from commerce.services.handing_over import has_open_refund, waiting_times
from commerce.services.orders import lock_order
from commerce.services.reports import report_again, report_later
from config.changes import note_change
from config.db import transact
from config.errors import NotFound


class Parcel(NamedTuple):
    carrier: Carrier
    tracking_number: str


@transact
def ship_order(order_id: int, *, actor: User, parcels: Sequence[Parcel]) -> Order:
    """PAID to SHIPPED with its parcels; the buyer hears of it.

    NotShippable unless it is paid and to be sent, RefundOpen while its buyer wants the money
    back, TrackingNumberTaken for a number that another parcel has.
    """
    order = lock_order(order_id)
    if order.status != OrderStatus.PAID or order.fulfilment != Fulfilment.SHIPPING:
        raise NotShippable(status=order.status, fulfilment=order.fulfilment)
    if has_open_refund(order):
        raise RefundOpen
    now = timezone.now()
    sent = [_send(order, parcel, actor, now) for parcel in parcels]
    move(order, OrderStatus.SHIPPED, actor=actor, **waiting_times(now))
    order_notices.shipped(order, sent)
    report_later(order)
    return order


def _send(order: Order, parcel: Parcel, actor: User, now) -> Shipment:
    try:
        with transaction.atomic():
            return Shipment.objects.create(
                order=order, carrier=parcel.carrier, tracking_number=parcel.tracking_number,
                shipped_at=now, shipped_by=actor,
            )  # fmt: skip
    except IntegrityError:
        raise TrackingNumberTaken(tracking_number=parcel.tracking_number) from None


@transact
def correct_shipment(shipment_id: int, *, actor: User, order_id: int, parcel: Parcel) -> Order:
    """Give a parcel its right number while it is under way; the wrong one stays on record."""
    order = lock_order(order_id)
    shipment = Shipment.objects.locked().filter(pk=shipment_id, order=order).first()
    if shipment is None:
        raise NotFound
    if order.status != OrderStatus.SHIPPED:
        raise NotCorrectable(status=order.status)
    old = (shipment.carrier, shipment.tracking_number)
    if old == tuple(parcel):
        return order
    shipment.wrong_number = shipment.tracking_number
    shipment.carrier, shipment.tracking_number = parcel
    try:
        with transaction.atomic():
            shipment.save(
                update_fields=["carrier", "tracking_number", "wrong_number", "updated_at"]
            )
    except IntegrityError:
        raise TrackingNumberTaken(tracking_number=parcel.tracking_number) from None
    note_change(shipment, {"tracking_number": (old[1], parcel.tracking_number)})
    order_notices.corrected(order, shipment)
    report_again(order)
    return order
