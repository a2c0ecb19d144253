"""Codes that the client obtains, and what the server gets for them."""

import base64
import secrets
from collections import deque
from dataclasses import dataclass
from typing import Any

from .errors import WxError

CODE_LIFE = 5 * 60
LOGINS_PER_MINUTE = 100


@dataclass
class Code:
    """What `wx.login` ("login") or the phone button ("phone") handed to the client."""

    code: str
    kind: str
    persona: str
    appid: str
    issued_at: float
    used: bool = False


class Login:
    """Single-use codes, five minutes long; sessions and phone numbers in exchange."""

    def __init__(self, world, app):
        self._world, self._app = world, app
        self._codes = world.store.table("wx.codes", Code)
        self._recent: dict[str, deque[float]] = {}

    def issue(self, kind: str, persona_id: str, appid: str) -> str:
        # Login codes are 32 characters long, phone codes 64.
        now = self._world.clock.now()
        code = secrets.token_urlsafe(24 if kind == "login" else 48)
        with self._world.store.change():
            self._codes[code] = Code(code, kind, persona_id, appid, now)
            # Whoever can press that button has the mini-program open.
            self._world.people.get(persona_id).seen_at = now
        return code

    def session(self, query: dict[str, str]) -> dict[str, Any]:
        """`jscode2session`."""
        self._check_app(query)
        if query.get("grant_type") != "authorization_code":
            raise WxError(40097, "invalid args, grant_type")
        with self._world.store.change():
            persona = self._redeem(query.get("js_code"), "login")
            self._count(persona.id)
            persona.session_key = base64.b64encode(secrets.token_bytes(16)).decode()
            persona.seen_at = self._world.clock.now()
        openid = self._world.people.openid(persona, self._app.appid)
        answer = {"session_key": persona.session_key, "openid": openid}
        return answer | ({"unionid": persona.unionid} if persona.unionid else {})

    def phone(self, body: dict[str, Any]) -> dict[str, Any]:
        """`getuserphonenumber`."""
        with self._world.store.change():
            persona = self._redeem(body.get("code"), "phone", foreign_app=40013)
        foreign = persona.country_code != "86"
        number = f"+{persona.country_code}{persona.phone}" if foreign else persona.phone
        return {
            "phone_info": {
                "phoneNumber": number,
                "purePhoneNumber": persona.phone,
                "countryCode": persona.country_code,
                "watermark": {
                    "timestamp": int(self._world.clock.now()),
                    "appid": self._app.appid,
                },
            }
        }

    def reset(self) -> None:
        self._recent.clear()

    def _check_app(self, query: dict[str, str]) -> None:
        if query.get("appid") != self._app.appid:
            raise WxError(40013)
        if query.get("secret") != self._app.appsecret:
            raise WxError(40125)

    def _redeem(self, text: Any, kind: str, foreign_app: int = 40029):
        """The person behind a fresh code, which is used up by this."""
        code = self._codes.get(text) if isinstance(text, str) else None
        if code is None or code.kind != kind:
            raise WxError(40029)
        if self._world.clock.now() - code.issued_at > CODE_LIFE:
            raise WxError(40029)
        if code.appid != self._app.appid:
            raise WxError(foreign_app)
        if code.used:
            raise WxError(40163 if kind == "login" else 40029)
        persona = self._world.people.get(code.persona)
        if persona is None:
            raise WxError(40029)
        if persona.risk == "blocked" and kind == "login":
            raise WxError(40226)
        code.used = True
        return persona

    def _count(self, persona_id: str) -> None:
        now = self._world.clock.now()
        recent = self._recent.setdefault(persona_id, deque())
        while recent and not 0 <= now - recent[0] < 60:
            recent.popleft()
        if len(recent) >= LOGINS_PER_MINUTE:
            raise WxError(45011)
        recent.append(now)
