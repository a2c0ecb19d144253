"""Builds one notice for a test to post itself: genuine, altered, stale, forged or incomplete."""

import copy
from typing import Any

from ..control import ControlError
from ..courier import Notice
from .keys import Pair
from .notices import SUMMARIES

SIGNATURES = {"": "", "signtest": "signtest", "forged": "forged", "none": ""}
KNOWN = {
    "out_trade_no",
    "out_refund_no",
    "mutate",
    "timestamp_offset",
    "tamper",
    "serial",
    "signature",
    "omit_headers",
    "id",
    "event_type",
}


def build_notice(rail, order: dict[str, Any]) -> dict[str, Any]:
    """`{"headers", "body"}`; the signature covers the notice as it is after `mutate`."""
    if unknown := set(order) - KNOWN:
        raise ControlError(f"notice: unknown {sorted(unknown)}")
    signature = order.get("signature") or ""
    if signature not in SIGNATURES:
        raise ControlError("signature: signtest, forged or none")
    notice = _subject(rail, order)
    notice.id = order.get("id") or notice.id
    notice.event = order.get("event_type") or notice.event
    _mutate(notice.plain, order.get("mutate") or {})
    wall = rail.world.clock.wall() + float(order.get("timestamp_offset") or 0)
    signer = _signer(rail.keys, order.get("serial"))
    headers, body = rail.notices.seal(notice, signer, wall, SIGNATURES[signature])
    if order.get("tamper"):
        body = _tampered(body)
    omitted = {str(name).lower() for name in order.get("omit_headers") or []}
    if signature == "none":
        omitted.add("wechatpay-signature")
    kept = {name: value for name, value in headers.items() if name.lower() not in omitted}
    return {"id": notice.id, "headers": kept, "body": body.decode(), "plain": notice.plain}


def _subject(rail, order: dict[str, Any]) -> Notice:
    if order.get("out_refund_no"):
        notice = rail.notices.of_refund(rail.refunds.need(order["out_refund_no"]))
    elif order.get("out_trade_no"):
        notice = rail.notices.of_payment(rail.trades.need(order["out_trade_no"]))
    else:
        raise ControlError("out_trade_no or out_refund_no: required")
    notice.plain = copy.deepcopy(notice.plain)
    return notice


def _mutate(plain: dict[str, Any], changes: dict[str, Any]) -> None:
    """Set dotted fields; null removes one."""
    for path, value in changes.items():
        *parents, name = path.split(".")
        place = plain
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is None:
            place.pop(name, None)
        else:
            place[name] = value


def _signer(keys, wish: str | None) -> Pair:
    """Real keys for "public" (the default) and "platform"; any other serial is a stranger's."""
    if wish in (None, "", "public", keys.public.serial):
        return keys.public
    if wish == "platform":
        return keys.signer_for(None)
    known = keys.signer_for(wish)
    return known if known.serial == wish else Pair(wish, keys.stranger.key)


def _tampered(body: bytes) -> bytes:
    """Still JSON, still decryptable, but not what was signed."""
    for summary in SUMMARIES.values():
        if summary.encode() in body:
            return body.replace(summary.encode(), "另一种说法".encode(), 1)
    return body.replace(b"encrypt-resource", b"encrypt_resource", 1)
