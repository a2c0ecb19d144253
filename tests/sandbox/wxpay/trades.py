"""Trades: from the prepay request to paid or closed."""

from dataclasses import dataclass
from typing import Any

from ..book import Book
from ..clock import rfc3339
from ..paying import Expiring
from . import numbers
from .errors import PayError
from .prepay import Wish, check_merchant, read_wish
from .reading import Reader

PREPAY_LIFE = 2 * 3600
UNPAID_LIFE = 7 * 86400

DESCRIPTIONS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款",
    "CLOSED": "订单已关闭",
}


@dataclass
class Trade:
    """One order number of the merchant. Amounts in fen, times in virtual seconds."""

    out_trade_no: str
    appid: str
    openid: str
    description: str
    attach: str
    notify_url: str
    total: int
    fingerprint: str
    created_at: float
    expire_at: float
    device_id: str = ""
    state: str = "NOTPAY"
    transaction_id: str = ""
    bank_type: str = ""
    prepay_id: str = ""
    paid_at: float = 0.0
    closed_at: float = 0.0


@dataclass
class Prepay:
    prepay_id: str
    out_trade_no: str
    issued_at: float


class Trades(Expiring):
    """All order numbers, by number and by the provider's own."""

    UNPAID, CLOSED = "NOTPAY", "CLOSED"

    def __init__(self, world, keys, book: Book):
        self._world, self._keys, self._book = world, keys, book
        self._rows = world.store.table("wxpay.trades", Trade)
        self._prepays = world.store.table("wxpay.prepays", Prepay)
        self._by_transaction: dict[str, str] = {}
        for trade in self._rows.values():
            self._by_transaction[trade.transaction_id] = trade.out_trade_no

    # -- the merchant's calls

    def create(self, body: Any) -> dict[str, str]:
        """JSAPI prepay; the same order number may be repeated with the same parameters."""
        now = self._world.clock.now()
        wish = read_wish(body, now)
        check_merchant(Reader(body), self._keys.mchid)
        if wish.appid not in self._world.people.appids:
            raise PayError("APPID_MCHID_NOT_MATCH")
        self._check_payer(wish)
        with self._world.store.change():
            trade = self.find(wish.out_trade_no)
            if trade is None:
                trade = _new_trade(wish, now)
                self._rows[trade.out_trade_no] = trade
            else:
                _check_repetition(trade, wish)
            return {"prepay_id": self._issue_prepay(trade, now)}

    def query(self, query: dict[str, str], out_trade_no: str) -> dict[str, Any]:
        self._check_mchid(query)
        with self._world.store.lock:
            return self.view(self.need(out_trade_no))

    def query_transaction(self, query: dict[str, str], transaction_id: str) -> dict[str, Any]:
        self._check_mchid(query)
        with self._world.store.lock:
            trade = self.by_transaction(transaction_id)
            if trade is None:
                raise PayError("ORDER_NOT_EXIST")
            return self.view(trade)

    def close(self, body: Any, out_trade_no: str) -> None:
        check_merchant(Reader(body), self._keys.mchid)
        with self._world.store.change():
            trade = self.need(out_trade_no)
            if trade.state in ("SUCCESS", "REFUND"):
                raise PayError("ORDER_PAID")
            if trade.state == "NOTPAY":
                trade.state, trade.closed_at = "CLOSED", self._world.clock.now()

    # -- the world's side

    def need(self, out_trade_no: str) -> Trade:
        trade = self.find(out_trade_no)
        if trade is None:
            raise PayError("ORDER_NOT_EXIST")
        return trade

    def by_transaction(self, transaction_id: str) -> Trade | None:
        return self.find(self._by_transaction.get(transaction_id, ""))

    def by_prepay(self, prepay_id: str) -> Trade | None:
        """The trade of a prepay id that is not older than two hours."""
        prepay = self._prepays.get(prepay_id)
        if prepay is None or self._world.clock.now() - prepay.issued_at > PREPAY_LIFE:
            return None
        return self.find(prepay.out_trade_no)

    def pay(self, trade: Trade, force: bool = False) -> None:
        """Move the person's money; `force` also pays a closed trade, but none pays twice."""
        with self._world.store.change():
            self._expire(trade)
            if trade.state not in (("NOTPAY", "CLOSED") if force else ("NOTPAY",)):
                raise PayError("ORDER_CLOSED" if trade.state == "CLOSED" else "ORDER_PAID")
            now = self._world.clock.now()
            trade.state, trade.paid_at, trade.bank_type = "SUCCESS", now, "OTHERS"
            trade.transaction_id = trade.transaction_id or numbers.transaction_id(now)
            self._by_transaction[trade.transaction_id] = trade.out_trade_no
            self._book.add(
                "payment",
                trade.total,
                out_trade_no=trade.out_trade_no,
                transaction_id=trade.transaction_id,
                openid=trade.openid,
            )

    def view(self, trade: Trade) -> dict[str, Any]:
        """The shape of query answers and of decrypted notices."""
        view: dict[str, Any] = {
            "appid": trade.appid,
            "mchid": self._keys.mchid,
            "out_trade_no": trade.out_trade_no,
            "trade_type": "JSAPI",
            "trade_state": trade.state,
            "trade_state_desc": DESCRIPTIONS[trade.state],
            "attach": trade.attach,
            "amount": {"total": trade.total, "currency": "CNY"},
        }
        if trade.device_id:
            view["scene_info"] = {"device_id": trade.device_id}
        return view | (self._paid_part(trade) if trade.transaction_id else {})

    def paid_view(self, trade: Trade) -> dict[str, Any]:
        """What the notice of its payment says, even for a trade that is not paid."""
        view = self.view(trade) | {"trade_state": "SUCCESS", "trade_state_desc": "支付成功"}
        return view | self._paid_part(trade)

    def reset(self) -> None:
        self._by_transaction.clear()

    def _paid_part(self, trade: Trade) -> dict[str, Any]:
        moment = trade.paid_at or self._world.clock.now()
        return {
            "transaction_id": trade.transaction_id or numbers.transaction_id(moment),
            "bank_type": trade.bank_type or "OTHERS",
            "success_time": rfc3339(moment),
            "payer": {"openid": trade.openid},
            "amount": {
                "total": trade.total,
                "payer_total": trade.total,
                "currency": "CNY",
                "payer_currency": "CNY",
            },
        }

    def _check_payer(self, wish: Wish) -> None:
        persona, appid = self._world.people.by_openid(wish.openid)
        if persona is None:
            raise PayError("PARAM_ERROR", "无效的openid")
        if appid != wish.appid:
            raise PayError("OPENID_MISMATCH")

    def _check_mchid(self, query: dict[str, str]) -> None:
        check_merchant(Reader(query, "query"), self._keys.mchid)

    def _issue_prepay(self, trade: Trade, now: float) -> str:
        if self.by_prepay(trade.prepay_id) is None:
            trade.prepay_id = numbers.prepay_id(now)
            self._prepays[trade.prepay_id] = Prepay(trade.prepay_id, trade.out_trade_no, now)
        return trade.prepay_id


def _new_trade(wish: Wish, now: float) -> Trade:
    known = {name: value for name, value in vars(wish).items() if name != "expire_at"}
    return Trade(**known, created_at=now, expire_at=wish.expire_at or now + UNPAID_LIFE)


def _check_repetition(trade: Trade, wish: Wish) -> None:
    if trade.state in ("SUCCESS", "REFUND"):
        raise PayError("ORDER_PAID")
    if trade.state == "CLOSED":
        raise PayError("ORDER_CLOSED")
    if trade.fingerprint != wish.fingerprint:
        raise PayError("INVALID_REQUEST", "请求重入时，参数与首次请求时不一致")
