"""What may be kept of a request's parameters: no secrets, no health data, not without end."""

import json
import re
from functools import cache
from typing import Any

from django.apps import apps

from accounts.fields import EncryptedTextField

HIDDEN = "***"
MAX_DEPTH, MAX_ITEMS, MAX_TEXT, MAX_JSON = 6, 50, 200, 4000
_SECRET = re.compile(
    r"pass(word|wd)?\d?$|passwd|password|secret|token|session|openid|credential|signature|"
    r"authorization|cookie|captcha|"
    r"^(\w+_)?(sms|wx|js|login|phone|totp|auth|backup|recovery|new|old)_codes?$|^codes?$|"
    r"^(refresh|access|otp|totp|pin|auth)$|(^|_|api)key$|phone|mobile|email|"
    r"id_?(card|number|no)$|bank|emergency|guardian|birth",
    re.IGNORECASE,
)
# Of roles and counselors, and why staff did something, as well: staff never write a client's.
_COMMON = {"name", "reason"}
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)", re.ASCII)
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)", re.ASCII)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(\.[\w-]+)+")
_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|bxk_[0-9a-f]{12}_[\w-]+", re.ASCII)


def redact(value: Any, *, depth: int = 0) -> Any:
    """`value` as JSON that may be kept: secret fields hidden at any depth, long parts cut."""
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        items = list(value.items())[:MAX_ITEMS]
        return {
            clean(str(name)[:64]): HIDDEN if is_secret(str(name)) else redact(item, depth=depth + 1)
            for name, item in items
        }
    if isinstance(value, list | tuple):
        return [redact(item, depth=depth + 1) for item in value[:MAX_ITEMS]]
    if value is None or isinstance(value, bool | int):
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)
    return clean(str(value))


def redact_all(params: dict) -> dict:
    """redact(), and nothing at all when even the rest is too large."""
    kept = redact(params)
    return kept if len(json.dumps(kept)) <= MAX_JSON else {"…": sorted(kept)[:MAX_ITEMS]}


def redact_changes(changes: dict[str, dict[str, list]]) -> list[dict]:
    """[{"object": "app.model#pk", "fields": {name: [from, to]}}] of what was collected."""
    kept = []
    for place, fields in list(changes.items())[:MAX_ITEMS]:
        kept.append({"object": clean(place), "fields": redact(fields)})
        if len(json.dumps(kept)) > MAX_JSON:
            kept[-1]["fields"] = {"…": sorted(fields)[:MAX_ITEMS]}
    return kept


def is_secret(name: str) -> bool:
    """By its name; what a model keeps encrypted is secret in a request too."""
    return name.lower() in _encrypted() or _SECRET.search(name) is not None


def clean(text: str) -> str:
    """One printable line without phone and identity card numbers, addresses and tokens."""
    text = _JWT.sub(HIDDEN, _ID_CARD.sub(HIDDEN, text[: MAX_TEXT * 4]))
    text = _EMAIL.sub(HIDDEN, _PHONE.sub(r"\1****\2", text))
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


@cache
def _encrypted() -> frozenset[str]:
    return frozenset(
        field.name
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField) and field.name not in _COMMON
    )
