"""Subscribe messages: templates, the quota that people grant, and sending."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from .errors import WxError
from .template_fields import is_field_name, is_valid

CHOICES = ("accept", "reject", "ban")
STATES = ("developer", "trial", "formal")
TEMPLATE_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
PAGE = re.compile(r"[\w-]+(/[\w-]+)*(\?\S*)?", re.ASCII)


@dataclass
class Template:
    """`fields` empty: any well-formed field. `valid` False: an id the platform has deleted."""

    template_id: str
    fields: list[str] = field(default_factory=list)
    valid: bool = True


@dataclass
class Grant:
    openid: str
    template_id: str
    remaining: int = 0
    banned: bool = False


class Messages:
    """One accepted request for a template allows exactly one message, with no end in time."""

    def __init__(self, world, app):
        self._world, self._app = world, app
        self.templates = world.store.table("wx.templates", Template)
        self.grants = world.store.table("wx.grants", Grant)

    def register(self, order: dict[str, Any]) -> Template:
        names = order.get("fields") or []
        if not TEMPLATE_ID.fullmatch(str(order.get("template_id", ""))):
            raise ValueError("template_id: 1 to 64 characters of A-Z a-z 0-9 _ -")
        if not isinstance(names, list) or not all(is_field_name(str(name)) for name in names):
            raise ValueError("fields: a list of names such as thing1, time2")
        template = Template(order["template_id"], names, bool(order.get("valid", True)))
        with self._world.store.change():
            self.templates[template.template_id] = template
        return template

    def choose(self, openid: str, template_id: str, choice: str) -> Grant:
        """What a person answers when the client asks to send them this kind of message."""
        if choice not in CHOICES:
            raise ValueError(f"choice: one of {CHOICES}")
        with self._world.store.change():
            key = f"{openid} {template_id}"
            grant = self.grants.setdefault(key, Grant(openid, template_id))
            if choice == "accept":
                grant.remaining, grant.banned = grant.remaining + 1, False
            elif choice == "ban":
                grant.remaining, grant.banned = 0, True
            return grant

    def send(self, raw: bytes, body: dict[str, Any]) -> dict[str, Any]:
        """`message/subscribe/send`."""
        openid, template_id = body.get("touser"), body.get("template_id")
        persona, appid = self._world.people.by_openid(openid)
        if appid != self._app.appid:
            raise WxError(40003)
        self._check_template(template_id)
        self._check_target(body)
        self._check_data(template_id, _literal_data(raw))
        with self._world.store.change():
            grant = self.grants.get(f"{openid} {template_id}")
            if grant is None or grant.remaining < 1:
                raise WxError(43101)
            grant.remaining -= 1
            content = _content(body) | {"persona": persona.id}
            message = self._world.outbox.add("subscribe", openid, content)
        return {"msgid": int(message.id.rpartition("-")[2]) + 2_000_000_000_000_000}

    def _check_template(self, template_id: Any) -> None:
        if not isinstance(template_id, str) or not TEMPLATE_ID.fullmatch(template_id):
            raise WxError(40037)
        template = self.templates.get(template_id)
        if template is not None and not template.valid:
            raise WxError(40037)

    def _check_target(self, body: dict[str, Any]) -> None:
        page = body.get("page")
        if page and not (isinstance(page, str) and PAGE.fullmatch(page)):
            raise WxError(41030)
        if body.get("miniprogram_state", "formal") not in STATES:
            raise WxError(40097, "invalid args, miniprogram_state")

    def _check_data(self, template_id: str, data: Any) -> None:
        if not isinstance(data, dict) or not data:
            raise WxError(47003, "argument invalid! data is empty")
        template = self.templates.get(template_id)
        expected = template.fields if template and template.fields else list(data)
        for name in [*expected, *(name for name in data if name not in expected)]:
            entry = data.get(name)
            value = entry.get("value") if isinstance(entry, dict) else None
            if name not in expected or not is_valid(name, value):
                raise WxError(47003, f"argument invalid! data.{name}.value invalid")


def _literal_data(raw: bytes) -> Any:
    """`data` with `\\u4e2d` left as six characters: the limits count the text as it was sent."""
    text = re.sub(r"\\(.)", lambda m: r"\\u" if m[1] == "u" else m[0], raw.decode("utf-8"))
    return json.loads(text).get("data")


def _content(body: dict[str, Any]) -> dict[str, Any]:
    names = ("touser", "template_id", "page", "miniprogram_state", "lang", "data")
    content = {name: body[name] for name in names if name in body}
    values = {name: entry["value"] for name, entry in body["data"].items()}
    return content | {"values": values}
