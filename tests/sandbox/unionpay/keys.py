"""Key material: the platform's two issuers and signing certificate, the merchant's PFX."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from .. import crypto
from ..vault import open_vault, write_secret

OWNER = "中国银联股份有限公司"
ROOT, MIDDLE = "SANDBOX UP ROOT", "SANDBOX UP MIDDLE"


class UnionPayKeys:
    """Loaded once. `signer` and its forgeries are (key, certificate in PEM)."""

    def __init__(self, data: Path):
        self.directory = open_vault(data, "unionpay", _generate)
        identity = json.loads(self._read("merchant.json"))
        self.mer_id: str = identity["mer_id"]
        self.pfx_password: str = identity["pfx_password"]
        _key, certificate, _others = pkcs12.load_key_and_certificates(
            self.pfx_file.read_bytes(), self.pfx_password.encode()
        )
        self.cert_id = str(certificate.serial_number)
        self.merchant_public: rsa.RSAPublicKey = certificate.public_key()
        self.signer = (crypto.load_private(self._read("up_sign.key")), self._read("up_sign.cer"))

    @property
    def pfx_file(self) -> Path:
        return self.directory / "acp_sign.pfx"

    @cached_property
    def forgeries(self) -> dict[str, tuple[rsa.RSAPrivateKey, str]]:
        """Signers nobody may trust: of an unknown issuer, and another merchant's own.

        And one to be trusted without anybody being told: the platform's next certificate.
        """
        key, middle = crypto.new_rsa(), crypto.load_private(self._read("middle.key"))
        name = f"041@Z2020@{OWNER}@00000009"
        return {
            "forged": (key, _pem(_issue(name, key, MIDDLE, key))),
            "merchant": (key, _pem(_issue("041@777@ANOTHER SHOP@1", key, MIDDLE, middle))),
            "renewed": (key, _pem(_issue(name, key, MIDDLE, middle))),
        }

    def _read(self, name: str) -> str:
        return (self.directory / name).read_text(encoding="utf-8")


def _generate(vault: Path) -> None:
    root, middle, platform, merchant = (crypto.new_rsa() for _ in range(4))
    identity = {
        "mer_id": f"7772900{secrets.randbelow(10**8):08d}",
        "pfx_password": secrets.token_hex(8),
    }
    write_secret(vault / "merchant.json", json.dumps(identity, indent=1))
    write_secret(vault / "root.cer", _pem(_issue(ROOT, root, ROOT, root, authority=True)))
    write_secret(vault / "middle.cer", _pem(_issue(MIDDLE, middle, ROOT, root, authority=True)))
    write_secret(vault / "middle.key", crypto.private_pem(middle))
    write_secret(vault / "up_sign.key", crypto.private_pem(platform))
    name = f"041@Z2020@{OWNER}@00000001"
    write_secret(vault / "up_sign.cer", _pem(_issue(name, platform, MIDDLE, middle)))
    certificate = _issue(f"041@{identity['mer_id']}@SHOP@00000002", merchant, MIDDLE, middle)
    lock = serialization.BestAvailableEncryption(identity["pfx_password"].encode())
    pfx = pkcs12.serialize_key_and_certificates(b"merchant", merchant, certificate, None, lock)
    (vault / "acp_sign.pfx").touch(mode=0o600)
    (vault / "acp_sign.pfx").write_bytes(pfx)


def _issue(
    name: str,
    key: rsa.RSAPrivateKey,
    issuer: str,
    issuer_key: rsa.RSAPrivateKey,
    authority: bool = False,
) -> x509.Certificate:
    start = datetime.now(UTC) - timedelta(days=30)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=crypto.CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(authority, None), True)
    )
    return builder.sign(issuer_key, SHA256())


def _name(text: str) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "CN")
    return x509.Name([country, x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
