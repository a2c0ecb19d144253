"""What may be kept of a request's parameters: no secrets, no health data, not without end."""

import json
import re
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model

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
# Sealed of some models and harmless of all others: the name of a role, why somebody was suspended,
# the number of an order.  Hidden where what is written belongs to a model that seals them.
_ORDINARY = {"name", "reason", "number", "text"}
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)", re.ASCII)
_ID_CARD = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)", re.ASCII)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(\.[\w-]+)+")
_JWT = re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|bxk_[0-9a-f]{12}_[\w-]+", re.ASCII)


def redact(value: Any, *, of: type[Model] | None = None, depth: int = 0) -> Any:
    """`value` as JSON that may be kept: secret fields hidden at any depth, long parts cut.

    of: the model it is written to; what that one keeps encrypted is hidden whatever its name.
    """
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, dict):
        items = list(value.items())[:MAX_ITEMS]
        return {
            clean(str(name)[:64]): HIDDEN
            if is_secret(str(name), of=of)
            else redact(item, of=of, depth=depth + 1)
            for name, item in items
        }
    if isinstance(value, list | tuple):
        return [redact(item, of=of, depth=depth + 1) for item in value[:MAX_ITEMS]]
    if value is None or isinstance(value, bool | int):
        return value if not isinstance(value, int) or abs(value) < 2**53 else str(value)
    return clean(str(value))


def redact_all(params: dict, *, of: type[Model] | None = None) -> dict:
    """redact(), and nothing at all when even the rest is too large."""
    kept = redact(params, of=of)
    return kept if len(json.dumps(kept)) <= MAX_JSON else {"…": sorted(kept)[:MAX_ITEMS]}


def redact_changes(changes: dict[str, dict[str, list]]) -> list[dict]:
    """[{"object": "app.model#pk", "fields": {name: [from, to]}}] of what was collected."""
    kept = []
    for place, fields in list(changes.items())[:MAX_ITEMS]:
        kept.append({"object": clean(place), "fields": redact(fields, of=_model(place))})
        if len(json.dumps(kept)) > MAX_JSON:
            kept[-1]["fields"] = {"…": sorted(fields)[:MAX_ITEMS]}
    return kept


def is_secret(name: str, *, of: type[Model] | None = None) -> bool:
    """By its name; what a model keeps encrypted is secret in a request too."""
    known = _anywhere() if of is None else _anywhere() | _encrypted(of)
    return name.lower() in known or _SECRET.search(name) is not None


def clean(text: str) -> str:
    """One printable line without phone and identity card numbers, addresses and tokens."""
    text = _JWT.sub(HIDDEN, _ID_CARD.sub(HIDDEN, text[: MAX_TEXT * 4]))
    text = _EMAIL.sub(HIDDEN, _PHONE.sub(r"\1****\2", text))
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _model(place: str) -> type[Model] | None:
    """Of "app.model#pk"."""
    try:
        return apps.get_model(place.partition("#")[0])
    except (LookupError, ValueError):
        return None


@cache
def _anywhere() -> frozenset[str]:
    """What any model keeps encrypted, ordinary words aside."""
    return frozenset().union(*map(_encrypted, apps.get_models())) - _ORDINARY


@cache
def _encrypted(model: type[Model]) -> frozenset[str]:
    fields = model._meta.concrete_fields
    return frozenset(field.name for field in fields if isinstance(field, EncryptedTextField))
