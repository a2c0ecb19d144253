"""Notices about trades: signed forms, repeated for 25 hours until the answer is `success`."""

import secrets

from ..clock import beijing
from ..courier import Notice, Parcel
from ..faults import Fault
from .keys import AlipayKeys
from .refunds import Refund
from .signing import sign_notice
from .trades import Trade, yuan

MINUTE, HOUR = 60, 3600
DELAYS = (4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR)
FORM = "application/x-www-form-urlencoded; charset=utf-8"


class Notices:
    """Makes notices and, as the courier's postman, packs them for each delivery."""

    delays = DELAYS

    def __init__(self, world, keys: AlipayKeys):
        self._world, self._keys = world, keys
        world.courier.employ("alipay", self)

    def of_payment(self, trade: Trade) -> Notice:
        status = trade.state if trade.paid_at and not trade.refunded else "TRADE_SUCCESS"
        return self._new(trade, {"trade_status": status}, {})

    def of_refund(self, trade: Trade, refund: Refund) -> Notice:
        """`refund_fee` counts what went back before, too."""
        more = {
            "trade_status": trade.state,
            "out_biz_no": refund.out_request_no,
            "refund_fee": yuan(trade.refunded),
            "gmt_refund": f"{beijing(refund.moved_at)}.000",
        }
        return self._new(trade, more, {"out_refund_no": refund.out_request_no})

    def pack(self, notice: Notice, fault: Fault | None) -> Parcel:
        trick = fault.kind if fault else ""
        body = self.seal(notice, trick)
        cut = len(body) // 2 if trick == "truncate_body" else None
        return Parcel(notice.url, {"Content-Type": FORM}, body[:cut])

    def seal(self, notice: Notice, trick: str = "", wall: float | None = None) -> bytes:
        moment = self._world.clock.wall() if wall is None else wall
        return sign_notice(self._keys, notice.plain | {"notify_time": beijing(moment)}, trick)

    def accepted(self, status: int, body: bytes) -> bool:
        return status == 200 and body.strip() == b"success"

    def _new(self, trade: Trade, more: dict[str, str], about: dict[str, str]) -> Notice:
        now = self._world.clock.now()
        notice_id = f"{beijing(now)[:10].replace('-', '')}00222{secrets.token_hex(12)}"
        plain = {
            "notify_id": notice_id,
            "notify_type": "trade_status_sync",
            "app_id": self._keys.app_id,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_id": trade.buyer_id,
            "seller_id": self._keys.seller_id,
            "total_amount": yuan(trade.total),
            "receipt_amount": yuan(trade.total),
            "subject": trade.subject,
            "gmt_create": beijing(trade.created_at),
            "gmt_payment": beijing(trade.paid_at or now),
        }
        return Notice(
            id=notice_id,
            rail="alipay",
            url=trade.notify_url,
            event=more["trade_status"],
            about={"out_trade_no": trade.out_trade_no} | about,
            plain=plain | more,
            created_at=now,
            next_at=now,
        )
