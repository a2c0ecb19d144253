"""X-API-Key: who a third party's key speaks for, and what it may do.

Looked up afresh on every request, so that a revoked key and the key of somebody who was disabled
end at once.  Its holder is nobody in particular: the only doors are actions that declare a scope.
"""

import ipaddress
import re
import time
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from django.contrib.auth.models import AnonymousUser
from django.db.models import F
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication

from accounts.errors.api_keys import ApiKeyInvalid, ForeignAddress, ScopeMissing, TwoIdentities
from accounts.models import ApiKey
from config.api.client_ip import client_ip
from config.api.permissions import KeyHolder
from config.logs import security_event

HEADER = "HTTP_X_API_KEY"
_TEXT = re.compile(r"bxk_([0-9a-f]{12})_([0-9A-Za-z_-]{43})", re.ASCII)
_NOBODYS = sha256(b"").hexdigest()
MINUTE = 60


def key_text(prefix: str, secret: str) -> str:
    """What its holder keeps; config.logs and redaction know it by this form."""
    return f"bxk_{prefix}_{secret}"


def digest_of(secret: str) -> str:
    """256 random bits need neither salt nor a slow hash."""
    return sha256(secret.encode()).hexdigest()


@dataclass(frozen=True)
class KeyLogin(KeyHolder):
    """What request.auth is for a key."""

    key_id: int
    prefix: str
    scopes: frozenset[str]
    per_minute: int

    def require_scope(self, scope: str | None) -> None:
        """Raise ScopeMissing for an action without a scope (None), or one this key lacks."""
        if scope not in self.scopes:
            raise ScopeMissing(scope=scope)

    def take_place(self) -> bool:
        """Count one request; False when this minute has had per_minute of them.

        Exact, and Redis is not asked: one conditional UPDATE, a second one in a new minute, which
        notes the last use besides.
        """
        minute = int(time.time() // MINUTE)
        row = ApiKey.objects.filter(pk=self.key_id)
        same = row.filter(minute=minute)
        if same.filter(used__lt=F("per_minute")).update(used=F("used") + 1):
            return True
        fresh = {"minute": minute, "used": 1, "last_used_at": timezone.now()}
        if row.filter(minute__lt=minute).update(**fresh):
            return True
        # Another request may have begun the minute between the two.
        return bool(same.filter(used__lt=F("per_minute")).update(used=F("used") + 1))


class ApiKeyAuthentication(BaseAuthentication):
    """X-API-Key: bxk_…  Beside a token it is refused: nobody is two at once."""

    def authenticate(self, request):
        meta = request._request.META
        text = meta.get(HEADER)
        if text is None:
            return None
        if meta.get("HTTP_AUTHORIZATION"):
            raise TwoIdentities
        address = client_ip(request._request)
        key = _find(text, address)
        if key.networks and not _is_within(address, key.networks):
            security_event("api_key_refused", key=key.prefix, ip=address, why="address")
            raise ForeignAddress
        scopes = frozenset(key.scopes)
        return AnonymousUser(), KeyLogin(key.pk, key.prefix, scopes, key.per_minute)

    def authenticate_header(self, request):
        return "Bearer"


def _find(text: str, address: str) -> ApiKey:
    """One refusal for whatever is wrong, and the hash is compared in any case."""
    match = _TEXT.fullmatch(text)
    prefix, secret = match.groups() if match else ("", "")
    live = ApiKey.objects.live(timezone.now()).filter(prefix=prefix)
    key = live.only("prefix", "digest", "networks", "scopes", "per_minute").first()
    right = compare_digest(digest_of(secret), key.digest if key else _NOBODYS)
    if key is None or not right:
        security_event("api_key_refused", key=prefix, ip=address, why="unknown")
        raise ApiKeyInvalid
    return key


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(network) for network in networks)
