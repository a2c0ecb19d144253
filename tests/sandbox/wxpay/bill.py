"""WeChat Pay's trade bill: a compressed CSV behind a link, its hash in a signed answer."""

import gzip
import hashlib
import secrets

from ..bills import Bills, Row, stamp, yuan
from ..web import Request, Response
from .errors import PayError

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
DOWNLOAD = "/v3/billdownload/file"


class TradeBill:
    def __init__(self, bills: Bills, mchid: str):
        self._bills, self._mchid = bills, mchid
        self._links: dict[str, str] = {}

    def ask(self, request: Request) -> dict[str, str]:
        day = request.query.get("bill_date", "")
        if self._bills.spoil(day) == "late":
            raise PayError("STATEMENT_CREATING", "账单正在生成中，请稍后尝试")
        if not self._bills.rows(day):
            raise PayError("NO_STATEMENT_EXIST", "请求的账单文件不存在")
        content, token = self._content(day), secrets.token_urlsafe(12)
        self._links[token] = day
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if self._bills.spoil(day) == "hash":
            digest = digest[::-1]
        url = f"http://{request.headers['Host']}{DOWNLOAD}?token={token}&tartype=gzip"
        return {"hash_type": "SHA1", "hash_value": digest, "download_url": url}

    def download(self, request: Request) -> Response:
        """Not signed, as the real one."""
        day = self._links.get(request.query.get("token", ""))
        if day is None:
            raise PayError("RESOURCE_NOT_EXISTS")
        body = gzip.compress(self._content(day))
        return Response(200, body, {"Content-Type": "application/octet-stream"})

    def _content(self, day: str) -> bytes:
        rows = self._bills.rows(day)
        lines = [HEADER, *(self._line(row) for row in rows)]
        if self._bills.spoil(day) != "short":
            paid = sum(row.amount for row in rows if not row.refund_number)
            back = sum(row.amount for row in rows if row.refund_number)
            sums = [len(rows), yuan(paid), yuan(back), "0.00", "0.00", yuan(paid), yuan(back)]
            lines += [SUMMARY, ",".join(f"`{value}" for value in sums)]
        return ("\ufeff" + "".join(f"{line}\r\n" for line in lines)).encode()

    def _line(self, row: Row) -> str:
        refund = bool(row.refund_number)
        amount, none = yuan(row.amount), "0.00"
        values = [
            stamp(row.at), "wx01", self._mchid, "0", "", row.transaction_id, row.number, "oUpF8",
            "JSAPI", "REFUND" if refund else "SUCCESS", "OTHERS", "CNY",
            none if refund else amount, none, row.refund_id or "0", row.refund_number or "0",
            amount if refund else none, none, "ORIGINAL" if refund else "",
            "SUCCESS" if refund else "", '心理咨询, 50 分钟 "首次"', "", "0.00000", "0.60%",
            none if refund else amount, amount if refund else none, "",
        ]  # fmt: skip
        return ",".join(f"`{value}" for value in values)
