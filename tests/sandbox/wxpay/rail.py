"""The rail `wxpay`: checks, dispatches and signs the calls of api.mch.weixin.qq.com."""

from collections.abc import Callable
from typing import Any

from ..bills import Bills
from ..book import Book
from ..clock import rfc3339
from ..courier import Notice
from ..crypto import seal
from ..faults import ANSWER, SIGNATURE, Fault, spoil
from ..web import JSON_TYPE, Request, Response, Router, flatten, json_response, to_json
from .bill import DOWNLOAD, TradeBill
from .control import PayControl
from .errors import PayError, bad_field
from .keys import PayKeys
from .notices import Notices
from .refunds import Refund, Refunds
from .signing import check_request, sign_headers
from .trades import Trade, Trades

API = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"


class WeChatPay:
    """Answers carry an HTTP status of their own and are signed, errors included."""

    name = "wxpay"
    port_offset = 2

    def __init__(self, world):
        self.world = world
        self.keys = PayKeys(world.data)
        self.book = Book(world, self.name)
        self.trades = Trades(world, self.keys, self.book)
        self.refunds = Refunds(world, self.trades, self.book)
        self.notices = Notices(world, self.keys, self.trades)
        self.refunds.settled = self.announce_refund
        self.bills = Bills(world, self.name, self.book)
        self._bill = TradeBill(self.bills, self.keys.mchid)
        self._router = self._routes()
        ops = [route.op for route in self._router.routes]
        world.faults.know(self.name, ops, code=r"[A-Z_]+")

    def handle(self, request: Request) -> Response:
        try:
            check_request(self.keys, request, self.world.clock.wall())
            _check_headers(request)
        except PayError as error:
            # An answer to someone unknown is not signed.
            return json_response(error.answer(), error.status)
        route, params = self._router.find(request)
        if route is None:
            error = PayError("RESOURCE_NOT_EXISTS", "请求的资源不存在")
            return self._signed(request, error.status, error.answer())
        fields = _fields(request, params)
        fault = self.world.faults.take(self.name, route.op, fields, ANSWER)
        if fault and fault.kind == "status":
            return Response(int(fault.argument), b"Bad Gateway", {"Content-Type": "text/html"})
        status, answer = _run(route.handler, request, params, fault)
        if fault and fault.kind == "notify_before_response" and status == 200:
            self._hurry(route.op, answer, fields)
        if isinstance(answer, Response):  # a file: not signed
            return spoil(answer, fault)
        trick = fault.kind if fault and fault.kind in SIGNATURE else ""
        return spoil(self._signed(request, status, answer, trick), fault)

    def add_control(self, router: Router) -> None:
        PayControl(self).add_to(router)
        self.bills.add_control(router)

    def env(self, base: str) -> dict[str, str]:
        return {
            "WXPAY_BASE": base,
            "WXPAY_MCHID": self.keys.mchid,
            "WXPAY_PRIVATE_KEY_FILE": str(self.keys.merchant_key_file),
            "WXPAY_CERT_SERIAL": self.keys.merchant_serial,
            "WXPAY_APIV3_KEY": self.keys.apiv3_key,
            "WXPAY_PUBLIC_KEY_FILE": str(self.keys.public_key_file),
            "WXPAY_PUBLIC_KEY_ID": self.keys.public.serial,
        }

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        hidden = ("fingerprint", "prepay_id", "device_id", "bank_type")
        rows = {
            "WeChat Pay trades (fen)": self.trades.all(),
            "WeChat Pay refunds (fen)": self.refunds.all(),
            "WeChat Pay book (fen)": self.book.describe()["entries"],
        }
        return {
            heading: [{k: v for k, v in vars(row).items() if k not in hidden} for row in records]
            for heading, records in rows.items()
        }

    def reset(self) -> None:
        self.trades.reset()
        self.refunds.reset()

    def pay(
        self, trade: Trade, handling: str = "auto", copies: int = 1, force: bool = False
    ) -> Notice:
        """The person pays; the merchant is told in the background, held back or at once."""
        self.trades.pay(trade, force)
        return self.world.courier.post(self.notices.of_payment(trade), handling, copies)

    def announce_refund(self, refund: Refund, handling: str = "auto") -> Notice | None:
        """Tell the merchant how a refund ended, if its request named an address."""
        if not refund.notify_url:
            return None
        return self.world.courier.post(self.notices.of_refund(refund), handling)

    def _hurry(self, op: str, answer: dict[str, Any], fields: dict[str, Any]) -> None:
        """Let the notice arrive before the answer to the request that caused it."""
        if op == "jsapi":
            self.pay(self.trades.need(fields["out_trade_no"]), "now")
        elif op == "refund":
            refund = self.refunds.need(answer["out_refund_no"])
            if self.refunds.settle(refund, self.refunds.settings.result):
                self.announce_refund(refund, "now")

    def _certificates(self, request: Request) -> dict[str, Any]:
        return {
            "data": [
                {
                    "serial_no": known.serial,
                    "effective_time": rfc3339(known.certificate.not_valid_before_utc.timestamp()),
                    "expire_time": rfc3339(known.certificate.not_valid_after_utc.timestamp()),
                    "encrypt_certificate": seal(
                        self.keys.apiv3_key, known.pem.encode(), "certificate"
                    ),
                }
                for known in self.keys.platform
            ]
        }

    def _signed(self, request: Request, status: int, answer: Any, trick: str = "") -> Response:
        """No answer (None) is 204, whose signature covers the empty body."""
        body = b"" if answer is None else to_json(answer)
        signer = self.keys.signer_for(request.headers.get("Wechatpay-Serial"))
        headers = sign_headers(self.keys, signer, body, self.world.clock.wall(), trick)
        if answer is not None:
            headers["Content-Type"] = JSON_TYPE
        return Response(status, body, headers)

    def _routes(self) -> Router:
        router, trades, refunds = Router(), self.trades, self.refunds
        number, transaction = f"{API}/out-trade-no/{{out_trade_no}}", f"{API}/id/{{transaction_id}}"
        add = router.add
        add("POST", f"{API}/jsapi", lambda r: trades.create(_body(r)), "jsapi")
        add("GET", number, lambda r, **p: trades.query(r.query, **p), "query")
        add("GET", transaction, lambda r, **p: trades.query_transaction(r.query, **p), "query")
        add("POST", f"{number}/close", lambda r, **p: trades.close(_body(r), **p), "close")
        add("POST", REFUNDS, lambda r: refunds.create(_body(r)), "refund")
        add(
            "GET", f"{REFUNDS}/{{out_refund_no}}", lambda r, **p: refunds.query(**p), "query_refund"
        )
        add("GET", "/v3/bill/tradebill", self._bill.ask, "bill")
        add("GET", DOWNLOAD, self._bill.download, "bill_file")
        add("GET", "/v3/certificates", self._certificates, "certificates")
        return router


def _run(
    handler: Callable, request: Request, params: dict[str, str], fault: Fault | None
) -> tuple[int, Any]:
    try:
        if fault and fault.kind == "error":
            raise PayError(fault.argument)
        answer = handler(request, **params)
    except PayError as error:
        return error.status, error.answer()
    return (204, None) if answer is None else (200, answer)


def _check_headers(request: Request) -> None:
    """The platform turns away clients that leave out what every client has to send."""
    accept = request.headers.get("Accept", "")
    if "application/json" not in accept and "*/*" not in accept:
        raise bad_field("Accept", "应为application/json", accept, "header")
    if not request.headers.get("User-Agent"):
        raise bad_field("User-Agent", "必填", location="header")
    kind = request.headers.get("Content-Type", "")
    if request.body and not kind.startswith("application/json"):
        raise bad_field("Content-Type", "应为application/json", kind, "header")


def _body(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise bad_field("/", "请求报文不是合法的JSON") from None


def _fields(request: Request, params: dict[str, str]) -> dict[str, Any]:
    """What a fault may match: path parameters, the query and the body's fields."""
    try:
        body = request.json() if request.body else {}
    except ValueError:
        body = {}
    return {**request.query, **flatten(body), **params}
