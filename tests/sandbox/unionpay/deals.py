"""Purchases and refunds: each is known by its order number and time together."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from ..book import Book
from ..clock import CHINA
from .errors import TEXTS, UnionPayError

ORDER = re.compile(r"[0-9A-Za-z]{8,40}")
STAMP = re.compile(r"\d{14}")
FEN = re.compile(r"[1-9]\d{0,11}")
ECHOED = ("version", "encoding", "signMethod", "txnType", "txnSubType", "bizType", "accessType",
          "merId", "orderId", "txnTime", "reqReserved")  # fmt: skip

REFUND_SECONDS = 0.3  # until a refund is done; None: until it is settled by hand


@dataclass
class Deal:
    """A purchase ("01") or a refund ("04") of one. Amounts in fen, times in virtual seconds.

    code: how it ended; "05" while it has not. settle_at: when a refund ends by itself.
    """

    order_id: str
    txn_time: str
    kind: str
    amount: int
    back_url: str
    front_url: str
    query_id: str
    created_at: float
    code: str = "05"
    timeout_at: float = 0.0
    settle_at: float = 0.0
    original: str = ""
    refunded: int = 0


class Deals:
    def __init__(self, world, book: Book):
        self._world, self._book = world, book
        self._rows = world.store.table("unionpay.deals", Deal)
        self.refund_seconds: float | None = REFUND_SECONDS
        self.settled = lambda deal: None
        world.ticker.add(self)

    # -- the merchant's side

    def open(self, fields: dict[str, str]) -> Deal:
        """The browser brings the form; brought again, it is the same purchase."""
        amount, now = _read(fields), self._world.clock.now()
        timeout = fields.get("payTimeout", "")
        timeout_at = _moment(timeout) if timeout else now + 86400
        if timeout_at <= now:
            raise UnionPayError("39", "交易不在受理时间范围内")
        with self._world.store.change():
            known = self.find(fields["orderId"], fields["txnTime"])
            if known is not None:
                if known.code != "05" or known.amount != amount:
                    raise UnionPayError("12")
                return known
            return self._add(
                fields, "01", amount, timeout_at=timeout_at, front_url=fields.get("frontUrl", "")
            )

    def refund(self, fields: dict[str, str]) -> Deal:
        amount, now = _read(fields), self._world.clock.now()
        with self._world.store.change():
            if self.find(fields["orderId"], fields["txnTime"]) is not None:
                raise UnionPayError("12")
            original = self.by_query(fields.get("origQryId", ""))
            if original is None or original.kind != "01" or original.code != "00":
                raise UnionPayError("35")
            if original.refunded + amount > original.amount:
                raise UnionPayError("36" if original.refunded < original.amount else "45")
            original.refunded += amount
            deal = self._add(
                fields,
                "04",
                amount,
                settle_at=0.0 if self.refund_seconds is None else now + self.refund_seconds,
                original=_key(original.order_id, original.txn_time),
            )
        self._world.ticker.wake()
        return deal

    def query(self, fields: dict[str, str]) -> dict[str, str]:
        with self._world.store.lock:
            deal = self.find(fields["orderId"], fields["txnTime"])
            if deal is None:
                raise UnionPayError("34")
            return facts(deal) | {
                "origRespCode": deal.code,
                "origRespMsg": TEXTS.get(deal.code, "交易失败"),
                "cardTransData": "{a=1&b=2}",
            }

    # -- the world's side

    def pay(self, deal: Deal, code: str = "00", force: bool = False) -> None:
        """The person pays (00) or fails to; `force` also after the time ran out."""
        with self._world.store.change():
            late = self._world.clock.now() >= deal.timeout_at
            if deal.code in ("00", "A6", "42"):
                raise UnionPayError("12")
            if late and not force:
                raise UnionPayError("39", "交易不在受理时间范围内")
            deal.code = code
            if code in ("00", "A6", "42"):
                self._note(deal, deal.amount, deal)

    def settle(self, deal: Deal, code: str) -> None:
        """How a refund ends."""
        with self._world.store.change():
            if deal.kind != "04" or deal.code != "05":
                raise UnionPayError("12")
            deal.code, deal.settle_at = code, 0.0
            original = self._rows[deal.original]
            if code in ("00", "A6"):
                self._note(deal, -deal.amount, original)
            else:
                original.refunded -= deal.amount

    def tick(self, now: float) -> float | None:
        with self._world.store.lock:
            waiting = [deal for deal in self._rows.values() if deal.settle_at]
        for deal in waiting:
            if 0 < deal.settle_at <= now:
                self.settle(deal, "00")
                self.settled(deal)
        return min((deal.settle_at for deal in waiting if deal.settle_at > now), default=None)

    def all(self) -> list[Deal]:
        with self._world.store.lock:
            return list(self._rows.values())

    def find(self, order_id: str, txn_time: str) -> Deal | None:
        return self._rows.get(_key(order_id, txn_time))

    def need(self, order_id: str) -> Deal:
        for deal in self.all():
            if deal.order_id == order_id:
                return deal
        raise UnionPayError("34")

    def by_query(self, query_id: str) -> Deal | None:
        return next((deal for deal in self._rows.values() if deal.query_id == query_id), None)

    def _add(self, fields: dict[str, str], kind: str, amount: int, **more) -> Deal:
        now = self._world.clock.now()
        stamp = datetime.fromtimestamp(now, CHINA).strftime("%y%m%d%H%M%S")
        deal = Deal(
            order_id=fields["orderId"],
            txn_time=fields["txnTime"],
            kind=kind,
            amount=amount,
            back_url=fields.get("backUrl", ""),
            query_id=f"{stamp}{secrets.randbelow(10**9):09d}",
            created_at=now,
            **{"front_url": ""} | more,
        )
        self._rows[_key(deal.order_id, deal.txn_time)] = deal
        return deal

    def _note(self, deal: Deal, amount: int, purchase: Deal) -> None:
        self._book.add(
            "payment" if amount > 0 else "refund",
            amount,
            out_trade_no=purchase.order_id,
            transaction_id=purchase.query_id,
            openid="",
            out_refund_no=deal.order_id if amount < 0 else "",
            refund_id=deal.query_id if amount < 0 else "",
        )


def facts(deal: Deal) -> dict[str, str]:
    """What answers and notices say of a purchase or refund."""
    return {
        "orderId": deal.order_id,
        "txnTime": deal.txn_time,
        "txnAmt": str(deal.amount),
        "currencyCode": "156",
        "queryId": deal.query_id,
        "traceNo": deal.query_id[-6:],
        "settleAmt": str(deal.amount),
        "settleCurrencyCode": "156",
    }


def _read(fields: dict[str, str]) -> int:
    """The amount; raises for fields of a wrong form."""
    if not ORDER.fullmatch(fields["orderId"]) or not STAMP.fullmatch(fields["txnTime"]):
        raise UnionPayError("10")
    if not FEN.fullmatch(fields.get("txnAmt", "")) or fields.get("currencyCode") != "156":
        raise UnionPayError("10")
    if not fields.get("backUrl"):
        raise UnionPayError("13", "报文要素缺失[backUrl]")
    return int(fields["txnAmt"])


def _moment(stamp: str) -> float:
    if not STAMP.fullmatch(stamp):
        raise UnionPayError("10")
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=CHINA).timestamp()


def _key(order_id: str, txn_time: str) -> str:
    return f"{order_id} {txn_time}"
