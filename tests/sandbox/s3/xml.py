"""The little XML that the protocol needs."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from .errors import S3Error

TYPE = "application/xml"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def document(root: str, fields: Iterable[tuple[str, Any]]) -> bytes:
    """`fields` in order; a value that is a list holds fields itself, None leaves the field out."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{root} xmlns="{NAMESPACE}">{_inner(fields)}</{root}>'.encode()


def parse(body: bytes, root: str) -> ET.Element:
    """The root element, its namespace taken off everywhere."""
    try:
        element = ET.fromstring(body)
    except ET.ParseError:
        raise S3Error("MalformedXML") from None
    for node in element.iter():
        node.tag = node.tag.rpartition("}")[2]
    if element.tag != root:
        raise S3Error("MalformedXML")
    return element


def _inner(fields: Iterable[tuple[str, Any]]) -> str:
    return "".join(f"<{n}>{_text(v)}</{n}>" for n, v in fields if v is not None)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return _inner(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_FORBIDDEN.sub("", str(value)))
