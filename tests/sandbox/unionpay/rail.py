"""The rail `unionpay`: checks, dispatches and signs the calls of gateway.95516.com."""

import html
from typing import Any
from urllib.parse import parse_qsl

from ..bills import Bills
from ..book import Book
from ..courier import Notice
from ..faults import CONNECTION, DISPATCH, Fault, spoil
from ..web import Request, Response, Router
from . import bill
from .control import UnionPayControl
from .deals import ECHOED, REFUND_SECONDS, Deal, Deals
from .errors import TEXTS, UnionPayError
from .keys import UnionPayKeys
from .notices import Notices
from .signing import check_request, plain_text, sign

API = "/gateway/api"
KINDS = CONNECTION | DISPATCH | {"error", "status", "bad_json", "bad_signature"}
KIND_OF = {"query": "00", "refund": "04", "bill": "76"}
PAGE = {"Content-Type": "text/html;charset=UTF-8"}


class UnionPay:
    """Answers are always 200; respCode says what became of the call."""

    name = "unionpay"
    port_offset = 4

    def __init__(self, world):
        self.world = world
        self.keys = UnionPayKeys(world.data)
        self.book = Book(world, self.name)
        self.deals = Deals(world, self.book)
        self.bills = Bills(world, self.name, self.book, day_begins=bill.DAY_BEGINS)
        self.notices = Notices(world, self.keys)
        self.deals.settled = self.tell
        world.faults.know(self.name, ["query", "refund", "page", "bill"], r"[0-9A-Z]{2}", KINDS)

    def handle(self, request: Request) -> Response:
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        if request.method == "POST" and request.path.startswith("/cashier/"):
            return self._leave_cashier(request.path.removeprefix("/cashier/"), fields)
        if request.method == "POST" and request.path == "/":  # the host of files
            return self._answer("", fields)
        if request.method != "POST" or not request.path.startswith(f"{API}/"):
            return Response(404, b"Not Found", {"Content-Type": "text/plain"})
        if request.path == f"{API}/frontTransReq.do":
            return self._show_cashier(fields)
        return self._answer(request.path.removeprefix(f"{API}/"), fields)

    def add_control(self, router: Router) -> None:
        UnionPayControl(self).add_to(router)
        self.bills.add_control(router)

    def env(self, base: str) -> dict[str, str]:
        return {
            "UNIONPAY_BASE": base,
            "UNIONPAY_FILE_BASE": base,
            "UNIONPAY_MERID": self.keys.mer_id,
            "UNIONPAY_SIGN_PFX_FILE": str(self.keys.pfx_file),
            "UNIONPAY_SIGN_PFX_PASSWORD": self.keys.pfx_password,
            "UNIONPAY_ROOT_CERT_FILE": str(self.keys.directory / "root.cer"),
            "UNIONPAY_MIDDLE_CERT_FILE": str(self.keys.directory / "middle.cer"),
        }

    def lists(self) -> dict[str, list[dict[str, Any]]]:
        return {
            "UnionPay deals (fen)": [vars(deal) for deal in self.deals.all()],
            "UnionPay book (fen)": [vars(entry) for entry in self.book.describe()["entries"]],
        }

    def reset(self) -> None:
        self.deals.refund_seconds = REFUND_SECONDS

    def open(self, fields: dict[str, str]) -> Deal:
        """What sending the signed form does; UnionPayError when it is refused."""
        check_request(self.keys, fields)
        if fields["txnType"] != "01":
            raise UnionPayError("10")
        return self.deals.open(fields)

    def pay(
        self,
        deal: Deal,
        handling: str = "auto",
        copies: int = 1,
        force: bool = False,
        code: str = "00",
    ) -> Notice | None:
        self.deals.pay(deal, code, force)
        return self.tell(deal, handling, copies)

    def tell(self, deal: Deal, handling: str = "auto", copies: int = 1) -> Notice | None:
        if not deal.back_url:
            return None
        return self.world.courier.post(self.notices.of(deal), handling, copies)

    def _show_cashier(self, fields: dict[str, str]) -> Response:
        fault = self._fault("page", fields)
        try:
            if fault and fault.kind == "error":
                raise UnionPayError(fault.argument)
            deal = self.open(fields)
        except UnionPayError as error:
            return spoil(_page(f"<h1>{html.escape(error.text)}</h1><p>{error.code}</p>"), fault)
        buttons = '<button name="code" value="00">付款</button><button name="code">取消</button>'
        amount = f"¥ {deal.amount // 100}.{deal.amount % 100:02d}"
        form = f'<form method="post" action="/cashier/{deal.order_id}">{buttons}</form>'
        return spoil(_page(f"<h1>银联收银台</h1><p><b>{amount}</b></p>{form}"), fault)

    def _leave_cashier(self, order_id: str, fields: dict[str, str]) -> Response:
        try:
            deal = self.deals.need(order_id)
            if fields.get("code"):
                self.pay(deal, code=fields["code"])
        except UnionPayError as error:
            return _page(f"<h1>{html.escape(error.text)}</h1><p>{error.code}</p>")
        back = html.escape(deal.front_url)
        hidden = f'<input type="hidden" name="orderId" value="{deal.order_id}">'
        return _page(
            f'<form method="post" action="{back}">{hidden}<button>返回商户</button></form>'
        )

    def _answer(self, path: str, fields: dict[str, str]) -> Response:
        echo = {name: fields[name] for name in ECHOED if fields.get(name)}
        op = {"queryTrans.do": "query", "backTransReq.do": "refund", "": "bill"}.get(path)
        fault = None
        try:
            check_request(self.keys, fields)
            if op is None or fields["txnType"] != KIND_OF[op]:
                raise UnionPayError("10")
            fault = self._fault(op, fields)
            if fault and fault.kind == "status":
                return Response(int(fault.argument), b"Bad Gateway", dict(PAGE))
            if fault and fault.kind == "error":
                raise UnionPayError(fault.argument)
            more = self._run(op, fields)
            answer = echo | more | {"respCode": "00", "respMsg": TEXTS["00"]}
        except UnionPayError as error:
            answer = echo | {"respCode": error.code, "respMsg": error.text}
        trick = "bad_signature" if fault and fault.kind == "bad_signature" else ""
        body = plain_text(sign(self.keys, answer, trick))
        return spoil(Response(200, body, dict(PAGE)), fault)

    def _run(self, op: str, fields: dict[str, str]) -> dict[str, str]:
        if op == "query":
            return self.deals.query(fields)
        if op == "bill":
            return bill.answer(self.bills, fields, self.keys.mer_id)
        return {"queryId": self.deals.refund(fields).query_id}

    def _fault(self, op: str, fields: dict[str, Any]) -> Fault | None:
        return self.world.faults.take(self.name, op, fields, KINDS - DISPATCH)


def _page(inside: str) -> Response:
    text = f"<!doctype html><meta charset=utf-8><title>收银台</title>{inside}"
    return Response(200, text.encode(), dict(PAGE))
