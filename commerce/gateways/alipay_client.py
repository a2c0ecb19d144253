"""The wire to Alipay (RSA2, public-key mode): what we send is signed, what we believe was signed.

python-alipay-sdk builds, signs and verifies; the wire is ours, because the SDK sends every call
as one long GET without a limit on the answer, and loses its place at a brace inside a text.
"""

import binascii
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from alipay import AliPay
from alipay.exceptions import AliPayException
from django.conf import settings

from commerce.errors import NoticeRefused
from commerce.gateways.base import GatewayError, GatewayUnknown
from commerce.gateways.facts import text
from commerce.gateways.page import post_form, return_url

# The platform does not know itself what became of the request.
_UNKNOWN_CODES = {"10003", "20000"}
_UNKNOWN = {"SYSTEM_ERROR"}
# Nothing is wrong with the request itself: our account and keys, limits, the balance.
_AGAIN_CODES = {"20001", "40005", "40006"}
_AGAIN = {
    "SELLER_BALANCE_NOT_ENOUGH", "isv.invalid-app-id", "isv.invalid-signature",
    "isv.invalid-timestamp",
}  # fmt: skip


def page(method: str, content: dict[str, Any]) -> str:
    """The address of a page of theirs, signed; no network."""
    return _sdk().page(method, content)


def call(method: str, content: dict[str, Any]) -> dict[str, Any]:
    """The answer to a call that was granted; GatewayError or GatewayUnknown otherwise."""
    answer = _sdk().call(method, content)
    code, word = str(answer.get("code")), text(answer, "sub_code").removeprefix("ACQ.")
    if code == "10000":
        return answer
    if code in _UNKNOWN_CODES or word in _UNKNOWN:
        raise GatewayUnknown(f"{code} {word}")
    again = code in _AGAIN_CODES or word in _AGAIN
    raise GatewayError(word or code, text(answer, "sub_msg", 200), again=again)


def check_signature(facts: dict[str, str]) -> None:
    """Of a notice: over every field but sign and sign_type, the unknown ones included."""
    facts = dict(facts)  # the SDK takes fields away
    try:
        genuine = _sdk().verify(facts, facts.pop("sign", ""))
    except (AliPayException, binascii.Error, ValueError) as error:
        raise NoticeRefused("forged", "signature") from error
    if not genuine:
        raise NoticeRefused("forged", "signature")


class _Client(AliPay):
    """The SDK with an address of our choice, its own time-out and no surprises on the wire."""

    def __init__(self, gateway: str, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.gateway = gateway

    def page(self, method: str, content: dict[str, Any]) -> str:
        signed = self.client_api(method, content, return_url=return_url())
        return f"{self.gateway}?{signed}"

    def call(self, method: str, content: dict[str, Any]) -> dict[str, Any]:
        """The answer's node; GatewayUnknown for what is not an answer that Alipay signed."""
        form = self.sign_data(self.build_body(method, content))
        answered = post_form(self.gateway, form)
        node = method.replace(".", "_") + "_response"
        try:
            whole = json.loads(answered)
            answer, signature = whole[node], whole["sign"]
            signed = _signed_part(answered, node)
            genuine = isinstance(answer, dict) and self._verify(signed, signature)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GatewayUnknown(f"an answer without {node}") from error
        if not genuine:
            raise GatewayUnknown("an answer with a wrong signature")
        return answer


def _sdk() -> _Client:
    return _client(
        settings.ALIPAY_GATEWAY,
        settings.ALIPAY_APPID,
        settings.ALIPAY_PRIVATE_KEY_FILE,
        settings.ALIPAY_PUBLIC_KEY_FILE,
        f"{settings.PUBLIC_URL}/api/v1/pay/callback/alipay",
    )


@lru_cache(maxsize=4)
def _client(gateway, appid, private_key, public_key, notify_url) -> _Client:
    return _Client(
        gateway,
        appid,
        notify_url,
        Path(private_key).read_text(),
        Path(public_key).read_text(),
    )


def _signed_part(answered: str, node: str) -> str:
    """The node's value exactly as it was sent: the signature covers those characters."""
    start = answered.index(":", answered.index(f'"{node}"') + len(node) + 2) + 1
    while answered[start] in " \r\n\t":
        start += 1
    _, end = json.JSONDecoder().raw_decode(answered, start)
    return answered[start:end]
