"""How personal data looks to whoever has no business with all of it: the one place that says so.

Each gives enough to recognise one's own by and not enough to use it; "" stays "", and what
cannot be decrypted stays 「无法解密」.
"""

import ipaddress
import re
from collections.abc import Callable
from functools import wraps

from config.phones import normal_phone
from config.sealing import Unreadable

_ABROAD = re.compile(r"(\+|00)[0-9]{1,3}(?=[^0-9])", re.ASCII)


def _mask(how: Callable[[str], str]) -> Callable[[str | None], str]:
    @wraps(how)
    def wrapper(text: str | None) -> str:
        if not text or isinstance(text, Unreadable):
            return str(text or "")
        return how(str(text).strip())

    return wrapper


@_mask
def mask_phone(text: str) -> str:
    """138****8000, +852****4567: no more than the last four of a number from abroad."""
    phone = normal_phone(text)
    if phone:
        return f"{phone[:3]}****{phone[-4:]}"
    country = _ABROAD.match(text)
    digits = "".join(filter(str.isdigit, text))
    return f"{country[0] if country else ''}****{digits[-4:] if len(digits) > 6 else ''}"


@_mask
def mask_email(text: str) -> str:
    """a***@example.com"""
    name, at, domain = text.partition("@")
    return f"{name[:1]}***{at}{domain}" if at else "***"


@_mask
def mask_name(text: str) -> str:
    """李**, however long it is."""
    return f"{text[0]}**"


@_mask
def mask_id(text: str) -> str:
    """110***********123X: an identity card, passport or licence number."""
    return f"{text[:3]}{'*' * 11}{text[-4:]}" if len(text) >= 15 else f"****{text[7:][-2:]}"


@_mask
def mask_ip(text: str) -> str:
    """203.0.113.*; of an IPv6 address its /48."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "***"
    if address.version == 4:
        return f"{text.rpartition('.')[0]}.*"
    return f"{ipaddress.ip_network((address, 48), strict=False).network_address}*"


@_mask
def mask_account(text: str) -> str:
    """Whatever somebody logs in by: a number, an address, a username, an openid."""
    if normal_phone(text):
        return mask_phone(text)
    if "@" in text:
        return mask_email(text[:64])
    text = text[:64]
    return f"{text[:2]}***{text[-2:]}" if len(text) >= 4 else "***"


@_mask
def mask_key(text: str) -> str:
    """oUpF****7wGc: an openid or another long name nobody types."""
    return f"{text[:4]}****{text[-4:]}" if len(text) >= 8 else "****"
