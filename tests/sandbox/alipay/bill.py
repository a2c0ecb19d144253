"""Alipay's trade bill: a ZIP of GBK files behind an address that lives half a minute."""

import io
import secrets
import zipfile
from typing import Any

from ..bills import Bills, Row, stamp, yuan
from ..web import Response
from .errors import AlipayError

HEADER = (
    "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,"
    "对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,"
    "商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,"
    "退款批次号/请求号,服务费（元）,分润（元）,备注"
)
LIFE = 30
PATH = "/bill/"


class _GbkName(zipfile.ZipInfo):
    """An entry whose name is GBK and does not say so, as Alipay's."""

    def _encodeFilenameFlags(self):
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


class TradeBill:
    def __init__(self, bills: Bills, clock, seller: str):
        self._bills, self._clock, self._seller = bills, clock, seller
        self._links: dict[str, tuple[str, float]] = {}

    def ask(self, content: dict[str, Any], base: str) -> dict[str, str]:
        day = str(content.get("bill_date", ""))
        if self._bills.spoil(day) == "late" or not self._bills.rows(day):
            raise AlipayError("isp.bill_not_exist", "账单不存在")
        token = secrets.token_urlsafe(12)
        self._links[token] = day, self._clock.wall()
        return {"bill_download_url": f"{base}{PATH}{token}"}

    def download(self, token: str) -> Response:
        day, made = self._links.get(token, ("", 0.0))
        if self._clock.wall() - made > LIFE:
            return Response(403, b"expired", {"Content-Type": "text/plain"})
        return Response(200, self._zip(day), {"Content-Type": "application/zip"})

    def _zip(self, day: str) -> bytes:
        rows, packed = self._bills.rows(day), io.BytesIO()
        name = f"{self._seller}_{day.replace('-', '')}_业务明细"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
            for title, text in (
                (f"{name}(汇总).csv", "#汇总\r\n"), (f"{name}.csv", self._text(day, rows)),
            ):  # fmt: skip
                files.writestr(_GbkName(title), text.encode("gbk"))
        return packed.getvalue()

    def _text(self, day: str, rows: list[Row]) -> str:
        lines = [
            "#支付宝业务明细查询", f"#账号：[{self._seller}]", f"#起始日期：[{day} 00:00:00]",
            "#-----------------------------------------业务明细列表------------------------",
            HEADER, *(_line(row) for row in rows),
        ]  # fmt: skip
        if self._bills.spoil(day) != "short":
            trades = [row for row in rows if not row.refund_number]
            refunds = [row for row in rows if row.refund_number]
            lines += [
                "#-----------------------------------------业务明细列表结束--------------------",
                f"#交易合计：{len(trades)}笔，商家实收共{yuan(sum(r.amount for r in trades))}元",
                f"#退款合计：{len(refunds)}笔，商家实收退款共"
                f"{yuan(-sum(r.amount for r in refunds))}元",
            ]
        return "".join(f"{line}\r\n" for line in lines)


def _line(row: Row) -> str:
    refund = bool(row.refund_number)
    amount = yuan(-row.amount if refund else row.amount)
    when = stamp(row.at)
    values = [
        f"{row.transaction_id}\t", f"{row.number}\t", "退款" if refund else "交易",
        '"心理咨询, 50 分钟"', when, when, "", "", "", "", "m***@example.com", amount, amount,
        *["0.00"] * 5, "", "0.00", "0.00", f"{row.refund_number}\t", "0.00", "0.00", "",
    ]  # fmt: skip
    return ",".join(values)
