"""Verification codes: twelve digits that a person can read out, the last one a check digit."""

import re
import secrets

from commerce.models import Order, VerificationCode

_DIGITS = 11
_CODE = re.compile(r"[0-9]{12}", re.ASCII)
_BETWEEN = re.compile(r"[\s-]+")


def issue_code(order: Order) -> VerificationCode:
    """The order's code; call it in the transaction that pays the order."""
    body = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
    return VerificationCode.objects.create(order=order, code=body + check_digit(body))


def check_digit(body: str) -> str:
    """Luhn's: tells any one wrong digit and nearly all neighbours that changed places."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def normal_code(text: str) -> str | None:
    """The code without blanks and dashes; None when it can be none."""
    code = _BETWEEN.sub("", text)
    if not _CODE.fullmatch(code) or check_digit(code[:-1]) != code[-1]:
        return None
    return code
