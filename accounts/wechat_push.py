"""What WeChat pushes to us: is it from WeChat, and what does it say?

Safe mode signs and encrypts the body.  Plain mode signs neither, only time and nonce, so it is
understood only while no key for safe mode is configured.
"""

import base64
import hashlib
import json
import struct
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.utils.crypto import constant_time_compare

LARGEST_BODY = 64 * 1024
DEEPEST = 8
_RANDOM, _BLOCK = 16, 32  # the cipher pads to 32 bytes, not to the block of AES


class PushRefused(Exception):
    """Not from WeChat, too old, or not to be read."""


def signature_of(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def check_signature(query: Mapping[str, str], name: str = "signature", *more: str) -> None:
    """Raise PushRefused unless query[name] is that of token, timestamp, nonce and `more`."""
    given = (query.get("timestamp", ""), query.get("nonce", ""))
    expected = signature_of(settings.WX_PUSH_TOKEN, *given, *more)
    if not constant_time_compare(expected, query.get(name, "")):
        raise PushRefused(name)


def read_event(query: Mapping[str, str], body: bytes, *, window: int) -> dict[str, Any]:
    """The event in a body of JSON or XML.  Raises PushRefused.

    window: how many seconds the timestamp may be off.
    """
    check_signature(query)
    _check_time(query.get("timestamp", ""), window)
    event = _parsed(body)
    if settings.WX_PUSH_AES_KEY:
        sealed = event.get("Encrypt")
        if not isinstance(sealed, str):
            raise PushRefused("not encrypted")
        check_signature(query, "msg_signature", sealed)
        event = _parsed(_opened(sealed))
    return event


def items_of(event: Mapping[str, Any], wrapper: str) -> list[dict[str, Any]]:
    """The entries of List: one or several, in XML inside of `wrapper`."""
    inner = event.get(wrapper)
    found = (inner if isinstance(inner, dict) else event).get("List")
    entries = found if isinstance(found, list) else [found]
    return [entry for entry in entries if isinstance(entry, dict)]


def _check_time(stamp: str, window: int) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise PushRefused("timestamp")
    if abs(time.time() - int(stamp)) > window:
        raise PushRefused("too old")


def _parsed(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST_BODY:
        raise PushRefused("too large")
    try:
        text = body.decode().strip()
        event = _from_xml(text) if text.startswith("<") else json.loads(text)
    except (ValueError, RecursionError, LookupError, ElementTree.ParseError):
        raise PushRefused("unreadable") from None
    if not isinstance(event, dict):
        raise PushRefused("not an object")
    return event


def _from_xml(text: str) -> Any:
    if "<!DOCTYPE" in text.upper():  # entities
        raise PushRefused("a document type")
    return _value(ElementTree.fromstring(text), 0)


def _value(element: ElementTree.Element, depth: int) -> Any:
    """Text, or a dict of the children; children of one name become a list."""
    if depth > DEEPEST:
        raise PushRefused("too deep")
    if not len(element):
        return element.text or ""
    found: dict[str, list] = {}
    for child in element:
        found.setdefault(child.tag, []).append(_value(child, depth + 1))
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def _opened(sealed: str) -> bytes:
    """The message: behind 16 random bytes and its length, before the appid."""
    try:
        key = base64.b64decode(f"{settings.WX_PUSH_AES_KEY}=")
        decryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
        plain = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        padding = plain[-1]
        (length,) = struct.unpack(">I", plain[_RANDOM : _RANDOM + 4])
    except (ValueError, IndexError, struct.error):
        raise PushRefused("not to be decrypted") from None
    end = _RANDOM + 4 + length
    appid = plain[end : len(plain) - padding]
    if not 1 <= padding <= _BLOCK or appid != settings.WX_APPID.encode():
        raise PushRefused("for another app")
    return plain[_RANDOM + 4 : end]
