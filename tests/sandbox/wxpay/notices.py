"""Notices about payments and refunds: their content, envelope and signature."""

import json
from typing import Any

from ..clock import rfc3339
from ..courier import Notice, Parcel
from ..crypto import seal
from ..faults import Fault
from ..web import to_json
from . import numbers
from .keys import Pair
from .refunds import Refund
from .signing import sign_headers
from .trades import Trade, Trades

MINUTE, HOUR = 60, 3600
DELAYS = (
    *(15, 15, 30, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE),
    *(30 * MINUTE, 30 * MINUTE, 30 * MINUTE, 60 * MINUTE),
    *(3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR),
)

SUMMARIES = {
    "TRANSACTION.SUCCESS": "支付成功",
    "REFUND.SUCCESS": "退款成功",
    "REFUND.ABNORMAL": "退款异常",
    "REFUND.CLOSED": "退款关闭",
}


class Notices:
    """Makes notices and, as the courier's postman, packs them freshly signed each time."""

    delays = DELAYS

    def __init__(self, world, keys, trades: Trades):
        self._world, self._keys, self._trades = world, keys, trades
        world.courier.employ("wxpay", self)

    def of_payment(self, trade: Trade) -> Notice:
        about = {"out_trade_no": trade.out_trade_no}
        plain = self._trades.paid_view(trade)
        return self._new(trade.notify_url, "TRANSACTION.SUCCESS", about, plain)

    def of_refund(self, refund: Refund) -> Notice:
        about = {"out_trade_no": refund.out_trade_no, "out_refund_no": refund.out_refund_no}
        status = refund.status if refund.status != "PROCESSING" else "SUCCESS"
        plain = self._refund_plain(refund, status)
        return self._new(refund.notify_url, f"REFUND.{status}", about, plain)

    def pack(self, notice: Notice, fault: Fault | None) -> Parcel:
        """One delivery: same id and content, fresh nonce, timestamp and signature."""
        trick = fault.kind if fault else ""
        headers, body = self.seal(notice, trick=trick)
        cut = len(body) // 2 if trick == "truncate_body" else None
        return Parcel(notice.url, headers, body[:cut])

    def seal(
        self,
        notice: Notice,
        signer: Pair | None = None,
        wall: float | None = None,
        trick: str = "",
    ) -> tuple[dict[str, str], bytes]:
        """Encrypt and sign a notice, by default with the WeChat Pay public key and now."""
        kind = "refund" if notice.event.startswith("REFUND") else "transaction"
        resource = {"original_type": kind}
        resource |= seal(self._keys.apiv3_key, to_json(notice.plain), kind)
        envelope = {
            "id": notice.id,
            "create_time": rfc3339(notice.created_at),
            "resource_type": "encrypt-resource",
            "event_type": notice.event,
            "summary": SUMMARIES.get(notice.event, ""),
            "resource": resource,
        }
        body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        moment = self._world.clock.wall() if wall is None else wall
        headers = sign_headers(self._keys, signer or self._keys.public, body, moment, trick)
        return {"Content-Type": "application/json", "User-Agent": "Mozilla/4.0"} | headers, body

    def accepted(self, status: int, body: bytes) -> bool:
        return status in (200, 204)

    def _refund_plain(self, refund: Refund, status: str) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "mchid": self._keys.mchid,
            "transaction_id": refund.transaction_id,
            "out_trade_no": refund.out_trade_no,
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "refund_status": status,
            "user_received_account": "支付用户零钱",
            "amount": {
                "total": refund.total,
                "refund": refund.amount,
                "payer_total": refund.total,
                "payer_refund": refund.amount,
            },
        }
        if status == "SUCCESS":
            moment = refund.success_at or self._world.clock.now()
            plain["success_time"] = rfc3339(moment)
        return plain

    def _new(self, url: str, event: str, about: dict[str, Any], plain: dict[str, Any]) -> Notice:
        now = self._world.clock.now()
        return Notice(
            id=numbers.notice_id(now),
            rail="wxpay",
            url=url,
            event=event,
            about=about,
            plain=plain,
            created_at=now,
            next_at=now,
        )
