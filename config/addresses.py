"""Addresses of pages and pictures elsewhere, as people may have them stored."""

import ipaddress
import unicodedata
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

LONGEST = 500
_INSIDE = (
    "localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "private",
    "home.arpa",
)  # fmt: skip
_well_formed = URLValidator(schemes=["http", "https"])


def public_address(text: str) -> None:
    """A validator; says why an address is none that anybody may be sent to."""
    if not is_public_address(text):
        raise ValidationError(_("请填写 http 或 https 的公网网址"), code="address")


def is_public_address(text: str) -> bool:
    """Whether it is http(s), without a name and password, to a host that is public by its spelling.

    No name is looked up: who fetches one has to look at what it leads to.  Our own are public
    wherever we run.
    """
    if text.startswith(f"{settings.PUBLIC_URL}/"):
        return True
    try:
        _well_formed(text)
        parts = urlsplit(text)
        plain = parts.username is None and parts.password is None
        return len(text) <= LONGEST and plain and _is_public_host(parts.hostname or "")
    except (ValidationError, ValueError):
        return False


def _is_public_host(host: str) -> bool:
    host = unicodedata.normalize("NFKC", host).replace("。", ".").rstrip(".").lower()
    if ":" in host:
        address = ipaddress.IPv6Address(host)
        return _is_public_ip(address) and not _wraps_ipv4(address)
    name, _dot, last = host.rpartition(".")
    if last[:1].isdigit():  # a browser takes it for an IPv4 address, however it is spelt
        return _is_public_ip(ipaddress.IPv4Address(host))
    return bool(name) and not any(f".{host}".endswith(f".{suffix}") for suffix in _INSIDE)


def _is_public_ip(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return address.is_global and not address.is_multicast


def _wraps_ipv4(address: ipaddress.IPv6Address) -> bool:
    """Mapped, 6to4, Teredo and NAT64 lead to an IPv4 address, which may be a private one."""
    nat64 = ipaddress.IPv6Network("64:ff9b::/96")
    return bool(address.ipv4_mapped or address.sixtofour or address.teredo) or address in nat64
