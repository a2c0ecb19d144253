"""Logins as rows: opened, refreshed once per token, ended at once."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts import tokens
from accounts.errors import AccountDisabled, BadCredentials, SessionEnded
from accounts.fields import open_names_of
from accounts.models import LoginSession, RefreshToken, User, UserStatus
from accounts.services.login_log import Device, log_attempt
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from config.db import transact
from config.errors import NotFound
from config.logs import security_event
from config.prepared import Prepared, PreparedUpdate
from config.rows import insert, made, names_of, new

_locked_user = Prepared(
    lambda user: (
        User.objects.locked()
        .filter(pk=user)
        .values("status", "password", "token_version", "is_staff")
    )
)
_consume = PreparedUpdate(
    lambda jti, now: (
        RefreshToken.objects.filter(jti=jti, consumed_at=None),
        {"consumed_at": now},
    )
)
_succeed = PreparedUpdate(
    lambda token, successor: (
        RefreshToken.objects.filter(pk=token),
        {"successor_id": successor},
    )
)
_see = PreparedUpdate(
    lambda session, now, expires_at: (
        LoginSession.objects.filter(pk=session),
        {"last_seen_at": now, "expires_at": expires_at},
    )
)
_family = Prepared(
    lambda jti: RefreshToken.objects.filter(jti=jti).values(
        *names_of(RefreshToken),
        *(f"session__{name}" for name in names_of(LoginSession)),
        *(f"session__user__{name}" for name in open_names_of(User)),
    )
)

# A client whose answer got lost may ask again for this long; later it is a stolen token.
REUSE_GRACE = timedelta(seconds=10)
REUSED = "刷新令牌被重复使用"
NOWHERE = Device()


@dataclass(frozen=True)
class TokenPair:
    """expires_in: seconds the access token lives."""

    access: str
    refresh: str
    expires_in: int


@transact
def open_session(user: User, *, method: str, device: Device, restricted: bool = False) -> TokenPair:
    """Start a login on a device; restricted: good for changing the password alone.

    Under the row's lock: whoever was disabled since `user` was read gets AccountDisabled, and a
    password changed since is BadCredentials, so that no login outlives what ended all others.
    More logins than MAX_DEVICES end the oldest.
    """
    row = _locked_user.first(user=user.pk)
    if row["status"] != UserStatus.ACTIVE:
        raise AccountDisabled
    if row["password"] != user.password:
        raise BadCredentials
    if row["is_staff"] and row["token_version"] != user.token_version:  # a second factor since
        raise SessionEnded
    user.token_version = row["token_version"]
    now = timezone.now()
    _make_room(user, now)
    session = insert(
        new(
            LoginSession,
            sid=tokens.new_id(),
            user=user,
            method=method,
            device_name=device.device_name[:100],
            platform=device.platform[:32],
            ip_address=device.ip_address or None,
            user_agent=device.user_agent[:300],
            restricted=restricted,
            expires_at=now + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS),
        )
    )
    return _pair(user, session, _new_refresh(session, now))


def _make_room(user: User, now) -> None:
    """End the oldest logins of a person whose row is locked, so that one more is not too many."""
    limit = parameter("MAX_DEVICES")
    if not limit:
        return
    live = LoginSession.objects.visible_to(user).order_by("-pk")
    surplus = list(live[limit - 1 :])
    for session in surplus:
        revoke_session(session, reason="limit")
    if surplus:
        notify(user, "device_limit_reached", limit=limit, devices=_names_of(surplus))


def _names_of(sessions: list[LoginSession]) -> str:
    names = "、".join(str(session) for session in sessions[:3])
    return f"{names} 等 {len(sessions)} 台" if len(sessions) > 3 else names


def refresh(raw: str, *, device: Device = NOWHERE) -> TokenPair:
    """Exchange a refresh token for the next pair, exactly once.

    Asked again within REUSE_GRACE it gives the same successor (the first answer got lost);
    later the token is taken for stolen and its whole family ends.  Raises SessionEnded.
    """
    try:
        claims = tokens.decode(raw, tokens.REFRESH)
    except tokens.BadToken:
        raise SessionEnded from None
    pair = _exchange(claims, device)
    if pair is None:  # raised out here: inside the transaction it would undo the revocation
        raise SessionEnded
    return pair


@transact
def _exchange(claims: dict, device: Device) -> TokenPair | None:
    """The next pair, or None when the token buys nothing any more."""
    now = timezone.now()
    won = _consume(jti=claims["jti"], now=now)
    token = _family_of(claims["jti"])
    if token is None or not _lives(token.session, claims, now):
        return None
    session = token.session
    if won:
        successor = _new_refresh(session, now)
        _succeed(token=token.pk, successor=successor.pk)
        _see(session=session.pk, now=now, expires_at=successor.expires_at)
        return _pair(session.user, session, successor)
    if token.successor and now - token.consumed_at <= REUSE_GRACE:
        return _pair(session.user, session, token.successor)
    revoke_session(session, reason="reuse")
    security_event("token_reused", user=session.user_id, session=session.pk)
    log_attempt(session.user, "refresh", "", device, SessionEnded(REUSED))
    notify(session.user, "session_reused", device=str(session))
    return None


def _family_of(jti: str) -> RefreshToken | None:
    """The token with its session and that one's user."""
    row = _family.first(jti=jti)
    if row is None:
        return None
    token = made(RefreshToken, {name: row[name] for name in names_of(RefreshToken)})
    token.session = made(LoginSession, {n: row[f"session__{n}"] for n in names_of(LoginSession)})
    token.session.user = made(User, {n: row[f"session__user__{n}"] for n in open_names_of(User)})
    return token


def revoke_session(session: LoginSession, *, reason: str) -> None:
    """End one login; a second call is harmless."""
    LoginSession.objects.filter(pk=session.pk, revoked_at=None).update(
        revoked_at=timezone.now(), revoked_reason=reason
    )
    transaction.on_commit(lambda: tokens.forget(session.sid))


def revoke_own(user_id: int, session_id: int, *, reason: str) -> None:
    """End one of a person's own logins; NotFound for anybody else's.  A second call is harmless."""
    session = LoginSession.objects.filter(pk=session_id, user_id=user_id).first()
    if session is None:
        raise NotFound
    revoke_session(session, reason=reason)


@transact
def revoke_all(user_id: int, *, reason: str, keep: int | None = None) -> int:
    """End every login of a person, but the session `keep`; how many ended."""
    if keep is None:  # the person before their logins, as open_session does
        User.objects.filter(pk=user_id).update(token_version=F("token_version") + 1)
    live = LoginSession.objects.filter(user_id=user_id, revoked_at=None).exclude(pk=keep or 0)
    sids = list(live.values_list("sid", flat=True))
    ended = live.update(revoked_at=timezone.now(), revoked_reason=reason)
    transaction.on_commit(lambda: [tokens.forget(sid) for sid in sids])
    return ended


def forget_step_up(user_id: int) -> None:
    """What a person showed in any login counts no more; their logins go on."""
    LoginSession.objects.filter(user_id=user_id, stepped_up_at__isnull=False).update(
        stepped_up_at=None
    )


def unrestrict(session_id: int) -> None:
    """Open everything to a login that was good for changing the password alone; harmless again."""
    row = LoginSession.objects.filter(pk=session_id, restricted=True)
    for sid in row.values_list("sid", flat=True):
        row.update(restricted=False)
        transaction.on_commit(lambda sid=sid: tokens.forget(sid))


def _lives(session: LoginSession, claims: dict, now) -> bool:
    return (
        session.sid == claims["sid"]
        and str(session.user_id) == claims["sub"]
        and session.revoked_at is None
        and session.expires_at > now
        and session.user.is_active
        and session.user.token_version == claims["ver"]
    )


def _new_refresh(session: LoginSession, now) -> RefreshToken:
    return insert(
        new(
            RefreshToken,
            jti=tokens.new_id(),
            session=session,
            issued_at=now,
            expires_at=now + timedelta(seconds=settings.REFRESH_TOKEN_SECONDS),
        )
    )


def _pair(user: User, session: LoginSession, token: RefreshToken) -> TokenPair:
    """The pair of one refresh token: always the same two texts, whoever asks again."""
    seconds = settings.ACCESS_TOKEN_SECONDS
    access = tokens.encode(
        tokens.ACCESS,
        user=user,
        sid=session.sid,
        jti=sha256(f"access {token.jti}".encode()).hexdigest()[:43],
        issued_at=token.issued_at,
        expires_at=token.issued_at + timedelta(seconds=seconds),
    )
    again = tokens.encode(
        tokens.REFRESH,
        user=user,
        sid=session.sid,
        jti=token.jti,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
    )
    return TokenPair(access, again, seconds)
