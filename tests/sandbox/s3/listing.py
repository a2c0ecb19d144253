"""Lists of objects, version 2 and the older one, in pages and by folder."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import quote

from ..web import Response
from .call import Call
from .errors import S3Error
from .objects import Stored
from .writing import entry, xml_response
from .xml import document

MOST = 1000


class Page(NamedTuple):
    """`last` is the key or folder to go on after, when there is more."""

    objects: list[Stored]
    folders: list[str]
    last: str | None

    @property
    def count(self) -> int:
        return len(self.objects) + len(self.folders)


def answer(call: Call, bucket: str, rows: list[Stored]) -> Response:
    query, version_2 = call.query, call.query.get("list-type") == "2"
    limit = call.number("max-keys", MOST, 0, 2**31 - 1)
    delimiter, prefix = query.get("delimiter", ""), query.get("prefix", "")
    after = _start(query) if version_2 else query.get("marker", "")
    page = take_page(rows, prefix, delimiter, after, min(limit, MOST))
    url = query.get("encoding-type") == "url"
    name = (lambda text: quote(text, safe="/-_.~")) if url else str
    fields: list[tuple[str, Any]] = [
        ("Name", bucket),
        ("Prefix", name(prefix)),
        ("Delimiter", name(delimiter) if delimiter else None),
        ("MaxKeys", min(limit, MOST)),
        ("EncodingType", "url" if url else None),
        ("IsTruncated", page.last is not None),
        *(_position_2(query, page, name) if version_2 else _position_1(query, page, name)),
        *(("Contents", entry(stored, name)) for stored in page.objects),
        *(("CommonPrefixes", [("Prefix", name(folder))]) for folder in page.folders),
    ]
    return xml_response(document("ListBucketResult", fields))


def take_page(rows: Iterable[Stored], prefix: str, delimiter: str, after: str, limit: int) -> Page:
    """`rows` in order and all with the prefix. A folder counts as one, however much is in it."""
    page, last = Page([], [], None), after
    for stored in rows:
        folder = _folder(stored.key, prefix, delimiter)
        item = folder or stored.key
        if item.encode() <= after.encode() or (folder and page.folders[-1:] == [folder]):
            continue
        if page.count == limit:
            return page._replace(last=last if limit else None)
        last = item
        if folder:
            page.folders.append(folder)
        else:
            page.objects.append(stored)
    return page


def _folder(key: str, prefix: str, delimiter: str) -> str:
    """The key up to the first delimiter behind the prefix, if there is one."""
    place = key.find(delimiter, len(prefix)) if delimiter else -1
    return key[: place + len(delimiter)] if place >= 0 else ""


def _start(query: dict[str, str]) -> str:
    token = query.get("continuation-token")
    if token is None:
        return query.get("start-after", "")
    try:
        return base64.b64decode(token.encode(), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect") from None


def _position_2(query: dict[str, str], page: Page, name: Any) -> list[tuple[str, Any]]:
    token = None if page.last is None else base64.urlsafe_b64encode(page.last.encode()).decode()
    start = query.get("start-after")
    return [
        ("KeyCount", page.count),
        ("ContinuationToken", query.get("continuation-token")),
        ("NextContinuationToken", token),
        ("StartAfter", name(start) if start else None),
    ]


def _position_1(query: dict[str, str], page: Page, name: Any) -> list[tuple[str, Any]]:
    # Without a delimiter the caller goes on after the last key it was given.
    following = page.last if query.get("delimiter") else None
    return [
        ("Marker", name(query.get("marker", ""))),
        ("NextMarker", name(following) if following else None),
    ]
