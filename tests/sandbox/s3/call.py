"""One request in the terms of S3: bucket, key, sub-resource and headers."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from ..web import Request
from .errors import S3Error

SUBRESOURCES = ("uploadId", "uploads", "delete", "location", "list-type")
# Asking for these asks for something that this store does not have.
UNKNOWN = re.compile(
    r"accelerate|acl|analytics|attributes|cors|encryption|intelligent-tiering|inventory|legal-hold"
    r"|lifecycle|logging|metrics|notification|object-lock|ownershipControls|policy|policyStatus"
    r"|publicAccessBlock|replication|requestPayment|restore|retention|select|tagging|torrent"
    r"|versionId|versioning|versions|website"
)
OPERATIONS = {
    ("GET", "", ""): "list_buckets",
    ("GET", "bucket", ""): "list_objects",
    ("GET", "bucket", "list-type"): "list_objects",
    ("GET", "bucket", "location"): "get_bucket_location",
    ("HEAD", "bucket", ""): "head_bucket",
    ("POST", "bucket", ""): "post_object",
    ("POST", "bucket", "delete"): "delete_objects",
    ("GET", "object", ""): "get_object",
    ("HEAD", "object", ""): "head_object",
    ("PUT", "object", ""): "put_object",
    ("DELETE", "object", ""): "delete_object",
    ("POST", "object", "uploads"): "create_multipart_upload",
    ("PUT", "object", "uploadId"): "upload_part",
    ("GET", "object", "uploadId"): "list_parts",
    ("POST", "object", "uploadId"): "complete_multipart_upload",
    ("DELETE", "object", "uploadId"): "abort_multipart_upload",
    ("GET", "bucket", "uploads"): "list_multipart_uploads",
}
# What is no operation of the table by method and sub-resource alone.
NAMES = (*OPERATIONS.values(), "copy_object", "cdn")


class Call:
    """Path style: `/bucket/key`. `pairs` is the query in full, in the order it was sent."""

    def __init__(self, request: Request):
        self.request = request
        self.method, self.path = request.method, request.path
        self.pairs = parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
        self.query = dict(self.pairs)
        self.headers = _joined(request.headers.items())
        self.bucket, _, self.key = unquote(self.path.removeprefix("/")).partition("/")

    @property
    def operation(self) -> str:
        """Raises for what this store does not do."""
        if any(UNKNOWN.fullmatch(name) for name in self.query):
            raise S3Error("NotImplemented")
        level = ("object" if self.key else "bucket") if self.bucket else ""
        sub = next((name for name in SUBRESOURCES if name in self.query), "")
        operation = OPERATIONS.get((self.method, level, sub))
        if operation is None:
            raise S3Error("MethodNotAllowed")
        if "x-amz-copy-source" not in self.headers:
            return operation
        if operation != "put_object":
            raise S3Error("NotImplemented")
        return "copy_object"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A number of the query."""
        text = self.query.get(name) or str(default)
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            raise S3Error("InvalidArgument", f"Argument {name} must be between {least} and {most}")
        return int(text)


def _joined(items: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name, repeated ones with commas."""
    headers: dict[str, str] = {}
    for name, value in items:
        name = name.lower()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers
