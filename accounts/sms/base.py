"""Sending one SMS: the first provider, and the second one when the first is out of order.

No provider takes an idempotency key, so a message whose fate is unknown is not sent again.
"""

import enum
import json
import logging
from collections.abc import Container, Mapping
from typing import Any, NamedTuple, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from config.http import NoAnswer, ask, http_client

logger = logging.getLogger(__name__)

TIMEOUTS = {"connect": 2, "read": 5}
LIMITS = {"most": 64 * 1024, "seconds": 8}


class Trouble(enum.Enum):
    """Why nothing was sent, or whether it was."""

    LIMIT = "limit"  # the number got too many lately
    NUMBER = "number"  # nobody can write to it
    WORDS = "words"  # signature, template or its values: ours to mend
    ACCOUNT = "account"  # unpaid, closed, wrong keys: another provider may do it
    SYSTEM = "system"  # the provider is out of order and says so
    UNKNOWN = "unknown"  # it may have been sent


class SmsError(Exception):
    """code: the provider's own word.  Neither holds the number nor what was to be sent."""

    def __init__(self, provider: str, code: str, trouble: Trouble):
        super().__init__(f"{provider}: {code}"[:100])
        self.provider, self.code, self.trouble = provider, code, trouble


class Sent(NamedTuple):
    """Which provider took a message, and what it calls it."""

    provider: str
    message_id: str


class Sender(Protocol):
    """One provider's account."""

    name: str

    def is_configured(self) -> bool: ...

    def send(self, phone: str, template: str, params: Mapping[str, str]) -> str:
        """Send to eleven digits; the provider's id of the message.  Raises SmsError."""


def senders() -> list[Sender]:
    """The providers whose keys are in the settings, first choice first."""
    every = [import_string(path)() for path in settings.SMS_PROVIDERS]
    return [sender for sender in every if sender.is_configured()]


def send_sms(
    phone: str, purpose: str, params: Mapping[str, str], *, last: Container[str] = ()
) -> Sent:
    """Send the words of `purpose` to a number.

    params: in the template's order.  The next provider is asked only when one clearly refused
    for reasons of its own.  last: names of providers to try after the others.  Raises SmsError,
    the last provider's.
    """
    failure = SmsError("sms", "not configured", Trouble.ACCOUNT)
    for sender in sorted(senders(), key=lambda sender: sender.name in last):
        try:
            message_id = _send(sender, phone, settings.SMS_TEMPLATES[sender.name][purpose], params)
        except SmsError as error:
            logger.log(_level(error), "SMS refused: %s (%s)", error, error.trouble.value)
            failure = error
            if error.trouble not in {Trouble.ACCOUNT, Trouble.SYSTEM}:
                break
        else:
            return Sent(sender.name, message_id)
    raise failure


def _send(sender: Sender, phone: str, template: str, params: Mapping[str, str]) -> str:
    """Once more when the provider says that it was out of order."""
    try:
        return sender.send(phone, template, params)
    except SmsError as error:
        if error.trouble is not Trouble.SYSTEM or error.code == "unreachable":
            raise
        return sender.send(phone, template, params)


def _level(error: SmsError) -> int:
    alarm = error.trouble in {Trouble.ACCOUNT, Trouble.WORDS}
    return logging.ERROR if alarm else logging.WARNING


def post(provider: str, url: str, *, headers: Mapping[str, str], body: bytes = b"") -> dict:
    """The JSON object that answers a signed request, whatever its status."""
    try:
        with http_client(**TIMEOUTS) as client:
            answer = ask(client, "POST", url, headers=dict(headers), content=body, **LIMITS)
    except NoAnswer as error:
        if not error.sent:
            raise SmsError(provider, "unreachable", Trouble.SYSTEM) from None
        raise SmsError(provider, str(error), Trouble.UNKNOWN) from None
    return _object(provider, answer.status, answer.body)


def _object(provider: str, status: int, raw: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise SmsError(provider, f"HTTP {status}", Trouble.UNKNOWN)
    return answer
