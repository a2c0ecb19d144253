"""The calculations of AWS Signature Version 4, without any rule about who may do what."""

import hashlib
import hmac
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, unquote

SCHEME = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"
STAMP = "%Y%m%dT%H%M%SZ"


class Scope(NamedTuple):
    """A credential: whose key, and what it was derived for."""

    key_id: str
    date: str
    region: str
    service: str
    end: str

    @classmethod
    def read(cls, text: str) -> "Scope":
        """Raises ValueError for anything but five parts that end as they must."""
        scope = cls(*text.split("/")) if text.count("/") == 4 else None
        if scope is None or (scope.service, scope.end) != ("s3", "aws4_request"):
            raise ValueError(text)
        return scope

    def sign(self, secret: str, text: str) -> str:
        key = f"AWS4{secret}".encode()
        for part in self[1:]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def canonical_request(
    method: str, path: str, pairs: Iterable[tuple[str, str]], headers: str, payload: str
) -> str:
    """`headers`: the lines of the signed ones, an empty line and their names."""
    return "\n".join((method, _quote(unquote(path), "/"), _joined(pairs), headers, payload))


def header_lines(headers: dict[str, str], signed: list[str]) -> str:
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed)
    return f"{lines}\n{';'.join(signed)}"


def string_to_sign(stamp: str, scope: Scope, canonical: str) -> str:
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join((SCHEME, stamp, "/".join(scope[1:]), digest))


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    quoted = sorted((_quote(name), _quote(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in quoted)


def _quote(text: str, safe: str = "") -> str:
    return quote(text, safe=f"{safe}-_.~")
