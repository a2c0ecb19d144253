"""The bucket, the account that owns it and the CDN's signing key."""

import json
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

from ..vault import open_vault, write_secret

LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True)
class StoreKeys:
    bucket: str
    key_id: str
    secret: str
    cdn_key: str


def load_keys(data: Path) -> StoreKeys:
    """Generated on first use."""
    vault = open_vault(data, "s3", _generate)
    return StoreKeys(**json.loads((vault / "account.json").read_text(encoding="utf-8")))


def _generate(vault: Path) -> None:
    account = {
        "bucket": "banxin-private",
        "key_id": f"AK{secrets.token_hex(9).upper()}",
        "secret": _random(40),
        "cdn_key": _random(32),
    }
    write_secret(vault / "account.json", json.dumps(account, indent=1))


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))
