"""Alipay's trade bill: a ZIP of two GBK files, of which one has the rows."""

import csv
import re
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from typing import BinaryIO

from commerce.gateways.alipay_client import call
from commerce.gateways.base import GatewayError
from commerce.gateways.bills import (
    BillBroken,
    BillRow,
    amount,
    columns,
    download,
    nothing_happened,
)

_NEEDED = ("支付宝交易号", "商户订单号", "业务类型", "订单金额（元）", "退款批次号/请求号")
_SURELY_MADE = timedelta(hours=12)
_COUNTS = re.compile(r"#(交易|退款)合计：(\d+)笔")


def fetch_bill(day: date, file: BinaryIO) -> bool:
    try:
        answer = call(
            "alipay.data.dataservice.bill.downloadurl.query",
            {"bill_type": "trade", "bill_date": day.isoformat()},
        )
    except GatewayError as error:
        if not error.code.upper().endswith("BILL_NOT_EXIST"):
            raise
        return not nothing_happened(day, within=_SURELY_MADE)
    url = answer.get("bill_download_url")
    if not isinstance(url, str):
        raise BillBroken("an answer without link")
    download(url, file)
    return True


def read_bill(file: BinaryIO) -> Iterator[BillRow]:
    try:
        with zipfile.ZipFile(file) as packed, packed.open(_details(packed)) as entry:
            lines = (line.decode("gbk").rstrip("\r\n") for line in entry)
            yield from _rows(lines)
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError) as error:
        raise BillBroken(type(error).__name__) from error


def _details(packed: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Names are GBK without saying so."""
    for entry in packed.infolist():
        utf8 = entry.flag_bits & 0x800
        name = entry.filename if utf8 else entry.filename.encode("cp437").decode("gbk", "replace")
        if name.endswith("业务明细.csv"):
            return entry
    raise BillBroken("no file of details")


def _rows(lines: Iterator[str]) -> Iterator[BillRow]:
    header = next((line for line in lines if not line.startswith("#")), "")
    named = columns(header.split(","), _NEEDED)
    found = {"交易": 0, "退款": 0}
    for line in lines:
        if line.startswith("#"):
            _check_counts(found, [line, *lines])
            return
        (values,) = csv.reader([line])
        row = named([value.strip() for value in values])
        kind = row["业务类型"]
        if kind not in found:
            raise BillBroken(f"kind {kind[:20]!r}")
        found[kind] += 1
        yield BillRow(
            number=row["商户订单号"],
            transaction_id=row["支付宝交易号"],
            amount=amount(row["订单金额（元）"]),
            refund_number=row["退款批次号/请求号"] if kind == "退款" else "",
        )
    raise BillBroken("no end")


def _check_counts(found: dict[str, int], trailer: list[str]) -> None:
    told = dict(match.groups() for line in trailer if (match := _COUNTS.match(line)))
    if {kind: str(number) for kind, number in found.items()} != told:
        raise BillBroken(f"{found} rows, and {told or 'none'} announced")
