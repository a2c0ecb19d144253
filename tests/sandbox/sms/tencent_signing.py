"""Tencent Cloud's TC3-HMAC-SHA256."""

import hashlib
import hmac
from datetime import UTC, datetime

from ..web import Request
from .tencent_errors import TencentError

SCHEME = "TC3-HMAC-SHA256"
SERVICE = "sms"
WINDOW = 5 * 60
NEEDED = {"content-type", "host"}


def check_request(secret_id: str, secret: str, request: Request, wall: float) -> None:
    """Raise unless the account's own key signed exactly this request just now."""
    headers = {name.lower(): value.strip() for name, value in request.headers.items()}
    fields = _read_authorization(headers.get("authorization", ""))
    try:
        owner, date, service, end = fields["Credential"].split("/")
    except ValueError:
        raise TencentError("AuthFailure.InvalidAuthorization") from None
    signed = fields["SignedHeaders"].split(";")
    if not NEEDED <= set(signed) <= headers.keys() or signed != sorted(signed):
        raise TencentError("AuthFailure.SignatureFailure")
    if owner != secret_id:
        raise TencentError("AuthFailure.SecretIdNotFound")
    stamp = headers.get("x-tc-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit()) or abs(wall - int(stamp)) > WINDOW:
        raise TencentError("AuthFailure.SignatureExpire")
    day = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    if (date, service, end) != (day, SERVICE, "tc3_request"):
        raise TencentError("AuthFailure.SignatureFailure")
    lines = "".join(f"{name}:{headers[name].lower()}\n" for name in signed)
    digest = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join((request.method, request.path, "", lines, ";".join(signed), digest))
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join((SCHEME, stamp, f"{date}/{SERVICE}/tc3_request", hashed))
    expected = _sign(secret, date, text)
    if not hmac.compare_digest(expected.encode(), fields["Signature"].encode()):
        raise TencentError("AuthFailure.SignatureFailure")


def _read_authorization(text: str) -> dict[str, str]:
    scheme, _, rest = text.partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    if scheme != SCHEME or not fields.keys() >= {"Credential", "SignedHeaders", "Signature"}:
        raise TencentError("AuthFailure.InvalidAuthorization")
    return fields


def _sign(secret: str, date: str, text: str) -> str:
    key = f"TC3{secret}".encode()
    for part in (date, SERVICE, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
