"""Answers a GET or HEAD of an object: conditions, ranges and headers."""

import re
from email.utils import formatdate, parsedate_to_datetime
from typing import BinaryIO

from ..web import FilePart, Response
from .errors import S3Error
from .objects import Stored

# Query parameters with which a signed link replaces headers of the answer.
OVERRIDES = {
    "response-content-type": "Content-Type",
    "response-content-language": "Content-Language",
    "response-expires": "Expires",
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
}
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


def answer(
    stored: Stored, file: BinaryIO, headers: dict[str, str], query: dict[str, str]
) -> Response:
    """The object or the asked part of it; closes the file when it refuses."""
    try:
        check_conditions(stored, headers)
        wanted = _range(headers.get("range", ""), stored.size)
    except S3Error:
        file.close()
        raise
    answered = describe(stored)
    for name, header in OVERRIDES.items():
        if name in query:
            answered[header] = _one_line(query[name])
    if wanted is None:
        return Response(200, b"", answered, part=FilePart(file, stored.size))
    first, last = wanted
    file.seek(first)
    answered["Content-Range"] = f"bytes {first}-{last}/{stored.size}"
    return Response(206, b"", answered, part=FilePart(file, last - first + 1))


def describe(stored: Stored) -> dict[str, str]:
    return {
        "Content-Type": stored.type,
        **stored.headers,
        "ETag": f'"{stored.etag}"',
        "Last-Modified": formatdate(int(stored.modified), usegmt=True),
        "Accept-Ranges": "bytes",
    }


def check_conditions(stored: Stored, headers: dict[str, str]) -> None:
    """Raise NotModified or PreconditionFailed. ETags win over dates."""
    modified = int(stored.modified)
    if_match, if_none = headers.get("if-match"), headers.get("if-none-match")
    since, unless = _date(headers, "if-modified-since"), _date(headers, "if-unmodified-since")
    if if_match is not None:
        if not _names(if_match, stored.etag):
            raise S3Error("PreconditionFailed")
    elif unless is not None and modified > unless:
        raise S3Error("PreconditionFailed")
    unchanged = since is not None and modified <= since
    if _names(if_none, stored.etag) if if_none is not None else unchanged:
        raise S3Error("NotModified", headers={"ETag": f'"{stored.etag}"'})


def _names(text: str, etag: str) -> bool:
    return text.strip() == "*" or etag in [part.strip().strip('"') for part in text.split(",")]


def _date(headers: dict[str, str], name: str) -> float | None:
    try:
        return parsedate_to_datetime(headers[name]).timestamp() if name in headers else None
    except ValueError:
        return None


def _range(text: str, size: int) -> tuple[int, int] | None:
    """First and last byte. What is no single range of bytes asks for everything."""
    match = _RANGE.fullmatch(text.strip())
    if match is None or match[0] == "bytes=-":
        return None
    if not match[1]:
        first, last = max(size - int(match[2]), 0), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if not first <= last:
        headers = {"Content-Range": f"bytes */{size}"}
        raise S3Error("InvalidRange", headers=headers, ActualObjectSize=size)
    return first, last


def _one_line(text: str) -> str:
    """A header value; what is not Latin-1 stays as its UTF-8 bytes."""
    return re.sub(r"[\r\n]+", " ", text).encode().decode("latin-1")
