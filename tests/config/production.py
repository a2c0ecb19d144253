"""Production settings with throw-away keys, for tests and for `make check`.

`python -m tests.config.production <command> ...` runs manage.py under them.
"""

import base64
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ROOT = Path(__file__).resolve().parents[2]
INHERITED = ("HOME", "LANG", "PATH", "TMPDIR")


def production_env(folder: Path) -> dict[str, str]:
    """Everything production asks for, and nothing else; the key files are written to `folder`."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = folder / "merchant.pem", folder / "platform.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "VAR_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "REDIS_URL": "redis://127.0.0.1:6379/15",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "AUDIT_KEY": secrets.token_urlsafe(48),
        "FIELD_KEYS": f"k1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "ALLOWED_HOSTS": "api.example.com",
        "PUBLIC_URL": "https://api.example.com",
        "WX_APPID": "wx0123456789abcdef",
        "WX_APPSECRET": secrets.token_hex(16),
        "WXPAY_MCHID": "1900000001",
        "WXPAY_PRIVATE_KEY_FILE": str(private),
        "WXPAY_CERT_SERIAL": secrets.token_hex(20).upper(),
        "WXPAY_APIV3_KEY": secrets.token_hex(16),
        "WXPAY_PUBLIC_KEY_FILE": str(public),
        "WXPAY_PUBLIC_KEY_ID": "PUB_KEY_ID_0119000000012026000000000000",
    }


def manage(arguments: list[str], env: dict[str, str], **options) -> subprocess.CompletedProcess:
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=False, **options)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="banxin-production-") as temporary:
        sys.exit(manage(sys.argv[1:], production_env(Path(temporary))).returncode)
