"""The calls that make, copy and remove single objects."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from ..web import Response
from . import reading
from .call import Call
from .drafts import read_small
from .errors import S3Error
from .objects import Objects, Stored
from .xml import TYPE, document, parse

KEPT = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Type",
    "Expires",
)
LONGEST_KEY = 1024
MOST_DELETED = 1000
# The largest body that one request may bring.
LARGEST = 5 * 1024**3


class ObjectCalls:
    def __init__(self, bucket: str, objects: Objects):
        self._bucket, self._objects = bucket, objects

    def get(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        if (found := self._objects.open(call.key)) is None:
            raise S3Error("NoSuchKey", Key=call.key)
        return reading.answer(*found, call.headers, call.query)

    def put(self, call: Call, payload: str) -> Response:
        check_key(call.key)
        headers = read_headers(call.headers)
        if int(call.headers.get("content-length") or 0) > LARGEST:
            raise S3Error("EntityTooLarge")
        with self._objects.draft() as draft:
            draft.receive(call, payload)
            with self._objects.lock:
                if call.headers.get("if-none-match") == "*" and self._objects.find(call.key):
                    raise S3Error("PreconditionFailed", Condition="If-None-Match")
                stored = self._objects.put(call.key, draft, headers)
        return Response(200, b"", {"ETag": f'"{stored.etag}"'})

    def copy(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        check_key(call.key)
        source = self._source(call)
        replace = call.headers.get("x-amz-metadata-directive", "COPY").upper() == "REPLACE"
        if source == call.key and not replace:
            text = "This copy request is illegal because it is trying to copy an object to itself"
            raise S3Error("InvalidRequest", text)
        headers = read_headers(call.headers) if replace else None
        stored = self._objects.copy(source, call.key, headers)
        if stored is None:
            raise S3Error("NoSuchKey", Key=source)
        fields = [("LastModified", iso(stored.modified)), ("ETag", f'"{stored.etag}"')]
        return xml_response(document("CopyObjectResult", fields))

    def delete(self, call: Call, payload: str) -> Response:
        read_small(call, payload)
        self._objects.delete(call.key)
        return Response(204)

    def delete_many(self, call: Call, payload: str) -> Response:
        root = parse(read_small(call, payload), "Delete")
        keys = [node.findtext("Key") or "" for node in root.findall("Object")]
        if not 1 <= len(keys) <= MOST_DELETED or not all(keys):
            raise S3Error("MalformedXML")
        for key in keys:
            self._objects.delete(key)
        quiet = root.findtext("Quiet") == "true"
        fields = [] if quiet else [("Deleted", [("Key", key)]) for key in keys]
        return xml_response(document("DeleteResult", fields))

    def _source(self, call: Call) -> str:
        text = unquote(call.headers["x-amz-copy-source"]).removeprefix("/")
        bucket, _, key = text.partition("/")
        if bucket != self._bucket:
            raise S3Error("NoSuchBucket", BucketName=bucket)
        return key


def read_headers(headers: dict[str, str]) -> dict[str, str]:
    """What is kept with an object and given back with it."""
    if headers.get("x-amz-acl", "private") != "private":
        text = "The bucket does not allow ACLs"
        raise S3Error("AccessControlListNotSupported", text)
    kept = {name: headers[name.lower()] for name in KEPT if headers.get(name.lower())}
    return kept | {name: value for name, value in headers.items() if name.startswith("x-amz-meta-")}


def check_key(key: str) -> None:
    if len(key.encode()) > LONGEST_KEY:
        raise S3Error("KeyTooLongError", "Your key is too long")


def xml_response(body: bytes, status: int = 200, **headers: str) -> Response:
    return Response(status, body, {"Content-Type": TYPE, **headers})


def iso(moment: float) -> str:
    """Dates inside XML."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def entry(stored: Stored, name: Any = str) -> list[tuple[str, Any]]:
    """An object as lists show it; `name` writes its key."""
    return [
        ("Key", name(stored.key)),
        ("LastModified", iso(stored.modified)),
        ("ETag", f'"{stored.etag}"'),
        ("Size", stored.size),
        ("StorageClass", "STANDARD"),
    ]
