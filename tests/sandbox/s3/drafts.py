"""Bodies on their way to the disk: never in memory as a whole, hashed as they pass."""

import base64
import binascii
import contextlib
import hashlib
import secrets
import zlib
from pathlib import Path

from ..web import CHUNK, Intake
from .call import Call
from .errors import S3Error
from .signing import UNSIGNED

SMALL = 2 * 1024 * 1024


class Draft:
    """A file being written. `with` removes it again, unless somebody has moved it away."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / secrets.token_hex(12)
        self.size, self.crc32 = 0, 0
        self._md5, self._sha256 = hashlib.md5(), hashlib.sha256()
        self._file = self.path.open("xb")

    def __enter__(self) -> "Draft":
        return self

    def __exit__(self, *exception) -> None:
        self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._md5.update(data)
        self._sha256.update(data)
        self.crc32 = zlib.crc32(data, self.crc32)
        self.size += len(data)

    def finish(self) -> None:
        self._file.close()

    def receive(self, call: Call, payload: str) -> None:
        """The whole body of a request, refused unless it is what the headers say."""
        intake = open_body(call)
        while piece := intake.read(CHUNK):
            self.write(piece)
        if intake.broken:
            raise S3Error("IncompleteBody")
        self.finish()
        if payload not in (UNSIGNED, self.sha256):
            raise S3Error("XAmzContentSHA256Mismatch")
        _check_digests(call, self._md5.digest(), self.crc32)


def open_body(call: Call) -> Intake:
    if call.headers.get("transfer-encoding"):
        # Its end is not known, so neither is the beginning of the next request.
        raise S3Error("MissingContentLength", headers={"Connection": "close"})
    if "content-length" not in call.headers:
        raise S3Error("MissingContentLength")
    return call.request.intake


def read_small(call: Call, payload: str) -> bytes:
    """The body of a request that uploads nothing."""
    if call.request.intake.left > SMALL:
        raise S3Error("MalformedXML")
    body = call.request.body
    if payload not in (UNSIGNED, hashlib.sha256(body).hexdigest()):
        raise S3Error("XAmzContentSHA256Mismatch")
    _check_digests(call, hashlib.md5(body).digest(), zlib.crc32(body))
    return body


def _check_digests(call: Call, md5: bytes, crc32: int) -> None:
    for name, actual in (
        ("content-md5", md5),
        ("x-amz-checksum-crc32", crc32.to_bytes(4, "big")),
    ):
        stated = call.headers.get(name)
        if stated is None:
            continue
        try:
            digest = base64.b64decode(stated, validate=True)
        except binascii.Error:
            raise S3Error("InvalidDigest") from None
        if digest != actual:
            raise S3Error("BadDigest")
