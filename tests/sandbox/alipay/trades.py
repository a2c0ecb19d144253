"""Trades: they begin when a person opens the cashier, and end paid or closed."""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..book import Book
from ..clock import CHINA, beijing, read_beijing
from ..paying import Expiring
from .errors import AlipayError, bad_field

TRADE_NO = re.compile(r"[0-9A-Za-z_]{1,64}")
MONEY = re.compile(r"\d{1,9}\.\d{2}")
REFUSED = re.compile(r"[/=&]")
UNPAID_LIFE = 15 * 86400
PRODUCTS = {
    "alipay.trade.page.pay": ("FAST_INSTANT_TRADE_PAY",),
    "alipay.trade.wap.pay": ("QUICK_WAP_WAY", "QUICK_WAP_PAY"),
}


@dataclass
class Trade:
    """One order number of the merchant. Amounts in fen, times in virtual seconds."""

    out_trade_no: str
    trade_no: str
    subject: str
    total: int
    notify_url: str
    return_url: str
    fingerprint: str
    buyer_id: str
    created_at: float
    expire_at: float
    state: str = "WAIT_BUYER_PAY"
    paid_at: float = 0.0
    closed_at: float = 0.0
    refunded: int = 0


class Trades(Expiring):
    """All order numbers that a cashier was opened for."""

    UNPAID, CLOSED = "WAIT_BUYER_PAY", "TRADE_CLOSED"

    def __init__(self, world, book: Book):
        self._world, self._book = world, book
        self._rows = world.store.table("alipay.trades", Trade)

    # -- the person's browser

    def open(self, params: dict[str, str]) -> Trade:
        """The signed address of a cashier; opened again, it is the same trade."""
        content = read_content(params)
        wish = _read_wish(params, content)
        now = self._world.clock.now()
        if wish["expire_at"] is not None and wish["expire_at"] <= now:
            raise AlipayError("ACQ.INVALID_PARAMETER", "参数无效: time_expire 已过期")
        wish["expire_at"] = wish["expire_at"] or now + UNPAID_LIFE
        with self._world.store.change():
            trade = self.find(wish["out_trade_no"])
            if trade is None:
                trade = Trade(**wish, trade_no=_trade_no(now), buyer_id=_buyer_id(), created_at=now)
                self._rows[trade.out_trade_no] = trade
            elif trade.state != "WAIT_BUYER_PAY":
                raise AlipayError(
                    "ACQ.TRADE_HAS_CLOSE" if not trade.paid_at else "ACQ.TRADE_HAS_SUCCESS"
                )
            elif trade.fingerprint != wish["fingerprint"]:
                raise AlipayError("ACQ.CONTEXT_INCONSISTENT")
            return trade

    def pay(self, trade: Trade, force: bool = False) -> None:
        """Move the person's money; `force` also pays a closed trade, but none pays twice."""
        with self._world.store.change():
            self._expire(trade)
            if trade.paid_at:
                raise AlipayError("ACQ.TRADE_HAS_SUCCESS")
            if trade.state == "TRADE_CLOSED" and not force:
                raise AlipayError("ACQ.TRADE_HAS_CLOSE")
            trade.state, trade.paid_at = "TRADE_SUCCESS", self._world.clock.now()
            self._book.add(
                "payment",
                trade.total,
                out_trade_no=trade.out_trade_no,
                transaction_id=trade.trade_no,
                openid=trade.buyer_id,
            )

    # -- the merchant's calls

    def query(self, content: dict[str, Any]) -> dict[str, Any]:
        with self._world.store.lock:
            trade = self.of(content)
            view = {
                "trade_no": trade.trade_no,
                "out_trade_no": trade.out_trade_no,
                "trade_status": trade.state,
                "total_amount": yuan(trade.total),
                "subject": trade.subject,
                "buyer_logon_id": "159****5620",
            }
            if trade.paid_at:
                view |= {
                    "buyer_user_id": trade.buyer_id,
                    "receipt_amount": yuan(trade.total),
                    "send_pay_date": beijing(trade.paid_at),
                }
            return view

    def close(self, content: dict[str, Any]) -> dict[str, Any]:
        with self._world.store.change():
            trade = self.of(content)
            if trade.state != "WAIT_BUYER_PAY":
                raise AlipayError("ACQ.TRADE_STATUS_ERROR")
            trade.state, trade.closed_at = "TRADE_CLOSED", self._world.clock.now()
            return {"trade_no": trade.trade_no, "out_trade_no": trade.out_trade_no}

    def of(self, content: dict[str, Any]) -> Trade:
        """The trade a call is about, by either number."""
        number = content.get("out_trade_no")
        trade = self.find(number) if isinstance(number, str) else None
        if content.get("trade_no"):
            named = [t for t in self._rows.values() if t.trade_no == content["trade_no"]]
            trade = named[0] if named and trade in (None, named[0]) else None
        if trade is None:
            raise AlipayError("ACQ.TRADE_NOT_EXIST")
        return trade

    # -- the world's side

    def need(self, out_trade_no: str) -> Trade:
        return self.of({"out_trade_no": out_trade_no})


def read_content(params: dict[str, str]) -> dict[str, Any]:
    try:
        content = json.loads(params.get("biz_content") or "{}")
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise bad_field("biz_content", "应为JSON对象")
    return content


def read_money(content: dict[str, Any], name: str) -> int:
    """Fen, from a text of yuan with two decimals."""
    text = content.get(name)
    if not (isinstance(text, str) and MONEY.fullmatch(text)) or int(text.replace(".", "")) < 1:
        raise bad_field(name, "应为两位小数的正数")
    return int(text.replace(".", ""))


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _read_wish(params: dict[str, str], content: dict[str, Any]) -> dict[str, Any]:
    number, subject = content.get("out_trade_no"), content.get("subject")
    if not (isinstance(number, str) and TRADE_NO.fullmatch(number)):
        raise bad_field("out_trade_no", "格式不正确")
    if not isinstance(subject, str) or not 0 < len(subject) <= 256 or REFUSED.search(subject):
        raise bad_field("subject", "为空、过长或含有/=&")
    if content.get("product_code") not in PRODUCTS[params["method"]]:
        raise bad_field("product_code", "与接口不符")
    for name in ("notify_url", "return_url"):
        if len(params.get(name, "")) > 256:
            raise bad_field(name, "过长")
    expiry = content.get("time_expire")
    if expiry is not None and read_beijing(str(expiry)) is None:
        raise bad_field("time_expire", "应为yyyy-MM-dd HH:mm:ss")
    total = read_money(content, "total_amount")
    return {
        "out_trade_no": number,
        "subject": subject,
        "total": total,
        "notify_url": params.get("notify_url", ""),
        "return_url": params.get("return_url", ""),
        "expire_at": None if expiry is None else read_beijing(expiry),
        "fingerprint": hashlib.sha256(f"{number} {subject} {total}".encode()).hexdigest(),
    }


def _trade_no(moment: float) -> str:
    stamp = datetime.fromtimestamp(moment, CHINA).strftime("%Y%m%d")
    return f"{stamp}22001{secrets.randbelow(10**15):015d}"


def _buyer_id() -> str:
    return f"2088{secrets.randbelow(10**12):012d}"
