"""Numbers that look like the provider's own."""

import secrets
from datetime import datetime

from ..clock import CHINA


def _stamp(moment: float, form: str) -> str:
    return datetime.fromtimestamp(moment, CHINA).strftime(form)


def _digits(count: int) -> str:
    return f"{secrets.randbelow(10**count):0{count}d}"


def prepay_id(moment: float) -> str:
    return f"wx{_stamp(moment, '%Y%m%d%H%M%S')}{_digits(3)}{secrets.token_hex(9)[:17]}"


def transaction_id(moment: float) -> str:
    return f"4200{_digits(6)}{_stamp(moment, '%Y%m%d')}{_digits(10)}"


def refund_id(moment: float) -> str:
    return f"503{_digits(8)}{_stamp(moment, '%Y%m%d')}{_digits(10)}"


def notice_id(moment: float) -> str:
    return f"EV-{_stamp(moment, '%Y%m%d')}{_digits(12)}"
