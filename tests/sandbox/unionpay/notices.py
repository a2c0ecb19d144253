"""Notices: signed forms, posted up to six times until somebody answers 200."""

import secrets
from urllib.parse import urlencode

from ..courier import Notice, Parcel
from ..faults import Fault
from .deals import Deal, facts
from .errors import TEXTS
from .keys import UnionPayKeys
from .signing import sign

MINUTE = 60
DELAYS = (MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE, 5 * MINUTE)
FORM = "application/x-www-form-urlencoded;charset=UTF-8"


class Notices:
    """Makes notices and, as the courier's postman, packs them for each delivery."""

    delays = DELAYS

    def __init__(self, world, keys: UnionPayKeys):
        self._world, self._keys = world, keys
        world.courier.employ("unionpay", self)

    def of(self, deal: Deal) -> Notice:
        now = self._world.clock.now()
        code = deal.code if deal.code != "05" else "00"
        plain = facts(deal) | {
            "version": "5.1.0",
            "encoding": "UTF-8",
            "signMethod": "01",
            "txnType": deal.kind,
            "txnSubType": "01" if deal.kind == "01" else "00",
            "bizType": "000201",
            "accessType": "0",
            "merId": self._keys.mer_id,
            "respCode": code,
            "respMsg": TEXTS.get(code, "交易失败"),
            "accNo": "6221********0000",
        }
        number = "out_trade_no" if deal.kind == "01" else "out_refund_no"
        return Notice(
            id=f"up-{secrets.token_hex(8)}",
            rail="unionpay",
            url=deal.back_url,
            event=deal.kind,
            about={number: deal.order_id},
            plain=plain,
            created_at=now,
            next_at=now,
        )

    def pack(self, notice: Notice, fault: Fault | None) -> Parcel:
        trick = fault.kind if fault else ""
        body = self.seal(notice, trick)
        cut = len(body) // 2 if trick == "truncate_body" else None
        return Parcel(notice.url, {"Content-Type": FORM}, body[:cut])

    def seal(self, notice: Notice, trick: str = "") -> bytes:
        return urlencode(sign(self._keys, notice.plain, trick)).encode()

    def accepted(self, status: int, body: bytes) -> bool:
        return status == 200
