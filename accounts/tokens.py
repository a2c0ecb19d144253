"""JSON Web Tokens: simplejwt signs and parses; whether a login still lives is ours to say.

An access token names its session; the session and its user are looked at on every request,
kept in the process for at most LIVE_SECONDS, so a revocation works everywhere within a second
(invariants J-4), Redis up or down.
"""

import secrets
import time
from dataclasses import dataclass
from functools import cache, lru_cache

from django.conf import settings
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

from accounts.errors import PasswordChangeRequired
from accounts.errors.api_keys import TwoIdentities
from accounts.fields import open_names_of
from accounts.models import LoginSession, User, UserStatus
from config.memo import memo
from config.rows import made

LIVE_SECONDS = 0.5
ISSUER, AUDIENCE = "banxin", "banxin-api"
ACCESS, REFRESH = "access", "refresh"

# The password hash and what is sealed stay in the database, to be asked for where they are
# needed; everything else a request may need comes along.
_USER_FIELDS = [name for name in open_names_of(User) if name != "password"]
_SESSION_COLUMNS = ["pk", "expires_at", "revoked_at", "restricted"]


class BadToken(Exception):
    """Not ours, altered, expired or of the other kind."""


@cache
def _backend(key: str) -> TokenBackend:
    return TokenBackend("HS256", signing_key=key, issuer=ISSUER, audience=AUDIENCE)


def new_id() -> str:
    return secrets.token_urlsafe(32)


def encode(kind: str, *, user: User, sid: str, jti: str, issued_at, expires_at) -> str:
    """A signed token; the same arguments give the same token."""
    return _backend(settings.JWT_SIGNING_KEY).encode(
        {
            "token_type": kind,
            "sub": str(user.pk),
            "sid": sid,
            "jti": jti,
            "ver": user.token_version,
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
    )


def decode(raw: str, kind: str) -> dict:
    """The claims of a token of that kind; BadToken otherwise."""
    claims = _claims(raw, settings.JWT_SIGNING_KEY)
    if claims["exp"] <= time.time() or claims["token_type"] != kind:
        raise BadToken
    return claims


@lru_cache(maxsize=10_000)
def _claims(raw: str, key: str) -> dict:
    try:
        claims = _backend(key).decode(raw)
    except (TokenBackendError, ValueError, TypeError, RecursionError) as error:
        raise BadToken from error
    kinds = {"sub": str, "sid": str, "jti": str, "token_type": str, "ver": int, "exp": int}
    if not all(isinstance(claims.get(name), kind) for name, kind in kinds.items()):
        raise BadToken
    if not (claims["sid"].isprintable() and claims["jti"].isprintable()):  # no NUL in a query
        raise BadToken
    return claims


@dataclass(frozen=True)
class Login:
    """What request.auth is: the session this request came by.

    restricted: good for changing the password alone.
    """

    session_id: int
    sid: str
    restricted: bool = False


@memo(LIVE_SECONDS)
def _live(sid: str) -> tuple | None:
    columns = _SESSION_COLUMNS + [f"user__{name}" for name in _USER_FIELDS]
    return LoginSession.objects.filter(sid=sid).values_list(*columns).first()


def forget(sid: str) -> None:
    """Look at this session anew on its next request; other processes do within LIVE_SECONDS."""
    _live.forget(sid)


def authenticate(raw: str) -> tuple[User, Login]:
    """Who an access token speaks for; BadToken when it or its session has ended."""
    claims = decode(raw, ACCESS)
    row = _live(claims["sid"])
    if row is None:
        raise BadToken
    session_id, expires_at, revoked_at, restricted = row[:4]
    user = made(User, dict(zip(_USER_FIELDS, row[4:], strict=True)))
    if (
        revoked_at is not None
        or expires_at <= timezone.now()
        or user.status != UserStatus.ACTIVE
        or user.token_version != claims["ver"]
        or str(user.pk) != claims["sub"]
    ):
        raise BadToken
    return user, Login(session_id, claims["sid"], restricted)


def _open_to_restricted(request) -> bool:
    view = (request.parser_context or {}).get("view")
    return getattr(view, "action", None) in getattr(view, "restricted", ())


def account_of(request) -> str:
    """The id of the account whose token came along; "" for none and for one that is not good."""
    kind, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    try:
        return str(authenticate(raw.strip())[0].pk) if kind.lower() == "bearer" else ""
    except BadToken:
        return ""


class TokenAuthentication(BaseAuthentication):
    """Authorization: Bearer <access token>.  Cookies mean nothing to the API.

    A restricted session is refused everywhere but at the actions a view names in `restricted`.
    """

    def authenticate(self, request):
        # Straight from the environment: DRF's request looks every attribute up twice.
        header = request._request.META.get("HTTP_AUTHORIZATION", "")
        kind, _, raw = header.partition(" ")
        if kind.lower() != "bearer":
            return None
        if "HTTP_X_API_KEY" in request._request.META:
            raise TwoIdentities
        try:
            user, login = authenticate(raw.strip())
        except BadToken:
            raise AuthenticationFailed from None
        if login.restricted and not _open_to_restricted(request):
            raise PasswordChangeRequired(next="/password/change")
        return user, login

    def authenticate_header(self, request):
        return "Bearer"
