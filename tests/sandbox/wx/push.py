"""Message push: events that WeChat posts to the back end's callback address."""

import base64
import hashlib
import os
import secrets
import struct
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ..control import ControlError
from ..courier import Notice, Parcel
from ..faults import Fault
from ..web import to_json

MODES = ("plain", "safe")
FORMS = ("json", "xml")
# The message cipher pads to 32 bytes, not to the AES block.
BLOCK = 32


class Push:
    """Packs events, signed with the push token and, in safe mode, encrypted as well."""

    delays = (5, 5, 5)

    def __init__(self, world, app):
        self._world, self._app = world, app
        world.courier.employ("wx", self)

    def notice(self, order: dict[str, Any]) -> Notice:
        """An event from a control order: `url`, `event`, `persona` and the event's `fields`."""
        if not order.get("url") or not order.get("event"):
            raise ControlError("url and event: required")
        if order.get("mode", "safe") not in MODES or order.get("form", "json") not in FORMS:
            raise ControlError(f"mode: one of {MODES}; form: one of {FORMS}")
        now = self._world.clock.now()
        openid = self._openid(order)
        plain = {
            "ToUserName": self._app.original_id,
            "FromUserName": openid,
            "CreateTime": int(now),
            "MsgType": "event",
            "Event": order["event"],
            **(order.get("fields") or {}),
        }
        return Notice(
            id=f"push-{secrets.token_hex(8)}",
            rail="wx",
            url=order["url"],
            event=order["event"],
            about={
                "openid": openid,
                "mode": order.get("mode", "safe"),
                "form": order.get("form", "json"),
            },
            plain=plain,
            created_at=now,
            next_at=now,
        )

    def pack(self, notice: Notice, fault: Fault | None) -> Parcel:
        """Sign one delivery; a "bad_signature" fault or order makes the signature wrong."""
        forged = fault is not None and fault.kind == "bad_signature"
        return self.seal(notice, forged)

    def seal(self, notice: Notice, forged: bool = False) -> Parcel:
        stamp, nonce = str(int(self._world.clock.wall())), str(secrets.randbelow(10**10))
        token = "nobody knows this" if forged else self._app.push_token
        query = {"signature": sign(token, stamp, nonce), "timestamp": stamp, "nonce": nonce}
        write = to_xml if notice.about.get("form") == "xml" else to_json
        body: dict[str, Any] = notice.plain
        if notice.about.get("mode") == "safe":
            sealed = encrypt(self._app.push_aes_key, self._app.appid, write(notice.plain))
            body = {"ToUserName": self._app.original_id, "Encrypt": sealed}
            query |= {"openid": notice.about["openid"], "encrypt_type": "aes"}
            query |= {"msg_signature": sign(token, stamp, nonce, sealed)}
        joint = "&" if "?" in notice.url else "?"
        kind = "text/xml" if write is to_xml else "application/json"
        headers = {"Content-Type": kind, "User-Agent": "Mozilla/4.0"}
        return Parcel(f"{notice.url}{joint}{urlencode(query)}", headers, write(body))

    def accepted(self, status: int, body: bytes) -> bool:
        text = body.strip()
        return status == 200 and (text in (b"", b"success") or b'"ErrCode":0' in text)

    def _openid(self, order: dict[str, Any]) -> str:
        if not order.get("persona"):
            return str(order.get("openid") or "")
        persona = self._world.people.get(order["persona"])
        if persona is None:
            raise ControlError(f"no persona {order['persona']!r}", 404)
        return self._world.people.openid(persona, self._app.appid)


def to_xml(event: dict[str, Any]) -> bytes:
    """As the console's XML mode has it: the List of an event is in an element of its own."""
    event = dict(event)
    if "List" in event:
        wrapper = "".join(part.title() for part in str(event.get("Event")).split("_"))
        event[wrapper] = {"List": event.pop("List")}
    return f"<xml>{_elements(event)}</xml>".encode()


def _elements(fields: dict[str, Any]) -> str:
    found = ""
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            inner = _elements(one) if isinstance(one, dict) else f"<![CDATA[{one}]]>"
            found += f"<{name}>{inner}</{name}>"
    return found


def sign(*parts: str) -> str:
    """SHA-1 over the sorted parts, the first of which is the token."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def encrypt(encoding_aes_key: str, appid: str, message: bytes) -> str:
    """AES-256-CBC over 16 random bytes, the length, the message and the appid."""
    key = base64.b64decode(f"{encoding_aes_key}=")
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + appid.encode()
    missing = BLOCK - len(plain) % BLOCK
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = encryptor.update(plain + bytes([missing]) * missing) + encryptor.finalize()
    return base64.b64encode(sealed).decode()
