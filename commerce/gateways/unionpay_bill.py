"""UnionPay's settlement file: a ZIP inside a signed message, GBK lines of fixed width inside.

Widths and places are those of the ACP file interface, 全渠道商户一般交易明细流水文件 (ZM): one
character lies between two fields, amounts are fen, and a refund names its purchase only by the
purchase's queryId.  UnionPay's day ends at 23:00.
"""

import base64
import binascii
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from itertools import accumulate
from typing import BinaryIO

from django.conf import settings
from django.utils import timezone

from commerce.gateways.bills import BillBroken, BillRow, nothing_happened
from commerce.gateways.money import yuan
from commerce.gateways.unionpay_client import refusal, send, signed, stamp

DAY_BEGINS = timedelta(hours=-1)
MOST = 64 * 1024**2  # bytes of the message, and of what is packed in it
_SURELY_MADE = timedelta(hours=12)
_NO_FILE = "98"
_WIDTHS = (
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21,
    15,
)  # fmt: skip
_STARTS = (0, *accumulate(width + 1 for width in _WIDTHS))
# Places of the interface's table, from 1.
_AMOUNT, _QUERY_ID, _ORDER, _KIND, _ORIGINAL, _MERCHANT = 7, 10, 12, 20, 27, 28
_CAME, _WENT_BACK = {"01"}, {"04", "31"}


def fetch_bill(day: date, file: BinaryIO) -> bool:
    message = signed(
        txnType="76",
        txnSubType="01",
        bizType="000000",
        fileType="00",
        settleDate=f"{day:%m%d}",
        txnTime=stamp(timezone.now()),
    )
    answer = send(f"{settings.UNIONPAY_FILE_BASE}/", message, most=MOST)
    word = answer.get("respCode", "")
    if word == _NO_FILE:
        return not nothing_happened(day, within=_SURELY_MADE)
    if word != "00":
        raise refusal(word, answer)
    if answer.get("settleDate") != f"{day:%m%d}":
        raise BillBroken("another day's")
    file.write(_unpacked(answer.get("fileContent", "")))
    return True


def _unpacked(content: str) -> bytes:
    try:
        inflater = zlib.decompressobj()
        packed = inflater.decompress(base64.b64decode(content, validate=True), MOST)
    except (binascii.Error, zlib.error) as error:
        raise BillBroken(type(error).__name__) from error
    if not inflater.eof:
        raise BillBroken("not whole, or too large")
    return packed


def read_bill(file: BinaryIO) -> Iterator[BillRow]:
    file.seek(0)
    try:
        with (
            zipfile.ZipFile(BytesIO(file.read())) as packed,
            packed.open(_details(packed)) as lines,
        ):
            for line in lines:
                if line.strip():
                    yield _row(line.rstrip(b"\r\n"))
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise BillBroken(type(error).__name__) from error


def _details(packed: zipfile.ZipFile) -> zipfile.ZipInfo:
    """INN + date + 88 + ZM_ + merchant; beside it lie summaries and ZME_, quarrels with banks."""
    for entry in packed.infolist():
        if entry.filename.startswith("INN") and entry.filename[11:14] == "ZM_":
            if entry.file_size > MOST:
                raise BillBroken("too large")
            return entry
    raise BillBroken("no file of details")


def _row(line: bytes) -> BillRow:
    if len(line) < _STARTS[-1] - 1:
        raise BillBroken(f"a line of {len(line)} bytes")
    kind, amount = _field(line, _KIND), _field(line, _AMOUNT)
    if _field(line, _MERCHANT) != settings.UNIONPAY_MERID:
        raise BillBroken("another merchant's")
    if not amount.isdigit() or kind not in _CAME | _WENT_BACK:
        raise BillBroken(f"kind {kind!r}, amount {amount!r}")
    if kind in _CAME:
        return BillRow(_field(line, _ORDER), _field(line, _QUERY_ID), yuan(int(amount)))
    return BillRow("", _field(line, _ORIGINAL), yuan(int(amount)), _field(line, _ORDER))


def _field(line: bytes, place: int) -> str:
    start = _STARTS[place - 1]
    text = line[start : start + _WIDTHS[place - 1]]
    try:
        return text.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise BillBroken(f"field {place}") from error
