"""Reads request bodies field by field; every misfit is a PARAM_ERROR that names the field."""

import re
from typing import Any
from urllib.parse import urlsplit

from ..clock import parse_rfc3339
from .errors import bad_field


class Reader:
    """One JSON object of a request, with its place in the body."""

    def __init__(self, data: Any, place: str = ""):
        if not isinstance(data, dict):
            raise bad_field(place or "/", "应为对象")
        self.data = data
        self._place = place

    def text(
        self, name: str, longest: int, required: bool = False, pattern: re.Pattern | None = None
    ) -> str:
        """A text of at most `longest` characters; an absent one is empty."""
        value = self._value(name, required)
        if value is None:
            return ""
        if not isinstance(value, str) or (required and not value):
            raise self.bad(name, "应为非空字符串")
        if len(value) > longest:
            raise self.bad(name, f"长度超过{longest}")
        if pattern is not None and not pattern.fullmatch(value):
            raise self.bad(name, "格式不正确")
        return value

    def whole(self, name: str, least: int = 0) -> int:
        value = self._value(name, True)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.bad(name, "应为整数")
        if value < least:
            raise self.bad(name, f"不能小于{least}")
        return value

    def flag(self, name: str) -> bool:
        value = self._value(name, False)
        if value is not None and not isinstance(value, bool):
            raise self.bad(name, "应为布尔值")
        return bool(value)

    def moment(self, name: str) -> float | None:
        value = self._value(name, False)
        if value is None:
            return None
        try:
            return parse_rfc3339(value)
        except (TypeError, ValueError):
            raise self.bad(name, "应为RFC3339格式的时间") from None

    def url(self, name: str, required: bool = False) -> str:
        """A callback address. Real ones must be public and HTTPS; ours may be local and plain."""
        value = self.text(name, 255, required)
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.netloc and not parts.fragment
        if value and (not good or "?" in value):
            raise self.bad(name, "应为不带参数的完整地址")
        return value

    def group(self, name: str, required: bool = False) -> "Reader | None":
        value = self._value(name, required)
        return None if value is None else Reader(value, f"{self._place}/{name}")

    def texts(self, name: str) -> list[str]:
        value = self._value(name, False) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.bad(name, "应为字符串数组")
        return value

    def groups(self, name: str) -> "list[Reader]":
        value = self._value(name, False) or []
        if not isinstance(value, list):
            raise self.bad(name, "应为数组")
        return [Reader(item, f"{self._place}/{name}/{n}") for n, item in enumerate(value)]

    def bad(self, name: str, issue: str):
        return bad_field(f"{self._place}/{name}", issue, self.data.get(name))

    def _value(self, name: str, required: bool) -> Any:
        value = self.data.get(name)
        if required and value is None:
            raise self.bad(name, "必填")
        return value
