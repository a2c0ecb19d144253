"""WeChat Pay's trade bill: the hash stands in a signed answer, the file comes unsigned."""

import hashlib
import tempfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from commerce.gateways.bills import BillBroken, BillRow, amount, columns, download, pieces

_NEEDED = ("微信订单号", "商户订单号", "交易状态", "商户退款单号", "退款状态", "退款金额")
_MOST_AT_ONCE = 1024 * 1024


def fetch_bill(answer: dict[str, Any], file: BinaryIO, authorization: Callable[[str], str]) -> None:
    """Unpack what the answer to a question for a bill links to, and compare its hash.

    authorization: the header for a path with its query.
    """
    url, digest = answer.get("download_url"), answer.get("hash_value")
    if not isinstance(url, str) or not isinstance(digest, str) or answer["hash_type"] != "SHA1":
        raise BillBroken("an answer without link or hash")
    path = "/" + url.split("/", 3)[-1]
    with tempfile.TemporaryFile() as packed:
        headers = {"Authorization": authorization(path), "Accept": "*/*", "User-Agent": "banxin"}
        download(url, packed, **headers)
        found = hashlib.sha1(usedforsecurity=False)
        for piece in _unpacked(packed):
            found.update(piece)
            file.write(piece)
    if found.hexdigest() != digest.lower():
        raise BillBroken("hash")


def _unpacked(packed: BinaryIO) -> Iterator[bytes]:
    """The content in pieces of bounded size, however well it was compressed."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for piece in pieces(packed):
            while piece:
                yield unpack.decompress(piece, _MOST_AT_ONCE)
                piece = unpack.unconsumed_tail
    except zlib.error as error:
        raise BillBroken("compression") from error
    if not unpack.eof:
        raise BillBroken("compression ends early")


def read_bill(file: BinaryIO) -> Iterator[BillRow]:
    """Every value has a back-tick before it, so names of goods may have commas and quotes."""
    file.seek(0)
    lines = (line.decode("utf-8").rstrip("\r\n") for line in file)
    named = columns(next(lines, "").lstrip("\ufeff").split(","), _NEEDED)
    number = 0
    for line in lines:
        if not line.startswith("`"):
            break
        number += 1
        if (row := _row(named(line[1:].split(",`")))) is not None:
            yield row
    counted = next(lines, "").lstrip("`").split(",", 1)[0]
    if counted != str(number):
        raise BillBroken(f"{number} rows, and {counted or 'none'} announced")


def _row(values: dict[str, str]) -> BillRow | None:
    """None for what moved no money: revoked trades, refunds under way."""
    known = {"number": values["商户订单号"], "transaction_id": values["微信订单号"]}
    if values["交易状态"] == "SUCCESS":
        came = values.get("订单金额") or values.get("应结订单金额", "")
        return BillRow(**known, amount=amount(came))
    if values["交易状态"] == "REFUND" and values["退款状态"] == "SUCCESS":
        back = values.get("申请退款金额") or values["退款金额"]
        return BillRow(**known, amount=amount(back), refund_number=values["商户退款单号"])
    return None
