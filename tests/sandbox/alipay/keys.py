"""Key material of the merchant's app and of the platform."""

import json
import secrets
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from .. import crypto
from ..vault import open_vault, write_secret


class AlipayKeys:
    """Loaded once; `stranger` is a key that nobody trusts."""

    def __init__(self, data: Path):
        self.directory = open_vault(data, "alipay", _generate)
        identity = json.loads(self._read("app.json"))
        self.app_id: str = identity["app_id"]
        self.seller_id: str = identity["seller_id"]
        self.app_public = crypto.load_private(self._read("app_key.pem")).public_key()
        self.platform: rsa.RSAPrivateKey = crypto.load_private(self._read("alipay_private.pem"))

    @property
    def app_key_file(self) -> Path:
        return self.directory / "app_key.pem"

    @property
    def public_key_file(self) -> Path:
        return self.directory / "alipay_key.pem"

    @cached_property
    def stranger(self) -> rsa.RSAPrivateKey:
        return crypto.new_rsa()

    def _read(self, name: str) -> str:
        return (self.directory / name).read_text(encoding="utf-8")


def _generate(vault: Path) -> None:
    app, platform = crypto.new_rsa(), crypto.new_rsa()
    identity = {
        "app_id": f"2021{secrets.randbelow(10**12):012d}",
        "seller_id": f"2088{secrets.randbelow(10**12):012d}",
    }
    write_secret(vault / "app.json", json.dumps(identity, indent=1))
    write_secret(vault / "app_key.pem", crypto.private_pem(app))
    write_secret(vault / "alipay_private.pem", crypto.private_pem(platform))
    write_secret(vault / "alipay_key.pem", crypto.public_pem(platform.public_key()))
