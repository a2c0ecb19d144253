"""JSON as strict as money needs: UTF-8, no duplicate keys, no NaN, not nested without end."""

import codecs
import json

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32


class TooLarge(APIException):
    """Django's own limit guards request.body, which this parser does not use."""

    status_code = 413


class StrictJSONParser(BaseParser):
    media_type = "application/json"

    def parse(self, stream, media_type=None, parser_context=None):
        if int(stream.META["CONTENT_LENGTH"]) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        encoding = (parser_context or {}).get("encoding") or "utf-8"
        try:
            if codecs.lookup(encoding).name != "utf-8":
                raise LookupError
            text = stream.read().decode("utf-8")
        except (LookupError, UnicodeDecodeError):
            raise ParseError(_("请求内容必须是 UTF-8 编码")) from None
        if _depth(text) > MAX_DEPTH:
            raise ParseError(_("JSON 嵌套过深"))
        try:
            data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
            if "\\u" in text:  # half of a surrogate pair is no character: nothing could answer it
                json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ParseError(_("请求内容必须是 UTF-8 编码")) from None
        except ValueError as error:
            raise ParseError(_("JSON 格式错误：%(error)s") % {"error": error}) from None
        if not isinstance(data, dict | list):
            raise ParseError(_("JSON 格式错误：%(error)s") % {"error": "object or array expected"})
        return data


def _depth(text: str) -> int:
    """How deep brackets nest, those in strings counted too: an upper bound."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    for char in text:
        if char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def _unique(pairs):
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("duplicate key")
    return result


def _no_constant(name):
    raise ValueError(f"{name} is not JSON")
