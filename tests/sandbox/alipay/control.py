"""Control calls about Alipay: the person at the cashier, the provider's books, made-up notices."""

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..control import PREFIX, read_object
from ..courier import Notice
from ..paying import mutate, read_choice, read_delivery, read_notice, translate
from ..web import Request, Router
from .errors import AlipayError

OUTCOMES = ("open", "pay", "cancel")
SIGNATURES = ("", "forged", "bad_signature", "none")
NOTICE = {
    "out_trade_no",
    "out_refund_no",
    "mutate",
    "signature",
    "id",
    "timestamp_offset",
    "tamper",
}


class AlipayControl:
    def __init__(self, rail):
        self._rail = rail

    def add_to(self, router: Router) -> None:
        routes = [
            ("POST", "cashier", self._cashier),
            ("GET", "trades", lambda r: {"trades": [asdict(t) for t in self._rail.trades.all()]}),
            ("GET", "trades/{number}", lambda r, number: asdict(self._rail.trades.need(number))),
            ("POST", "trades/{number}/pay", self._pay),
            (
                "GET",
                "refunds",
                lambda r: {"refunds": [asdict(x) for x in self._rail.refunds.all()]},
            ),
            ("GET", "refunds/{number}", lambda r, number: asdict(self._rail.refunds.need(number))),
            ("GET", "book", lambda r: self._rail.book.describe()),
            ("POST", "notice", self._notice),
        ]
        for method, path, handler in routes:
            router.add(method, f"{PREFIX}/alipay/{path}", translate(handler, AlipayError, _read))

    def _cashier(self, request: Request) -> dict[str, Any]:
        """The person opens the address the back end gave, and pays, cancels or just looks."""
        order = read_object(request)
        outcome = read_choice(order, "outcome", OUTCOMES, "pay")
        params = dict(parse_qsl(urlsplit(str(order.get("url"))).query, keep_blank_values=True))
        trade = self._rail.open(params)
        notice = self._rail.pay(trade, *read_delivery(order)) if outcome == "pay" else None
        return {"trade": asdict(trade), "notice": notice.id if notice else None}

    def _pay(self, request: Request, number: str) -> dict[str, Any]:
        """The person pays without our client knowing, perhaps too late."""
        order = read_object(request)
        trade = self._rail.trades.need(number)
        notice = self._rail.pay(trade, *read_delivery(order), force=order.get("force") is True)
        return {"trade": asdict(trade), "notice": notice.id if notice else None}

    def _notice(self, request: Request) -> dict[str, Any]:
        """One notice for a test to post itself: genuine, altered, stale or forged."""
        order = read_object(request)
        signature = read_notice(order, NOTICE, SIGNATURES)
        notice = self._subject(order)
        mutate(notice.plain, order.get("mutate"))
        notice.plain["notify_id"] = order.get("id") or notice.plain.get("notify_id", "")
        wall = self._rail.world.clock.wall() + float(order.get("timestamp_offset") or 0)
        body = self._rail.notices.seal(notice, signature, wall)
        if order.get("tamper"):
            body = body.replace(b"subject=", b"subject=x", 1)
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        return {"id": notice.plain["notify_id"], "headers": headers, "body": body.decode()}

    def _subject(self, order: dict[str, Any]) -> Notice:
        rail = self._rail
        if order.get("out_refund_no"):
            refund = rail.refunds.need(order["out_refund_no"])
            return rail.notices.of_refund(rail.trades.need(refund.out_trade_no), refund)
        return rail.notices.of_payment(rail.trades.need(str(order.get("out_trade_no"))))


def _read(error: AlipayError) -> tuple[str, str, bool]:
    return error.text, error.sub_code or error.code, error.sub_code == "ACQ.TRADE_NOT_EXIST"
