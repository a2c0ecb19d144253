"""WeChat's shipping information (发货信息管理): its calls, and how an order is written in them.

Raises accounts.wechat.WeChatError; so does an answer without what was asked for.
"""

from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from accounts.wechat import WeChatError, wechat_client
from commerce.models import Fulfilment, Order
from config.masking import mask_phone

_BASE = "/wxa/sec/order"
EXPRESS, VIRTUAL, SELF_PICKUP = 1, 3, 4  # 2: delivery within the city, which nobody offers here
LOGISTICS = {
    Fulfilment.SHIPPING: EXPRESS,
    Fulfilment.VERIFICATION: SELF_PICKUP,
    Fulfilment.NONE: VIRTUAL,
}
UNIFIED, SPLIT = 1, 2
LONGEST = 120
TO_SHIP, REFUNDED = 1, 5  # what lies between has been shipped
# errcodes that decide what is done.
NOT_FOUND_YET, ALREADY, NO_MORE_UPLOADS = 10060001, 10060002, 10060003
NOT_IN_THIS_STATE = frozenset({10060004, 10060028})


def is_managed() -> bool:
    """Whether WeChat keeps this account's money until it hears of shipping."""
    answer = wechat_client().call(f"{_BASE}/is_trade_managed", {"appid": settings.WX_APPID})
    managed = answer.get("is_trade_managed")
    if not isinstance(managed, bool):
        raise WeChatError("is_trade_managed: no answer in the answer")
    return managed


class Known(NamedTuple):
    """What WeChat has heard: state is TO_SHIP, REFUNDED or some state after shipping."""

    state: int
    numbers: set[str]


def known_of(order: Order) -> Known:
    body = {"transaction_id": order.paid_by.transaction_id}
    found = wechat_client().call(f"{_BASE}/get_order", body).get("order")
    try:
        listed = found["shipping"].get("shipping_list") or []
        numbers = {item["tracking_no"] for item in listed if item.get("tracking_no")}
        return Known(int(found["order_state"]), numbers)
    except (TypeError, KeyError, ValueError, AttributeError):
        raise WeChatError("get_order: not an order") from None


def upload(order: Order) -> None:
    wechat_client().call(f"{_BASE}/upload_shipping_info", shipping_info(order))


def shipping_info(order: Order) -> dict[str, Any]:
    """The body: one entry for all that is no parcel, one per parcel."""
    description = "、".join(item.title for item in order.items.all())[:LONGEST]
    parcels = [_parcel(order, parcel, description) for parcel in order.shipments.all()]
    body = {
        "order_key": {"order_number_type": 2, "transaction_id": order.paid_by.transaction_id},
        "logistics_type": LOGISTICS[order.fulfilment],
        "delivery_mode": SPLIT if len(parcels) > 1 else UNIFIED,
        "shipping_list": parcels or [{"item_desc": description}],
        "upload_time": timezone.localtime().isoformat(timespec="milliseconds"),
        "payer": {"openid": order.paid_by.payer},
    }
    if len(parcels) > 1:
        body["is_all_delivered"] = True
    return body


def _parcel(order: Order, parcel, description: str) -> dict[str, Any]:
    entry = {
        "item_desc": description,
        "tracking_no": parcel.tracking_number,
        "express_company": parcel.carrier,
    }
    if order.receiver_phone:  # some carriers want it, masked
        entry["contact"] = {"receiver_contact": mask_phone(order.receiver_phone)}
    return entry
