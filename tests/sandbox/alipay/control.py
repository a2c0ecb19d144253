"""Control calls about Alipay: the person at the cashier, the provider's books, made-up notices."""

from dataclasses import asdict
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..control import PREFIX, ControlError, read_object
from ..courier import Notice
from ..web import Request, Router, json_response
from .errors import AlipayError

HANDLINGS = ("auto", "hold")
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
            router.add(method, f"{PREFIX}/alipay/{path}", _translate(handler))

    def _cashier(self, request: Request) -> dict[str, Any]:
        """The person opens the address the back end gave, and pays, cancels or just looks."""
        order = read_object(request)
        outcome = order.get("outcome", "pay")
        if outcome not in OUTCOMES:
            raise ControlError(f"outcome: one of {OUTCOMES}")
        params = dict(parse_qsl(urlsplit(str(order.get("url"))).query, keep_blank_values=True))
        trade = self._rail.open(params)
        notice = self._rail.pay(trade, *_delivery(order)) if outcome == "pay" else None
        return {"trade": asdict(trade), "notice": notice.id if notice else None}

    def _pay(self, request: Request, number: str) -> dict[str, Any]:
        """The person pays without our client knowing, perhaps too late."""
        order = read_object(request)
        trade = self._rail.trades.need(number)
        notice = self._rail.pay(trade, *_delivery(order), force=order.get("force") is True)
        return {"trade": asdict(trade), "notice": notice.id if notice else None}

    def _notice(self, request: Request) -> dict[str, Any]:
        """One notice for a test to post itself: genuine, altered, stale or forged."""
        order = read_object(request)
        if unknown := set(order) - NOTICE:
            raise ControlError(f"notice: unknown {sorted(unknown)}")
        signature = order.get("signature") or ""
        if signature not in SIGNATURES:
            raise ControlError(f"signature: one of {SIGNATURES}")
        notice = self._subject(order)
        for name, value in (order.get("mutate") or {}).items():
            notice.plain.pop(name, None)
            if value is not None:
                notice.plain[name] = str(value)
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


def _delivery(order: dict[str, Any]) -> tuple[str, int]:
    handling, copies = order.get("notify", "auto"), order.get("copies", 1)
    if handling not in HANDLINGS:
        raise ControlError("notify: auto or hold")
    if isinstance(copies, bool) or not isinstance(copies, int) or not 1 <= copies <= 16:
        raise ControlError("copies: 1 to 16")
    return handling, copies


def _translate(handler):
    """Let the provider's own refusals reach the control client with their code."""

    def translated(request: Request, **params: str) -> Any:
        try:
            return handler(request, **params)
        except AlipayError as error:
            answer = {"error": error.text, "code": error.sub_code or error.code}
            return json_response(answer, 404 if error.sub_code == "ACQ.TRADE_NOT_EXIST" else 409)

    return translated
