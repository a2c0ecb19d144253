"""Receipts as the providers post them: a JSON list, each in its own words."""

import json
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Report(NamedTuple):
    """One message's fate.  reason: the provider's code for it."""

    message_id: str
    delivered: bool
    reason: str


class Dialect(NamedTuple):
    """How a provider reports, and what it wants to hear: `done` ends its retries."""

    read: Callable[[Mapping[str, Any]], Report]
    done: dict
    again: dict


def _aliyun(entry: Mapping[str, Any]) -> Report:
    return Report(_text(entry["biz_id"]), entry["success"] is True, _text(entry.get("err_code")))


def _tencent(entry: Mapping[str, Any]) -> Report:
    delivered = entry["report_status"] == "SUCCESS"
    return Report(_text(entry["sid"]), delivered, _text(entry.get("errmsg")))


DIALECTS = {
    "aliyun": Dialect(_aliyun, {"code": 0, "msg": "成功"}, {"code": 1, "msg": "未知的消息"}),
    "tencent": Dialect(
        _tencent, {"result": 0, "errmsg": "OK"}, {"result": 1, "errmsg": "unknown message"}
    ),
}


def read_reports(provider: str, body: bytes) -> list[Report]:
    """The receipts in a body.  Raises ValueError for anything else, KeyError for no provider."""
    read = DIALECTS[provider].read
    try:
        entries = json.loads(body)
        if not isinstance(entries, list):
            raise ValueError("not a list")
        return [read(entry) for entry in entries]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a receipt") from error


def _text(value: Any) -> str:
    """A short printable ASCII word."""
    text = value if isinstance(value, str) else ""
    return "".join(letter for letter in text[:64] if "!" <= letter <= "~")
