"""The CDN: reads the bucket for whoever holds a link signed by type A."""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from ..web import Response
from . import reading
from .call import Call
from .errors import S3Error
from .links import Links
from .objects import Objects

# Both providers' names for the same recipe.
PARAMETERS = ("auth_key", "sign")
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


@dataclass
class Rules:
    """`referers` empty: all hosts may link. A leading dot allows every host below it."""

    life: float = 1800
    referers: list[str] = field(default_factory=list)
    allow_empty: bool = True


class Cdn:
    """`/key?auth_key={time}-{random}-{user}-{md5}`; the bucket's name is not part of the path."""

    def __init__(self, world, key: str, objects: Objects, links: Links):
        self._store, self._key = world.store, key
        self._objects, self._links = objects, links
        self._rules = world.store.table("s3.cdn", Rules)

    @property
    def rules(self) -> Rules:
        return self._rules.get("main") or Rules()

    def change_rules(self, order: dict[str, Any]) -> Rules:
        rules = Rules(**(vars(self.rules) | order))
        if not isinstance(rules.referers, list) or not isinstance(rules.allow_empty, bool):
            raise ValueError("referers: a list of hosts; allow_empty: true or false")
        with self._store.change():
            self._rules["main"] = rules
        return rules

    def concerns(self, call: Call) -> bool:
        """A link of the CDN has its parameter and nothing of the store's own signatures."""
        own = "authorization" in call.headers or "X-Amz-Signature" in call.query
        return not own and any(name in call.query for name in PARAMETERS)

    def answer(self, call: Call) -> Response:
        if call.method not in ("GET", "HEAD"):
            return Response(405, b"Method Not Allowed", TEXT)
        if refusal := self._refusal(call):
            return Response(403, refusal.encode(), TEXT | {"X-Tengine-Error": refusal})
        key = unquote(call.path).removeprefix("/")
        if (found := self._objects.open(key)) is None:
            return S3Error("NoSuchKey", Key=key).response(call.path)
        try:
            return reading.answer(*found, call.headers, {})
        except S3Error as error:
            return error.response(call.path)

    def _refusal(self, call: Call) -> str:
        if not self._knows_referer(call.headers.get("referer", "")):
            return "denied by Referer ACL"
        text = next(call.query[name] for name in PARAMETERS if name in call.query)
        parts = text.split("-")
        if len(parts) != 4 or not (parts[0].isascii() and parts[0].isdigit()):
            return "denied by req auth: invalid auth_key"
        expected = type_a(call.path, *parts[:3], self._key)
        if not hmac.compare_digest(expected.encode(), parts[3].encode()):
            return "denied by req auth: invalid md5hash"
        if self._links.age(int(parts[0])) > self.rules.life:
            return "denied by req auth: expired timestamp"
        return ""

    def _knows_referer(self, referer: str) -> bool:
        rules = self.rules
        if not rules.referers:
            return True
        if not referer:
            return rules.allow_empty
        host = urlsplit(referer).hostname or ""
        return any(
            host == name or (name.startswith(".") and host.endswith(name))
            for name in rules.referers
        )


def type_a(path: str, moment: str, rand: str, uid: str, key: str) -> str:
    """MD5 over the path as it was requested, percent signs included."""
    return hashlib.md5(f"{path}-{moment}-{rand}-{uid}-{key}".encode()).hexdigest()
