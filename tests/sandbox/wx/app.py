"""The one mini-program registered in this world."""

import json
import secrets
import string
from dataclasses import dataclass
from pathlib import Path

from ..vault import open_vault, write_secret


@dataclass(frozen=True)
class App:
    appid: str
    appsecret: str
    original_id: str
    push_token: str
    push_aes_key: str


def load_app(data: Path) -> App:
    """The app's identity and secrets, generated on first use."""
    vault = open_vault(data, "wx", _generate)
    return App(**json.loads((vault / "app.json").read_text(encoding="utf-8")))


def _generate(vault: Path) -> None:
    letters = string.ascii_letters + string.digits
    app = {
        "appid": f"wx{secrets.token_hex(8)}",
        "appsecret": secrets.token_hex(16),
        "original_id": f"gh_{secrets.token_hex(6)}",
        "push_token": secrets.token_hex(16),
        # 43 characters whose base64 decoding (with one "=") is the AES-256 key. The last one
        # carries only four bits, so a strict decoder accepts just these.
        "push_aes_key": "".join(secrets.choice(letters) for _ in range(42)) + "A",
    }
    write_secret(vault / "app.json", json.dumps(app, indent=1))
