"""Is there a person at the other end?  Asked before a code is sent when limits get near.

settings.CAPTCHA_VERIFIER names who can tell; without one nobody is asked, and the limits alone
guard (invariants J-6).
"""

import logging
from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from accounts.errors import CaptchaInvalid, CaptchaRequired, CaptchaUnavailable

logger = logging.getLogger(__name__)


class Verifier(Protocol):
    """A captcha provider; called outside of transactions, may ask over the network."""

    def __call__(self, ticket: str, *, ip_address: str | None) -> bool:
        """Whether `ticket` is fresh and was solved.  Raise anything when the provider is away."""


def check_captcha(ticket: str, *, ip_address: str | None, needed: Callable[[], bool]) -> None:
    """Raise CaptchaRequired, CaptchaInvalid or CaptchaUnavailable when it is `needed` and not
    there, not solved, or nobody can tell.  A ticket that is not needed is not looked at."""
    if not settings.CAPTCHA_VERIFIER or not needed():
        return
    if not ticket:
        raise CaptchaRequired
    verifier: Verifier = import_string(settings.CAPTCHA_VERIFIER)
    try:
        solved = verifier(ticket, ip_address=ip_address)
    except Exception as error:  # whatever their client raises
        logger.exception("the captcha provider is away")
        raise CaptchaUnavailable from error
    if solved is not True:
        raise CaptchaInvalid
