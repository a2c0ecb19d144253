"""A line per request in the access log, and in the slow log when it took too long."""

import time
from datetime import UTC, datetime
from functools import lru_cache

from config import pulse
from config.api.client_ip import client_ip
from config.api.permissions import KeyHolder
from config.logs import DailyFile, json_line, options, scrub

ACCESS, SLOW = DailyFile("access"), DailyFile("slow")


class AccessLogMiddleware:
    """Next to the outermost: the request has its id, everything else is timed.

    The query stays out: it may hold what somebody searched for.  No logger, no statement: this
    runs on every request.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        pulse.start()
        started = time.perf_counter()
        response = self.get_response(request)
        milliseconds = (time.perf_counter() - started) * 1000
        slow = milliseconds >= options.slow_ms
        if options.access or slow:
            line = _line(request, response, milliseconds)
            if options.access:
                ACCESS.write(line)
            if slow:
                SLOW.write(line)
        return response


def _line(request, response, milliseconds: float) -> str:
    key = getattr(request, "auth", None)
    holder = {"api_key": key.prefix} if isinstance(key, KeyHolder) else {}
    return json_line(
        holder
        | {
            "time": datetime.now(UTC).isoformat("T", "milliseconds"),
            "request_id": request.id,
            "method": request.method[:16],
            "path": _path(request.path[:300]),
            "status": response.status_code,
            "ms": round(milliseconds, 1),
            "user": _user_id(request),
            "ip": client_ip(request),
        }
    )


_path = lru_cache(maxsize=1024)(scrub)


def _user_id(request) -> int | None:
    """Who the view found out it was; asking the back office's lazy user might cost a statement."""
    user = request.__dict__.get("_cached_user") or request.__dict__.get("user")
    return user.__dict__.get("id") if hasattr(user, "__dict__") else None
