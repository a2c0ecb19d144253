"""Refunds: accepted at once, settled a moment later."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..book import Book
from ..clock import rfc3339
from . import numbers
from .errors import PayError
from .reading import Reader
from .trades import Trade, Trades

REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
MOST_REFUNDS = 50
REFUND_WITHIN = 365 * 86400
ENDS = ("SUCCESS", "CLOSED", "ABNORMAL")
STATUSES = ("PROCESSING", *ENDS)


@dataclass
class Refund:
    """Amounts in fen. `settle_at` 0: stays PROCESSING until the control API decides."""

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    transaction_id: str
    amount: int
    total: int
    reason: str
    notify_url: str
    fingerprint: str
    created_at: float
    settle_at: float
    status: str = "PROCESSING"
    success_at: float = 0.0


@dataclass
class RefundSettings:
    """How refunds behave by themselves.

    `seconds`: how long they stay PROCESSING (null: until told); `result`: how they then end;
    `spacing`: how far apart two partial refunds of one order have to be.
    """

    seconds: float | None = 0.3
    result: str = "SUCCESS"
    spacing: float = 60.0


class Refunds:
    """`settled` is called after a refund reached its end, outside the store's lock."""

    def __init__(self, world, trades: Trades, book: Book):
        self._world, self._trades, self._book = world, trades, book
        self._rows = world.store.table("wxpay.refunds", Refund)
        self._settings = world.store.table("wxpay.refund_settings", RefundSettings)
        self._of_trade: dict[str, list[Refund]] = {}
        self._open: dict[str, Refund] = {}
        for refund in self._rows.values():
            self._index(refund)
        self.settled: Callable[[Refund], None] = lambda refund: None
        world.ticker.add(self)

    def refunded(self, out_trade_no: str) -> int:
        """What went back of a trade, in fen."""
        rows = self._of_trade.get(out_trade_no, [])
        return sum(refund.amount for refund in rows if refund.status == "SUCCESS")

    # -- the merchant's calls

    def create(self, body: Any) -> dict[str, Any]:
        """Accept a refund; the same number with the same parameters is the same refund."""
        read = Reader(body)
        refund_no = read.text("out_refund_no", 64, True, REFUND_NO)
        fingerprint = _fingerprint(body)
        wish = _read_form(read)
        with self._world.store.change():
            known = self._rows.get(refund_no)
            if known is not None:
                if known.fingerprint != fingerprint:
                    raise PayError("INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
                return self.view(known)
            trade = self._trade_of(read)
            self._check(trade, wish)
            refund = self._accept(trade, wish, refund_no, fingerprint)
            answer = self.view(refund)
        self._world.ticker.wake()
        return answer

    def query(self, out_refund_no: str) -> dict[str, Any]:
        with self._world.store.lock:
            return self.view(self.need(out_refund_no))

    # -- the world's side

    @property
    def settings(self) -> RefundSettings:
        return self._settings.get("main") or RefundSettings()

    def change_settings(self, settings: RefundSettings) -> None:
        with self._world.store.change():
            self._settings["main"] = settings

    def all(self) -> list[Refund]:
        with self._world.store.lock:
            return list(self._rows.values())

    def need(self, out_refund_no: str) -> Refund:
        refund = self._rows.get(out_refund_no)
        if refund is None:
            raise PayError("RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund

    def settle(self, refund: Refund, status: str) -> bool:
        """Bring a refund to its end, or ("PROCESSING") keep it open; False if it had ended.

        An ABNORMAL refund may still succeed or be closed, as by the merchant's own handling.
        """
        with self._world.store.change():
            if refund.status not in ("PROCESSING", "ABNORMAL"):
                return False
            refund.settle_at = 0.0
            if status != "PROCESSING":
                self._end(refund, status)
        return True

    def tick(self, now: float) -> float | None:
        with self._world.store.lock:
            waiting = [refund for refund in self._open.values() if refund.settle_at]
        for refund in waiting:
            if 0 < refund.settle_at <= now and self.settle(refund, self.settings.result):
                self.settled(refund)
        left = [refund.settle_at for refund in waiting if refund.settle_at > now]
        return min(left, default=None)

    def view(self, refund: Refund) -> dict[str, Any]:
        """The shape of refund answers."""
        view: dict[str, Any] = {
            "refund_id": refund.refund_id,
            "out_refund_no": refund.out_refund_no,
            "transaction_id": refund.transaction_id,
            "out_trade_no": refund.out_trade_no,
            "channel": "ORIGINAL",
            "user_received_account": "支付用户零钱",
            "create_time": rfc3339(refund.created_at),
            "status": refund.status,
            "funds_account": "AVAILABLE",
            "amount": {
                "total": refund.total,
                "refund": refund.amount,
                "payer_total": refund.total,
                "payer_refund": refund.amount,
                "settlement_refund": refund.amount,
                "settlement_total": refund.total,
                "discount_refund": 0,
                "currency": "CNY",
            },
        }
        if refund.success_at:
            view["success_time"] = rfc3339(refund.success_at)
        return view

    def reset(self) -> None:
        self._of_trade.clear()
        self._open.clear()

    def _trade_of(self, read: Reader) -> Trade:
        transaction_id = read.text("transaction_id", 32)
        out_trade_no = read.text("out_trade_no", 32)
        if not transaction_id and not out_trade_no:
            raise read.bad("out_trade_no", "transaction_id和out_trade_no二选一")
        trade = self._trades.find(out_trade_no) if out_trade_no else None
        if transaction_id:
            found = self._trades.by_transaction(transaction_id)
            trade = found if trade is None or trade is found else None
        if trade is None:
            raise PayError("RESOURCE_NOT_EXISTS", "订单不存在")
        return trade

    def _check(self, trade: Trade, wish: dict[str, Any]) -> None:
        now = self._world.clock.now()
        if trade.state not in ("SUCCESS", "REFUND"):
            raise PayError("INVALID_REQUEST", "订单未支付，不能退款")
        if wish["total"] != trade.total:
            raise PayError("INVALID_REQUEST", "订单金额与退款请求中的订单金额不一致")
        if now - trade.paid_at > REFUND_WITHIN:
            raise PayError("INVALID_REQUEST", "订单已超过可退款的最大期限")
        before = self._of_trade.get(trade.out_trade_no, [])
        live = [refund for refund in before if refund.status != "CLOSED"]
        if sum(refund.amount for refund in live) + wish["amount"] > trade.total:
            raise PayError("INVALID_REQUEST", "申请退款金额大于订单可退金额")
        if len(before) >= MOST_REFUNDS:
            raise PayError("INVALID_REQUEST", "订单部分退款次数已达上限")
        if before and now - before[-1].created_at < self.settings.spacing:
            raise PayError("FREQUENCY_LIMITED", "同一订单的部分退款请间隔1分钟后再提交")

    def _accept(self, trade: Trade, wish: dict, refund_no: str, fingerprint: str) -> Refund:
        now, seconds = self._world.clock.now(), self.settings.seconds
        refund = Refund(
            out_refund_no=refund_no,
            refund_id=numbers.refund_id(now),
            out_trade_no=trade.out_trade_no,
            transaction_id=trade.transaction_id,
            fingerprint=fingerprint,
            created_at=now,
            settle_at=0.0 if seconds is None else now + seconds,
            **wish,
        )
        self._rows[refund_no] = refund
        self._index(refund)
        trade.state = "REFUND"
        return refund

    def _index(self, refund: Refund) -> None:
        self._of_trade.setdefault(refund.out_trade_no, []).append(refund)
        if refund.status == "PROCESSING":
            self._open[refund.out_refund_no] = refund

    def _end(self, refund: Refund, status: str) -> None:
        refund.status = status
        self._open.pop(refund.out_refund_no, None)
        trade = self._trades.need(refund.out_trade_no)
        if status == "SUCCESS":
            refund.success_at = self._world.clock.now()
            self._book.add(
                "refund",
                -refund.amount,
                out_trade_no=refund.out_trade_no,
                transaction_id=refund.transaction_id,
                openid=trade.openid,
                out_refund_no=refund.out_refund_no,
                refund_id=refund.refund_id,
            )
        elif all(other.status == "CLOSED" for other in self._of_trade[refund.out_trade_no]):
            trade.state = "SUCCESS"


def _read_form(read: Reader) -> dict[str, Any]:
    amount = read.group("amount", True)
    if amount.text("currency", 16, True) != "CNY":
        raise amount.bad("currency", "仅支持CNY")
    if read.text("funds_account", 32) not in ("", "AVAILABLE"):
        raise read.bad("funds_account", "仅支持AVAILABLE")
    return {
        "amount": amount.whole("refund", 1),
        "total": amount.whole("total", 1),
        "reason": read.text("reason", 80),
        "notify_url": read.url("notify_url"),
    }


def _fingerprint(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
