"""The rail `alipay`: checks, dispatches and signs the calls of the open platform's gateway."""

from typing import Any
from urllib.parse import parse_qsl

from ..bills import Bills
from ..book import Book
from ..courier import Notice
from ..faults import CONNECTION, DISPATCH, Fault, spoil
from ..web import Request, Response, Router
from . import cashier
from .bill import PATH, TradeBill
from .control import AlipayControl
from .errors import AlipayError
from .keys import AlipayKeys
from .notices import Notices
from .refunds import Refund, Refunds
from .signing import check_request, response_node, sign_answer
from .trades import PRODUCTS, Trade, Trades, read_content

JSON = {"Content-Type": "text/html;charset=utf-8"}  # what the real gateway says
KINDS = CONNECTION | DISPATCH | {"error", "status", "bad_json", "bad_signature"}
OPS = {
    "alipay.trade.query": "query",
    "alipay.trade.close": "close",
    "alipay.trade.refund": "refund",
    "alipay.trade.fastpay.refund.query": "query_refund",
    "alipay.data.dataservice.bill.downloadurl.query": "bill",
}


class Alipay:
    """Answers are always 200; what went wrong stands in their signed node."""

    name = "alipay"
    port_offset = 3

    def __init__(self, world):
        self.world = world
        self.keys = AlipayKeys(world.data)
        self.book = Book(world, self.name)
        self.trades = Trades(world, self.book)
        self.refunds = Refunds(world, self.trades, self.book)
        self.notices = Notices(world, self.keys)
        self.bills = Bills(world, self.name, self.book)
        self._bill = TradeBill(self.bills, world.clock, self.keys.seller_id)
        code = r"\d{5}|ACQ\.[A-Z_]+|is[vp]\.[a-z_-]+"
        world.faults.know(self.name, [*OPS.values(), "page", "bill_file"], code, KINDS)

    def handle(self, request: Request) -> Response:
        if cashier.is_cashier(request):
            return self._leave_cashier(request)
        if request.path.startswith(PATH):
            found = self._bill.download(request.path.removeprefix(PATH))
            return spoil(found, self._fault("bill_file", {}))
        if request.path != "/gateway.do":
            return Response(404, b"Not Found", {"Content-Type": "text/plain"})
        params = _params(request)
        if params.get("method") in PRODUCTS:
            return self._show_cashier(params)
        return self._answer(params, f"http://{request.headers['Host']}")

    def add_control(self, router: Router) -> None:
        AlipayControl(self).add_to(router)
        self.bills.add_control(router)

    def env(self, base: str) -> dict[str, str]:
        return {
            "ALIPAY_GATEWAY": f"{base}/gateway.do",
            "ALIPAY_APPID": self.keys.app_id,
            "ALIPAY_SELLER_ID": self.keys.seller_id,
            "ALIPAY_PRIVATE_KEY_FILE": str(self.keys.app_key_file),
            "ALIPAY_PUBLIC_KEY_FILE": str(self.keys.public_key_file),
        }

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        rows = {
            "Alipay trades (fen)": self.trades.all(),
            "Alipay refunds (fen)": self.refunds.all(),
            "Alipay book (fen)": self.book.describe()["entries"],
        }
        return {
            heading: [{k: v for k, v in vars(row).items() if k != "fingerprint"} for row in records]
            for heading, records in rows.items()
        }

    def reset(self) -> None:
        """Everything is in the store's tables."""

    def open(self, params: dict[str, str]) -> Trade:
        """What opening the signed address does; AlipayError when it is refused."""
        check_request(self.keys, params, self.world.clock.wall())
        return self.trades.open(params)

    def pay(
        self, trade: Trade, handling: str = "auto", copies: int = 1, force: bool = False
    ) -> Notice | None:
        """The person pays; the merchant is told in the background or when released."""
        self.trades.pay(trade, force)
        return self._tell(self.notices.of_payment(trade), handling, copies)

    def _show_cashier(self, params: dict[str, str]) -> Response:
        fault = self._fault("page", params)
        try:
            if fault and fault.kind == "error":
                raise AlipayError(fault.argument)
            page = cashier.show(self.open(params))
        except AlipayError as error:
            page = cashier.refuse(error)
        return spoil(page, fault)

    def _leave_cashier(self, request: Request) -> Response:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        try:
            trade = self.trades.need(request.path.removeprefix("/cashier/"))
            if form.get("action") != "pay":
                return cashier.leave(trade, "已取消")
            self.pay(trade)
        except AlipayError as error:
            return cashier.refuse(error)
        return cashier.leave(trade, "付款成功")

    def _answer(self, params: dict[str, str], base: str) -> Response:
        method = params.get("method", "")
        try:
            check_request(self.keys, params, self.world.clock.wall())
            op, content = OPS.get(method), read_content(params)
            if op is None:
                raise AlipayError("isv.invalid-method")
        except AlipayError as error:
            return self._signed(method, error.answer())
        fault = self._fault(op, content)
        if fault and fault.kind == "status":
            return Response(int(fault.argument), b"Bad Gateway", {"Content-Type": "text/html"})
        try:
            if fault and fault.kind == "error":
                raise AlipayError(fault.argument)
            answer = {"code": "10000", "msg": "Success"} | self._run(op, content, base)
        except AlipayError as error:
            answer = error.answer()
        trick = "bad_signature" if fault and fault.kind == "bad_signature" else ""
        return spoil(self._signed(method, answer, trick), fault)

    def _run(self, op: str, content: dict[str, Any], base: str) -> dict[str, Any]:
        if op == "bill":
            return self._bill.ask(content, base)
        if op == "refund":
            answer, made = self.refunds.create(content)
            if made is not None:
                self._tell_refund(made)
            return answer
        calls = {
            "query": self.trades.query,
            "close": self.trades.close,
            "query_refund": self.refunds.query,
        }
        return calls[op](content)

    def _tell_refund(self, refund: Refund) -> None:
        trade = self.trades.need(refund.out_trade_no)
        self._tell(self.notices.of_refund(trade, refund))

    def _tell(self, notice: Notice, handling: str = "auto", copies: int = 1) -> Notice | None:
        if not notice.url:
            return None
        return self.world.courier.post(notice, handling, copies)

    def _signed(self, method: str, answer: dict[str, Any], trick: str = "") -> Response:
        body = sign_answer(self.keys, response_node(method), answer, trick)
        return Response(200, body, dict(JSON))

    def _fault(self, op: str, fields: dict[str, Any]) -> Fault | None:
        return self.world.faults.take(self.name, op, fields, KINDS - DISPATCH)


def _params(request: Request) -> dict[str, str]:
    """From the address and the form alike, as the real gateway takes them."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    return request.query | form
