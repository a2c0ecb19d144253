"""UnionPay's settlement file: fixed-width lines in a ZIP, deflated, inside a signed answer."""

import base64
import io
import zipfile
import zlib
from datetime import datetime

from ..bills import Bills, Row
from ..clock import CHINA
from .errors import UnionPayError

DAY_BEGINS = -3600  # seconds from midnight: the day ends at 23:00
# Of the interface's table 6.1 (ZM); one blank lies between two fields.
WIDTHS = (
    3, 11, 11, 6, 10, 19, 12, 4, 2, 21, 2, 32, 2, 6, 10, 13, 13, 4, 15, 2, 2, 6, 2, 4, 32, 1, 21,
    15, 1, 15, 32, 13, 13, 8, 32, 13, 13, 12, 2, 1, 32, 98,
)  # fmt: skip


def answer(bills: Bills, fields: dict[str, str], mer_id: str) -> dict[str, str]:
    """What a file request (76) is answered with; UnionPayError 98 without a file."""
    day = _day(fields)
    rows, spoilt = bills.rows(day), bills.spoil(day)
    if spoilt == "late" or not rows:
        raise UnionPayError("98")
    packed = zlib.compress(_zip(day, rows, mer_id))
    content = packed[: len(packed) // 2] if spoilt == "short" else packed
    return {
        "fileType": fields["fileType"],
        "settleDate": fields["settleDate"],
        "fileName": f"{mer_id}_{day.replace('-', '')}.zip",
        "fileContent": base64.b64encode(content).decode(),
    }


def _day(fields: dict[str, str]) -> str:
    """The last such day before the request: a settlement date has no year."""
    if fields.get("fileType") != "00" or len(fields.get("settleDate", "")) != 4:
        raise UnionPayError("10")
    asked, wanted = fields["txnTime"], fields["settleDate"]
    year = int(asked[:4]) - (wanted > asked[4:8])
    return f"{year}-{wanted[:2]}-{wanted[2:]}"


def _zip(day: str, rows: list[Row], mer_id: str) -> bytes:
    stamp, packed = f"{day[2:].replace('-', '')}88", io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr(f"RD2007{stamp}", "汇总".encode("gbk"))
        files.writestr(f"INN{stamp}ZME_{mer_id}", b"")
        lines = "".join(f"{_line(row, mer_id)}\r\n" for row in rows)
        files.writestr(f"INN{stamp}ZM_{mer_id}", lines.encode("gbk"))
    return packed.getvalue()


def _line(row: Row, mer_id: str) -> str:
    refund = bool(row.refund_number)
    moment = f"{datetime.fromtimestamp(row.at, CHINA):%m%d%H%M%S}"
    said = {
        1: "S22" if not refund else "S30", 5: moment, 7: f"{row.amount:012d}",
        10: row.refund_id if refund else row.transaction_id,
        12: row.refund_number if refund else row.number, 16: "D000000000000",
        17: f"{'D' if refund else 'C'}{row.amount:012d}", 20: "04" if refund else "01",
        27: row.transaction_id if refund else "", 28: mer_id,
    }  # fmt: skip
    return " ".join(said.get(place, "").ljust(width) for place, width in enumerate(WIDTHS, 1))
