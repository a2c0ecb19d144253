"""Refunds: the money moves while the merchant waits for the answer."""

import re
from dataclasses import dataclass
from typing import Any

from ..book import Book
from ..clock import beijing
from .errors import AlipayError, bad_field
from .trades import Trade, Trades, read_money, yuan

REQUEST_NO = re.compile(r"[0-9A-Za-z_]{1,64}")


@dataclass
class Refund:
    """Amounts in fen."""

    out_request_no: str
    out_trade_no: str
    trade_no: str
    amount: int
    reason: str
    moved_at: float


class Refunds:
    """By trade and the merchant's own number, which makes repeating a request harmless."""

    def __init__(self, world, trades: Trades, book: Book):
        self._world, self._trades, self._book = world, trades, book
        self._rows = world.store.table("alipay.refunds", Refund)

    def create(self, content: dict[str, Any]) -> tuple[dict[str, Any], Refund | None]:
        """The answer, and the refund when this request made it."""
        number, reason = content.get("out_request_no"), content.get("refund_reason", "")
        if not (isinstance(number, str) and REQUEST_NO.fullmatch(number)):
            raise bad_field("out_request_no", "格式不正确")
        if not isinstance(reason, str) or len(reason) > 256:
            raise bad_field("refund_reason", "过长")
        amount = read_money(content, "refund_amount")
        with self._world.store.change():
            trade = self._trades.of(content)
            known = self._rows.get(_key(trade.out_trade_no, number))
            if known is not None:
                if known.amount != amount:
                    raise AlipayError("ACQ.DISCORDANT_REPEAT_REQUEST")
                return self._answer(trade, known, moved=False), None
            refund = self._accept(trade, number, amount, reason)
            return self._answer(trade, refund, moved=True), refund

    def query(self, content: dict[str, Any]) -> dict[str, Any]:
        """Without `refund_status` when nothing was moved under that number."""
        with self._world.store.lock:
            trade = self._trades.of(content)
            refund = self._rows.get(_key(trade.out_trade_no, str(content.get("out_request_no"))))
            if refund is None:
                return {}
            more = {"gmt_refund_pay": beijing(refund.moved_at)}
            wanted = content.get("query_options") or []
            return {
                "trade_no": trade.trade_no,
                "out_trade_no": trade.out_trade_no,
                "out_request_no": refund.out_request_no,
                "total_amount": yuan(trade.total),
                "refund_amount": yuan(refund.amount),
                "refund_status": "REFUND_SUCCESS",
            } | {name: value for name, value in more.items() if name in wanted}

    def all(self) -> list[Refund]:
        with self._world.store.lock:
            return list(self._rows.values())

    def need(self, out_request_no: str) -> Refund:
        for refund in self.all():
            if refund.out_request_no == out_request_no:
                return refund
        raise AlipayError("ACQ.TRADE_NOT_EXIST", "退款单不存在")

    def _accept(self, trade: Trade, number: str, amount: int, reason: str) -> Refund:
        if not trade.paid_at or (trade.state == "TRADE_CLOSED" and trade.refunded < trade.total):
            raise AlipayError("ACQ.TRADE_STATUS_ERROR")
        if trade.refunded + amount > trade.total:
            raise AlipayError("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL")
        now = self._world.clock.now()
        refund = Refund(number, trade.out_trade_no, trade.trade_no, amount, reason, now)
        self._rows[_key(trade.out_trade_no, number)] = refund
        trade.refunded += amount
        if trade.refunded == trade.total:
            trade.state, trade.closed_at = "TRADE_CLOSED", now
        self._book.add(
            "refund",
            -amount,
            out_trade_no=trade.out_trade_no,
            transaction_id=trade.trade_no,
            openid=trade.buyer_id,
            out_refund_no=number,
            refund_id=f"{trade.trade_no}-{number}",
        )
        return refund

    def _answer(self, trade: Trade, refund: Refund, *, moved: bool) -> dict[str, Any]:
        answer = {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_user_id": trade.buyer_id,
            "fund_change": "Y" if moved else "N",
            "refund_fee": yuan(trade.refunded),
        }
        return answer | ({"gmt_refund_pay": beijing(refund.moved_at)} if moved else {})


def _key(out_trade_no: str, out_request_no: str) -> str:
    return f"{out_trade_no} {out_request_no}"
