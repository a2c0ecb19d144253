"""The rules of a JSAPI prepay request."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

from .errors import PayError
from .reading import Reader

TRADE_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
SHORTEST_LIFE = 60


@dataclass
class Wish:
    """A valid prepay request. `fingerprint` is what a repetition has to have in common."""

    out_trade_no: str
    appid: str
    openid: str
    description: str
    attach: str
    notify_url: str
    total: int
    expire_at: float | None
    device_id: str
    fingerprint: str


def read_wish(body: Any, now: float) -> Wish:
    """Check form and limits of every field; who and whether is for the caller."""
    read = Reader(body)
    amount, payer = read.group("amount", True), read.group("payer", True)
    read.text("goods_tag", 32)
    read.flag("support_fapiao")
    read.texts("limit_pay")
    _check_detail(read.group("detail"))
    settle = read.group("settle_info")
    if settle:
        settle.flag("profit_sharing")
    if amount.text("currency", 16) not in ("", "CNY"):
        raise amount.bad("currency", "仅支持CNY")
    return Wish(
        out_trade_no=read.text("out_trade_no", 32, True, TRADE_NO),
        appid=read.text("appid", 32, True),
        openid=payer.text("openid", 128, True),
        description=read.text("description", 127, True),
        attach=read.text("attach", 128),
        notify_url=read.url("notify_url", True),
        total=amount.whole("total", 1),
        expire_at=_read_expiry(read, now),
        device_id=_read_scene(read.group("scene_info")),
        fingerprint=_fingerprint(body),
    )


def check_merchant(read: Reader, mchid: str) -> None:
    if read.text("mchid", 32, True) != mchid:
        raise PayError("MCH_NOT_EXISTS")


def _read_expiry(read: Reader, now: float) -> float | None:
    """A moment too close is put off rather than refused; a past one is refused."""
    moment = read.moment("time_expire")
    if moment is None:
        return None
    if moment <= now:
        raise read.bad("time_expire", "应晚于当前时间")
    return max(moment, now + SHORTEST_LIFE)


def _read_scene(scene: Reader | None) -> str:
    if scene is None:
        return ""
    scene.text("payer_client_ip", 45, True)
    store = scene.group("store_info")
    if store:
        store.text("id", 32, True)
        store.text("name", 256)
        store.text("area_code", 32)
        store.text("address", 512)
    return scene.text("device_id", 32)


def _check_detail(detail: Reader | None) -> None:
    if detail is None:
        return
    if "cost_price" in detail.data:
        detail.whole("cost_price")
    detail.text("invoice_id", 32)
    for goods in detail.groups("goods_detail"):
        goods.text("merchant_goods_id", 32, True)
        goods.text("wechatpay_goods_id", 32)
        goods.text("goods_name", 256)
        goods.whole("quantity", 1)
        goods.whole("unit_price")


def _fingerprint(body: dict[str, Any]) -> str:
    """Everything but the expiry, which the first request fixes."""
    rest = {name: value for name, value in body.items() if name != "time_expire"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
