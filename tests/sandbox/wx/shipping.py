"""Shipping information (发货信息管理): what WeChat wants to know before it settles a trade."""

import re
from dataclasses import dataclass, field
from typing import Any

from ..clock import parse_rfc3339
from .errors import WxError

MOST_ITEMS, LONGEST_DESCRIPTION = 15, 120
EXPRESS = 1
UNIFIED, SPLIT = 1, 2
TO_SHIP, SHIPPED, REFUNDED = 1, 2, 5
MILLISECONDS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}([+-]\d\d:\d\d|Z)")


@dataclass
class Delivery:
    """What was uploaded for one trade; `uploads`: the second is the last."""

    transaction_id: str
    uploads: int = 0
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Management:
    """Whether this account is under trade management."""

    managed: bool = True


class Shipping:
    def __init__(self, world, app):
        self._world, self._app = world, app
        self.deliveries = world.store.table("wx.deliveries", Delivery)
        self._management = world.store.table("wx.trade_management", Management)

    @property
    def managed(self) -> bool:
        return self._management.get("main", Management()).managed

    def manage(self, managed: bool) -> Management:
        with self._world.store.change():
            self._management["main"] = Management(managed)
        return self._management["main"]

    # -- the merchant's calls

    def is_managed(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("appid") != self._app.appid:
            raise WxError(40013)
        return {"is_trade_managed": self.managed}

    def upload(self, body: dict[str, Any]) -> dict[str, Any]:
        """`upload_shipping_info`: once, and once more to put it right."""
        trade = self._trade(body.get("order_key"))
        _check(body)
        if (body.get("payer") or {}).get("openid") != trade.openid:
            raise WxError(10060031)
        if self._state(trade) == REFUNDED:
            raise WxError(10060004)
        with self._world.store.change():
            known = self.deliveries.setdefault(trade.transaction_id, Delivery(trade.transaction_id))
            if known.uploads >= 2:
                raise WxError(10060003)
            known.uploads, known.body = known.uploads + 1, body
        return {}

    def order(self, body: dict[str, Any]) -> dict[str, Any]:
        """`get_order`."""
        by_id = {"order_number_type": 2, "transaction_id": body.get("transaction_id")}
        by_number = {
            "order_number_type": 1,
            "mchid": body.get("merchant_id"),
            "out_trade_no": body.get("merchant_trade_no"),
        }
        trade = self._trade(by_id if body.get("transaction_id") else by_number)
        known = self.deliveries.get(trade.transaction_id)
        sent = known.body if known else {}
        return {
            "order": {
                "transaction_id": trade.transaction_id,
                "merchant_trade_no": trade.out_trade_no,
                "merchant_id": self._pay.keys.mchid,
                "description": trade.description,
                "paid_amount": trade.total,
                "openid": trade.openid,
                "trade_create_time": int(trade.created_at),
                "pay_time": int(trade.paid_at),
                "order_state": self._state(trade),
                "in_complaint": False,
                "shipping": {
                    "delivery_mode": sent.get("delivery_mode", 0),
                    "logistics_type": sent.get("logistics_type", 0),
                    "finish_shipping": bool(known),
                    "finish_shipping_count": known.uploads if known else 0,
                    "goods_desc": trade.description,
                    "shipping_list": [_listed(item) for item in sent.get("shipping_list", [])],
                },
            }
        }

    # -- what it knows of trades

    @property
    def _pay(self):
        return next(rail for rail in self._world.rails if rail.name == "wxpay")

    def _trade(self, key: Any):
        """The paid trade that is meant; it has to be one of this merchant."""
        if not isinstance(key, dict) or key.get("order_number_type") not in (1, 2):
            raise WxError(47001)
        trades, trade = self._pay.trades, None
        if key["order_number_type"] == 2:
            trade = trades.by_transaction(str(key.get("transaction_id") or "-"))
        elif key.get("mchid") == self._pay.keys.mchid:
            trade = trades.find(str(key.get("out_trade_no") or "-"))
        if trade is None or not trade.transaction_id:
            raise WxError(10060001)
        return trade

    def _state(self, trade) -> int:
        if self._pay.refunds.refunded(trade.out_trade_no) >= trade.total:
            return REFUNDED
        return SHIPPED if trade.transaction_id in self.deliveries else TO_SHIP


def _check(body: dict[str, Any]) -> None:
    kind, mode, items = (
        body.get(name) for name in ("logistics_type", "delivery_mode", "shipping_list")
    )
    if type(kind) is not int or kind not in (1, 2, 3, 4):
        raise WxError(10060005)
    if mode not in (UNIFIED, SPLIT) or not isinstance(items, list):
        raise WxError(47001)
    most = 1 if mode == UNIFIED else MOST_ITEMS
    if not 1 <= len(items) <= most or (mode == SPLIT and body.get("is_all_delivered") is not True):
        raise WxError(47001)
    for item in items:
        _check_item(item, kind)
    if not MILLISECONDS.fullmatch(str(body.get("upload_time"))):
        raise WxError(47001, "upload_time is not RFC 3339 with milliseconds")
    parse_rfc3339(body["upload_time"])


def _check_item(item: Any, kind: int) -> None:
    description = item.get("item_desc") if isinstance(item, dict) else None
    if not description or not isinstance(description, str):
        raise WxError(10060008)
    if len(description) > LONGEST_DESCRIPTION:
        raise WxError(10060009)
    if kind == EXPRESS and not (item.get("tracking_no") and item.get("express_company")):
        raise WxError(47001, "tracking_no and express_company: required")
    contact = item.get("contact") or {}
    if item.get("express_company") == "SF" and "*" not in str(contact.get("receiver_contact")):
        raise WxError(47001, "contact: required by SF, masked")


def _listed(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "tracking_no": item.get("tracking_no", ""),
        "express_company": item.get("express_company", ""),
        "goods_desc": item["item_desc"],
    }
