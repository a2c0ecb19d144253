"""Where both providers' accepted messages go: into the windows and into the outbox."""

import secrets
from typing import Any, NamedTuple

from ..outbox import Message
from .keys import SmsKeys
from .limits import Limits, Window
from .registry import Registry, Template


class Letter(NamedTuple):
    """One text to one mainland number, `phone` being its eleven digits."""

    phone: str
    sign: str
    template: Template
    params: dict[str, str]


class Desk:
    """What both providers share."""

    def __init__(self, world, keys: SmsKeys):
        self.world, self.keys = world, keys
        self.registry = Registry(world, keys.sign_name)
        self.limits = Limits(world)

    def full(self, letter: Letter) -> Window | None:
        template = letter.template
        return self.limits.full(template.provider, template.kind, letter.sign, letter.phone)

    def send(self, letter: Letter, **more: Any) -> Message:
        """Deliver; call under the store's lock together with `full`."""
        template = letter.template
        self.limits.count(template.provider, template.kind, letter.sign, letter.phone)
        content = {
            "provider": template.provider,
            "sign": letter.sign,
            "template": template.code,
            "purpose": template.name,
            "params": letter.params,
            "text": template.render(letter.sign, letter.params),
            **more,
        }
        return self.world.outbox.add("sms", letter.phone, content)


def request_id() -> str:
    """Eight, four, four, four and twelve hexadecimal digits."""
    text = secrets.token_hex(16)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
