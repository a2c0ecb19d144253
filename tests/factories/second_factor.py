"""People with an authenticator app, and the codes it shows."""

import time

from django.utils import timezone

from accounts import totp
from accounts.models import SecondFactor, User
from accounts.services.second_factor import _new_recovery_codes

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def enrolled(user: User) -> list[str]:
    """Give somebody a second factor with SECRET; their recovery codes."""
    SecondFactor.objects.create(user=user, secret=SECRET, confirmed_at=timezone.now())
    return _new_recovery_codes(user)


def app_code(ahead: int = 0, secret: str = SECRET) -> str:
    """What the app shows `ahead` steps from now."""
    return totp.code_of(secret, totp.step_at(time.time()) + ahead)


def wrong_code(secret: str = SECRET) -> str:
    """Six digits that are the code of no step near now."""
    near = {app_code(ahead, secret) for ahead in range(-3, 4)}
    return next(code for code in (f"{n:06d}" for n in range(10)) if code not in near)
