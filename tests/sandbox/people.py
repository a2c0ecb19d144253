"""The people who use WeChat in this world, and their identities per mini-program."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any

RISKS = ("normal", "blocked", "minor")
OPENID = re.compile(r"[\w-]{28}", re.ASCII)


@dataclass
class Persona:
    """`fixed_openid` replaces the derived one, for people whose ids must collide or repeat."""

    id: str
    nickname: str
    phone: str
    country_code: str = "86"
    unionid: str = ""
    risk: str = "normal"
    fixed_openid: str = ""
    session_key: str = ""
    seen_at: float = 0.0


@dataclass
class Identity:
    persona: str
    appid: str


class People:
    """Personas by id, and the way back from an openid."""

    def __init__(self, store):
        self._store = store
        self._personas = store.table("personas", Persona)
        self._identities = store.table("identities", Identity)
        self.appids: list[str] = []

    def put(self, wishes: dict[str, Any]) -> tuple[Persona, bool]:
        """Make a persona, or change the one with the wished id; tells whether it is new."""
        persona_id = str(wishes.get("id") or f"p{secrets.token_hex(6)}")
        _check(wishes)
        with self._store.change():
            persona = self._personas.get(persona_id)
            new = persona is None
            if persona is None:
                phone = _phone_of(persona_id)
                persona = Persona(persona_id, nickname=persona_id, phone=phone)
            for name in ("nickname", "phone", "country_code", "unionid", "risk"):
                if wishes.get(name) is not None:
                    setattr(persona, name, str(wishes[name]))
            if wishes.get("openid"):
                self._fix_openid(persona, wishes["openid"])
            self._personas[persona_id] = persona
            for appid in self.appids:
                self.openid(persona, appid)
        return persona, new

    def _fix_openid(self, persona: Persona, openid: str) -> None:
        owner = self._identities.get(openid)
        if owner is not None and owner.persona != persona.id:
            raise ValueError(f"openid: belongs to persona {owner.persona!r}")
        persona.fixed_openid = openid

    def get(self, persona_id: Any) -> Persona | None:
        return self._personas.get(str(persona_id))

    def all(self) -> list[Persona]:
        with self._store.lock:
            return list(self._personas.values())

    def openid(self, persona: Persona, appid: str) -> str:
        """28 case-sensitive characters: those of one app share a beginning, as real ones do."""
        openid = ""
        if self.appids and appid == self.appids[0]:
            openid = persona.fixed_openid
        openid = openid or f"o{_letters(appid, 5)}{_letters(f'{appid} {persona.id}', 22)}"
        if openid not in self._identities:
            with self._store.change():
                self._identities[openid] = Identity(persona.id, appid)
        return openid

    def by_openid(self, openid: Any) -> tuple[Persona | None, str]:
        """Who that openid is, and for which mini-program it is valid."""
        with self._store.lock:
            identity = self._identities.get(openid) if isinstance(openid, str) else None
            if identity is None:
                return None, ""
            return self._personas.get(identity.persona), identity.appid

    def describe(self, persona: Persona) -> dict[str, Any]:
        return {
            "id": persona.id,
            "nickname": persona.nickname,
            "phone": persona.phone,
            "country_code": persona.country_code,
            "unionid": persona.unionid or None,
            "risk": persona.risk,
            "openid": self.openid(persona, self.appids[0]) if self.appids else None,
            "openids": {appid: self.openid(persona, appid) for appid in self.appids},
        }


def _letters(seed: str, length: int) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode()[:length]


def _phone_of(persona_id: str) -> str:
    return f"13{int(hashlib.sha256(persona_id.encode()).hexdigest(), 16) % 10**9:09d}"


def _check(wishes: dict[str, Any]) -> None:
    if wishes.get("risk") not in (None, *RISKS):
        raise ValueError(f"risk: one of {RISKS}")
    phone = wishes.get("phone")
    if phone is not None and not re.fullmatch(r"\d{5,15}", str(phone)):
        raise ValueError("phone: 5 to 15 digits, without country code")
    openid = wishes.get("openid")
    if openid is not None and not (isinstance(openid, str) and OPENID.fullmatch(openid)):
        raise ValueError("openid: 28 characters of A-Z a-z 0-9 _ -")
