"""Every body is {code, message, data}; money is a number with two decimals, time is UTC with Z."""

from datetime import UTC, datetime
from decimal import Decimal

import orjson
from rest_framework.renderers import BaseRenderer

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


class EnvelopeRenderer(BaseRenderer):
    """Errors arrive here already in the envelope's shape; everything else is wrapped."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        response = (renderer_context or {}).get("response")
        if isinstance(data, Enveloped):
            return data.body
        if not getattr(response, "exception", False):
            data = {"code": 0, "message": "success", "data": {} if data is None else data}
        return dumps(data)


class Enveloped:
    """A body that was rendered before (an idempotent answer, a cached page)."""

    def __init__(self, body: bytes):
        self.body = body


def dumps(data) -> bytes:
    return orjson.dumps(data, default=_default, option=_OPTIONS)


def _default(value):
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    if isinstance(value, datetime):
        value = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        return value.isoformat(timespec="seconds") + "Z"
    return str(value)
