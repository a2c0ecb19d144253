"""Checks the merchant's signatures and signs answers and notices."""

import hashlib
from collections.abc import Mapping

from ..crypto import rsa_sign, rsa_verify
from .errors import UnionPayError
from .keys import UnionPayKeys

NEEDED = {
    "version", "encoding", "signMethod", "certId", "merId", "txnType", "orderId", "txnTime",
}  # fmt: skip


def check_request(keys: UnionPayKeys, fields: Mapping[str, str]) -> None:
    """Raise unless the merchant's own key signed exactly these fields."""
    needed = NEEDED if fields.get("txnType") != "76" else NEEDED - {"orderId"}
    for name in sorted(needed):
        if not fields.get(name):
            raise UnionPayError("13", f"报文要素缺失[{name}]")
    if (fields["version"], fields["signMethod"]) != ("5.1.0", "01"):
        raise UnionPayError("10", "报文格式错误")
    good = fields["certId"] == keys.cert_id and fields["merId"] == keys.mer_id
    if not (good and rsa_verify(keys.merchant_public, digest(fields), fields.get("signature", ""))):
        raise UnionPayError("11")


def sign(keys: UnionPayKeys, fields: Mapping[str, str], trick: str = "") -> dict[str, str]:
    """`trick`: "bad_signature" signs something else, "forged" and "merchant" sign with keys
    that nobody may trust, "none" does not sign."""
    key, certificate = keys.forgeries.get(trick) or keys.signer
    whole = {**fields, "signPubKeyCert": certificate}
    if trick == "none":
        return whole
    signature = rsa_sign(key, digest(whole) + (b"!" if trick == "bad_signature" else b""))
    return whole | {"signature": signature}


def plain_text(fields: Mapping[str, str]) -> bytes:
    """How answers are written: not URL-encoded."""
    return "&".join(f"{name}={value}" for name, value in fields.items()).encode()


def digest(fields: Mapping[str, str]) -> bytes:
    kept = {name: value for name, value in fields.items() if name != "signature" and value}
    text = "&".join(f"{name}={value}" for name, value in sorted(kept.items()))
    return hashlib.sha256(text.encode()).hexdigest().encode()
