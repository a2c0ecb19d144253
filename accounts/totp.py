"""One-time codes by time (RFC 6238): six digits of HMAC-SHA-1, a new one every 30 seconds.

SHA-1 and six digits because that is what every authenticator app takes for granted.
"""

import base64
import hmac
import secrets
import time
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
DRIFT = 1  # steps a phone's clock may be off, either way
_SECRET_BYTES = 20
_ISSUER = "伴心后台"


def new_secret() -> str:
    """160 random bits in base32, as people type it."""
    return base64.b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def step_at(moment: float) -> int:
    return int(moment // STEP_SECONDS)


def code_of(secret: str, step: int) -> str:
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    place = digest[-1] & 0xF
    number = int.from_bytes(digest[place : place + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def matching_step(secret: str, code: str, *, now: float | None = None) -> int | None:
    """The step within DRIFT of now whose code this is; all are compared, in constant time."""
    current, given = step_at(time.time() if now is None else now), code.encode()
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(code_of(secret, step).encode(), given):
            found = step
    return found


def provisioning_uri(secret: str, account: str) -> str:
    """What an authenticator app reads from the QR code."""
    label = quote(f"{_ISSUER}:{account}", safe="")
    options = urlencode({"secret": secret, "issuer": _ISSUER}, quote_via=quote)
    return f"otpauth://totp/{label}?{options}"
