"""Checks the app's request signatures and signs answers and notices (RSA2)."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..clock import read_beijing
from ..crypto import rsa_sign, rsa_verify
from .errors import AlipayError
from .keys import AlipayKeys

WINDOW = 15 * 60
# What the merchants' SDKs have to send with every call.
PUBLIC = ("app_id", "method", "charset", "sign_type", "timestamp", "version")


def check_request(keys: AlipayKeys, params: Mapping[str, str], wall: float) -> None:
    """Raise unless the app's own key signed exactly these parameters just now.

    The string that is signed holds every parameter but `sign`; empty ones are left out.
    """
    if not params.get("method"):
        raise AlipayError("isv.missing-method")
    for name in PUBLIC:
        if not params.get(name):
            raise AlipayError(f"isv.missing-{name.replace('_', '-')}")
    if params["app_id"] != keys.app_id:
        raise AlipayError("isv.invalid-app-id")
    if params["sign_type"] != "RSA2":
        raise AlipayError("isv.invalid-signature-type")
    if (params["charset"].lower(), params["version"]) != ("utf-8", "1.0"):
        raise AlipayError("isv.invalid-charset")
    moment = read_beijing(params["timestamp"])
    if moment is None or abs(wall - moment) > WINDOW:
        raise AlipayError("isv.invalid-timestamp")
    signed = {name: value for name, value in params.items() if name != "sign" and value}
    if not rsa_verify(keys.app_public, joined(signed).encode(), params.get("sign", "")):
        raise AlipayError("isv.invalid-signature")


def sign_answer(keys: AlipayKeys, node: str, answer: dict[str, Any], trick: str = "") -> bytes:
    """The signature covers the node's value as the very text that is sent.

    `trick`: "bad_signature" signs something else.
    """
    value = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    message = value.encode() + (b"!" if trick == "bad_signature" else b"")
    return f'{{"{node}":{value},"sign":"{rsa_sign(keys.platform, message)}"}}'.encode()


def sign_notice(keys: AlipayKeys, fields: dict[str, str], trick: str = "") -> bytes:
    """The form of a notice; `sign_type` is sent and not signed."""
    message = joined(fields).encode()
    key = keys.stranger if trick == "forged" else keys.platform
    signature = rsa_sign(key, message + (b"!" if trick == "bad_signature" else b""))
    form = fields | {"sign_type": "RSA2"} | ({} if trick == "none" else {"sign": signature})
    return urlencode(form).encode()


def joined(fields: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(fields.items()))


def response_node(method: str) -> str:
    """The name of the answer; a method that is no name has none."""
    known = re.fullmatch(r"[a-z.]{1,60}", method)
    return f"{method.replace('.', '_')}_response" if known else "error_response"
