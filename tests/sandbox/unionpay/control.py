"""Control calls about UnionPay: the person at the cashier, the books, made-up notices."""

from dataclasses import asdict
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

from ..control import PREFIX, read_object
from ..paying import mutate, read_choice, read_delivery, read_notice, translate
from ..web import Request, Router
from .deals import Deal
from .errors import UnionPayError

OUTCOMES = ("open", "pay")
SIGNATURES = ("", "forged", "merchant", "renewed", "bad_signature", "none")
NOTICE = {"order_id", "mutate", "signature", "tamper"}


class _Inputs(HTMLParser):
    """The hidden fields of a form."""

    def __init__(self):
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "input" and given.get("name"):
            self.fields[given["name"]] = given.get("value") or ""


class UnionPayControl:
    def __init__(self, rail):
        self._rail = rail

    def add_to(self, router: Router) -> None:
        routes = [
            ("POST", "cashier", self._cashier),
            ("GET", "deals", lambda r: {"deals": [asdict(d) for d in self._rail.deals.all()]}),
            ("GET", "deals/{number}", lambda r, number: asdict(self._rail.deals.need(number))),
            ("POST", "deals/{number}/pay", self._pay),
            ("POST", "deals/{number}/settle", self._settle),
            ("POST", "hold-refunds", self._hold_refunds),
            ("GET", "book", lambda r: self._rail.book.describe()),
            ("POST", "notice", self._notice),
        ]
        for method, path, handler in routes:
            router.add(
                method, f"{PREFIX}/unionpay/{path}", translate(handler, UnionPayError, _read)
            )

    def _cashier(self, request: Request) -> dict[str, Any]:
        """The person's browser sends the form the back end gave; then they pay, or just look."""
        order = read_object(request)
        outcome = read_choice(order, "outcome", OUTCOMES, "pay")
        page = _Inputs()
        page.feed(str(order.get("form_html")))
        deal = self._rail.open(page.fields)
        return self._paid(deal, order) if outcome == "pay" else {"deal": asdict(deal)}

    def _pay(self, request: Request, number: str) -> dict[str, Any]:
        """The person pays without our client knowing, perhaps too late."""
        return self._paid(self._rail.deals.need(number), read_object(request))

    def _settle(self, request: Request, number: str) -> dict[str, Any]:
        """End a refund with a respCode."""
        order = read_object(request)
        deal, code = self._rail.deals.need(number), str(order.get("code", "00"))
        self._rail.deals.settle(deal, code)
        if order.get("notify", "auto") == "auto":
            self._rail.tell(deal)
        return {"deal": asdict(deal)}

    def _hold_refunds(self, request: Request) -> dict[str, Any]:
        """From now on refunds wait to be settled by hand."""
        self._rail.deals.refund_seconds = None
        return {}

    def _paid(self, deal: Deal, order: dict[str, Any]) -> dict[str, Any]:
        handling, copies = read_delivery(order)
        code = str(order.get("code", "00"))
        force = order.get("force") is True
        notice = self._rail.pay(deal, handling, copies, force, code)
        return {"deal": asdict(deal), "notice": notice.id if notice else None}

    def _notice(self, request: Request) -> dict[str, Any]:
        """One notice for a test to post itself: genuine, altered or forged."""
        order = read_object(request)
        signature = read_notice(order, NOTICE, SIGNATURES)
        notice = self._rail.notices.of(self._rail.deals.need(str(order.get("order_id"))))
        mutate(notice.plain, order.get("mutate"))
        body = self._rail.notices.seal(notice, signature)
        if order.get("tamper"):
            body += b"&" + urlencode({"more": "1"}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}
        return {"id": notice.id, "headers": headers, "body": body.decode()}


def _read(error: UnionPayError) -> tuple[str, str, bool]:
    return error.text, error.code, error.code == "34"
