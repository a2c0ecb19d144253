"""Access tokens: the plain kind, where a new one replaces the old, and the stable kind."""

import secrets
from dataclasses import dataclass
from typing import Any

from .errors import WxError

LIFE = 7200
OVERLAP = 5 * 60
FORCED_PER_DAY = 20
FORCED_PAUSE = 30


@dataclass
class Token:
    """`dies_at` lies before `expires_at` once a newer token has replaced this one."""

    value: str
    kind: str
    issued_at: float
    expires_at: float
    dies_at: float
    forced: bool = False


class Tokens:
    """Issues and checks tokens; the two kinds are independent of each other."""

    def __init__(self, world, app):
        self._world, self._app = world, app
        self._rows = world.store.table("wx.tokens", Token)

    def plain(self, query: dict[str, str]) -> dict[str, Any]:
        """`GET /cgi-bin/token`: always a new token; the one before lives five minutes more."""
        self._check_app(query)
        with self._world.store.change():
            now = self._world.clock.now()
            for token in self._of_kind("plain"):
                token.dies_at = min(token.dies_at, now + OVERLAP)
            return self._answer(self._issue("plain", now), now)

    def stable(self, body: dict[str, Any]) -> dict[str, Any]:
        """`POST /cgi-bin/stable_token`: the same token until five minutes before its end."""
        self._check_app(body)
        with self._world.store.change():
            now = self._world.clock.now()
            if body.get("force_refresh") is True:
                return self._answer(self._forced(now), now)
            usable = [t for t in self._of_kind("stable") if self._is_fresh(t, now)]
            return self._answer(usable[-1] if usable else self._issue("stable", now), now)

    def check(self, value: str | None) -> None:
        """Raise what a call with this token would be refused with."""
        if not value:
            raise WxError(41001)
        with self._world.store.lock:
            token, now = self._rows.get(value), self._world.clock.now()
            if token is None:
                raise WxError(40001)
            if now >= token.expires_at:
                raise WxError(42001)
            if now >= token.dies_at:
                raise WxError(40001)

    def _forced(self, now: float) -> Token:
        forced = [t for t in self._of_kind("stable") if t.forced and now - t.issued_at < 86400]
        if len(forced) >= FORCED_PER_DAY:
            raise WxError(45009)
        if forced and now - forced[-1].issued_at < FORCED_PAUSE:
            raise WxError(45011)
        for token in self._of_kind("stable"):
            token.dies_at = min(token.dies_at, now)
        return self._issue("stable", now, forced=True)

    def _is_fresh(self, token: Token, now: float) -> bool:
        return now < token.dies_at and token.expires_at - now > OVERLAP

    def _of_kind(self, kind: str) -> list[Token]:
        return [token for token in self._rows.values() if token.kind == kind]

    def _issue(self, kind: str, now: float, forced: bool = False) -> Token:
        for value in [v for v, t in self._rows.items() if now - t.issued_at > 2 * 86400]:
            del self._rows[value]
        # Real tokens have grown over the years: callers have to reserve 512 characters.
        value = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(100)}"
        token = Token(value, kind, now, now + LIFE, now + LIFE, forced)
        self._rows[value] = token
        return token

    def _answer(self, token: Token, now: float) -> dict[str, Any]:
        return {"access_token": token.value, "expires_in": int(token.expires_at - now)}

    def _check_app(self, fields: dict[str, Any]) -> None:
        if fields.get("grant_type") != "client_credential":
            raise WxError(40097, "invalid args, grant_type")
        if fields.get("appid") != self._app.appid:
            raise WxError(40013)
        if fields.get("secret") != self._app.appsecret:
            raise WxError(40125)
