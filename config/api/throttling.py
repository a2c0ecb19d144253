"""A courtesy limit per person or address.  It protects the machine, not a secret.

Limits that guard money or accounts count in tables (invariants F7, F8): the cache may vanish.
"""

import time

from django.conf import settings
from rest_framework.permissions import SAFE_METHODS
from rest_framework.throttling import BaseThrottle

from config.api.client_ip import client_ip
from config.api.permissions import KeyHolder
from config.caches import THROTTLE

WINDOW_SECONDS = 60


class RequestThrottle(BaseThrottle):
    """So many requests a minute by kind: view.throttle_kind, else "read" or "write".

    A third party's key has a limit of its own, which it keeps exactly, in a table.
    """

    def allow_request(self, request, view):
        if isinstance(request.auth, KeyHolder):
            return request.auth.take_place()
        kind = getattr(view, "throttle_kind", None) or (
            "read" if request.method in SAFE_METHODS else "write"
        )
        user = request.user
        who = f"u{user.pk}" if user.is_authenticated else client_ip(request)
        window = int(time.time() // WINDOW_SECONDS)
        return _count(f"{kind}:{who}:{window}") <= settings.THROTTLE_RATES[kind]

    def wait(self):
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS


def _count(key: str) -> int:
    """This request's number in its window; 0 when the cache is away: then nobody is throttled.

    One round trip for all requests of a window but the first.
    """
    try:
        return THROTTLE.incr(key) or 0
    except ValueError:  # there is none yet
        return 1 if THROTTLE.add(key, 1, WINDOW_SECONDS * 2) else 2
