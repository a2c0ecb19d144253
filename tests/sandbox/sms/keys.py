"""The accounts at both providers, and the signature that both have approved."""

import json
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

from ..vault import open_vault, write_secret

LETTERS = string.ascii_letters + string.digits
SIGN_NAME = "伴心咨询"


@dataclass(frozen=True)
class SmsKeys:
    aliyun_key_id: str
    aliyun_key_secret: str
    tencent_secret_id: str
    tencent_secret_key: str
    tencent_appid: str
    sign_name: str


def load_keys(data: Path) -> SmsKeys:
    """Ids and secrets in the providers' own forms, generated on first use."""
    vault = open_vault(data, "sms", _generate)
    return SmsKeys(**json.loads((vault / "accounts.json").read_text(encoding="utf-8")))


def _generate(vault: Path) -> None:
    accounts = {
        "aliyun_key_id": f"LTAI5t{_random(18)}",
        "aliyun_key_secret": _random(30),
        "tencent_secret_id": f"AKID{_random(32)}",
        "tencent_secret_key": _random(32),
        "tencent_appid": f"1400{secrets.randbelow(10**6):06d}",
        "sign_name": SIGN_NAME,
    }
    write_secret(vault / "accounts.json", json.dumps(accounts, indent=1))


def _random(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(length))
