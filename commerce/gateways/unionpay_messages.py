"""Messages of UnionPay's ACP 5.1.0: how they are written, signed and believed.

The signature covers all fields but itself, sorted, as k=v joined by &, and is made over the
lower-case hex SHA-256 of that text (so SHA-256 is applied twice).  Every message from UnionPay
carries the certificate it was signed with: issued by the middle certificate we were given, which
the root issued, and made out to UnionPay itself; a merchant's own, of the same issuer, is not.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

OWNERS = ("中国银联股份有限公司", "00040000:SIGN")  # in production, in UnionPay's test environment


class Distrusted(Exception):
    """Not a message of UnionPay's."""


class Signer:
    """The merchant's key; certId is its certificate's serial in decimal."""

    def __init__(self, pfx: bytes, password: str):
        self._key, certificate, _others = pkcs12.load_key_and_certificates(pfx, password.encode())
        self.cert_id = str(certificate.serial_number)

    def sign(self, fields: Mapping[str, str]) -> dict[str, str]:
        signature = self._key.sign(_digest(fields), padding.PKCS1v15(), hashes.SHA256())
        return {**fields, "signature": base64.b64encode(signature).decode()}


def read_answer(text: str) -> dict[str, str]:
    """k=v&k=v without URL encoding; {…} and […] protect what is inside."""
    parts, depth, start = [], 0, 0
    for place, char in enumerate(text):
        if char in "{[":
            depth += 1
        elif char in "}]":
            depth -= 1
        elif char == "&" and depth <= 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    return dict(part.split("=", 1) for part in parts if "=" in part)


def check(fields: Mapping[str, str], *, root: str, middle: str) -> None:
    """Raise Distrusted unless UnionPay signed exactly these fields.  root, middle: files."""
    certificate = _trusted(fields.get("signPubKeyCert", ""), root, middle)
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise Distrusted("validity")
    try:
        signature = base64.b64decode(fields.get("signature", ""), validate=True)
        key = certificate.public_key()
        key.verify(signature, _digest(fields), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError, AttributeError, TypeError) as error:
        raise Distrusted("signature") from error


@lru_cache(maxsize=16)
def _trusted(pem: str, root: str, middle: str) -> x509.Certificate:
    """The certificate of a message; checked against its issuers once per text."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        above = _certificate(middle)
        certificate.verify_directly_issued_by(above)
        above.verify_directly_issued_by(_certificate(root))
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise Distrusted("issuer") from error
    parts = str(names[0].value).split("@") if names else []
    if len(parts) < 3 or parts[2] not in OWNERS:
        raise Distrusted("owner")
    return certificate


@lru_cache(maxsize=8)
def _certificate(path: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(path).read_bytes())


def _digest(fields: Mapping[str, str]) -> bytes:
    text = "&".join(
        f"{name}={value}"
        for name, value in sorted(fields.items())
        if name != "signature" and value != ""
    )
    return hashlib.sha256(text.encode()).hexdigest().encode()
