"""Key material of the merchant and of the platform."""

import json
import secrets
import threading
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from .. import crypto
from ..vault import open_vault, write_secret


class Pair(NamedTuple):
    """A signing key with the serial the other side knows it by."""

    serial: str
    key: rsa.RSAPrivateKey


class PlatformCertificate(NamedTuple):
    serial: str
    key: rsa.RSAPrivateKey
    pem: str
    certificate: x509.Certificate


class PayKeys:
    """All keys, loaded once: parsing a key costs more than signing with it."""

    def __init__(self, data: Path):
        self.directory = open_vault(data, "wxpay", _generate)
        identity = json.loads(self._read("merchant.json"))
        self.mchid: str = identity["mchid"]
        self.apiv3_key: str = identity["apiv3_key"]
        certificate = x509.load_pem_x509_certificate(self._read("mch_cert.pem").encode())
        self.merchant_serial = serial_of(certificate)
        self.merchant_public: rsa.RSAPublicKey = certificate.public_key()
        key = crypto.load_private(self._read("pub_key_private.pem"))
        self.public = Pair(identity["public_key_id"], key)
        self._rotating = threading.Lock()
        self.platform = self._load_platform()

    @property
    def merchant_key_file(self) -> Path:
        return self.directory / "mch_key.pem"

    @property
    def public_key_file(self) -> Path:
        return self.directory / "pub_key.pem"

    @cached_property
    def stranger(self) -> Pair:
        """A key that nobody trusts, for forged signatures."""
        return Pair(secrets.token_hex(20).upper(), crypto.new_rsa())

    def signer_for(self, wish: str | None) -> Pair:
        """The pair a request asks for with its Wechatpay-Serial header."""
        if wish == self.public.serial:
            return self.public
        for certificate in self.platform:
            if certificate.serial == wish:
                return Pair(certificate.serial, certificate.key)
        return Pair(self.platform[-1].serial, self.platform[-1].key)

    def rotate_platform(self) -> PlatformCertificate:
        """Start using a new platform certificate; the old ones stay listed."""
        with self._rotating:
            _write_platform(self.directory, len(self.platform) + 1)
            self.platform = self._load_platform()
        return self.platform[-1]

    def _load_platform(self) -> list[PlatformCertificate]:
        files = sorted(self.directory.glob("platform_cert_*.pem"))
        return [self._platform(file.name) for file in files]

    def _platform(self, name: str) -> PlatformCertificate:
        pem = self._read(name)
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = crypto.load_private(self._read(name.replace("_cert_", "_key_")))
        return PlatformCertificate(serial_of(certificate), key, pem, certificate)

    def _read(self, name: str) -> str:
        return (self.directory / name).read_text(encoding="utf-8")


def serial_of(certificate: x509.Certificate) -> str:
    return format(certificate.serial_number, "X")


def _generate(vault: Path) -> None:
    merchant, public = crypto.new_rsa(), crypto.new_rsa()
    mchid = f"16{secrets.randbelow(10**8):08d}"
    identity = {
        "mchid": mchid,
        "apiv3_key": secrets.token_hex(16),
        "public_key_id": f"PUB_KEY_ID_01{mchid}2026010100{secrets.token_hex(7)}".upper(),
    }
    write_secret(vault / "merchant.json", json.dumps(identity, indent=1))
    write_secret(vault / "mch_key.pem", crypto.private_pem(merchant))
    write_secret(vault / "mch_cert.pem", crypto.self_signed(merchant, mchid))
    write_secret(vault / "pub_key.pem", crypto.public_pem(public.public_key()))
    write_secret(vault / "pub_key_private.pem", crypto.private_pem(public))
    _write_platform(vault, 1)


def _write_platform(vault: Path, number: int) -> None:
    key = crypto.new_rsa()
    write_secret(vault / f"platform_key_{number:03d}.pem", crypto.private_pem(key))
    certificate = crypto.self_signed(key, "Tenpay.com sign")
    write_secret(vault / f"platform_cert_{number:03d}.pem", certificate)
