"""The one answer to "which address does this request come from"."""

import ipaddress
from functools import lru_cache

from django.conf import settings


def client_ip(request) -> str:
    """The caller's address: the last hop in X-Forwarded-For that is not a proxy of ours.

    Headers count only when the connection itself comes from settings.TRUSTED_PROXIES
    (addresses or networks); anybody can write the rest.
    """
    address = request.META.get("REMOTE_ADDR", "")
    if not _trusted(address):
        return address
    hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    for hop in reversed([hop.strip() for hop in hops if hop.strip()]):
        if not _is_address(hop):
            return address
        address = hop
        if not _trusted(hop):
            break
    return address


def _trusted(address: str) -> bool:
    proxies = settings.TRUSTED_PROXIES
    return bool(proxies) and _is_one_of(address, tuple(proxies))


@lru_cache(maxsize=1024)
def _is_one_of(address: str, proxies: tuple[str, ...]) -> bool:
    return _is_address(address) and any(
        ipaddress.ip_address(address) in ipaddress.ip_network(proxy) for proxy in proxies
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
