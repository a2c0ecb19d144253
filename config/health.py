"""Is this process up, and what does it lean on?  /health/live, /health/ready and their aliases.

Only the database makes the answer 503: Redis is disposable, and beat does its work late or later
(invariants V-1, V-8).  Those are reported as "degraded", names and states only, never versions.
"""

import os
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import redis
from django.conf import settings
from django.db import Error, connection, connections
from django.db.models import Max
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response

from config.api.exceptions import envelope
from config.api.permissions import PUBLIC
from config.api.renderers import dumps
from config.api.viewsets import ApiViewSet

OK, FAILED, LATE = "ok", "failed", "late"
DEADLINE_SECONDS = 2.0
REDIS_SECONDS = 0.5


class Probe:
    """A check in a thread of its own: a dependency that hangs costs the deadline, not the request.

    While one run hangs no second one is started, so hanging probes do not pile up.
    """

    def __init__(self, check: Callable[[], dict], *names: str):
        self._check, self._names = check, names
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._states: dict = {}

    def start(self) -> threading.Thread:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._states = {}
                self._thread.start()
            return self._thread

    def states(self, thread: threading.Thread, seconds: float) -> dict:
        thread.join(seconds)
        return dict.fromkeys(self._names, FAILED) | self._states

    def _run(self):
        try:
            self._states = self._check()
        finally:
            connections.close_all()  # this thread's own


def database_and_beat() -> dict:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Error:
        return {}
    return {"database": OK, "beat": beat_state()}


def beat_state(now=None) -> str:
    """Late when beat has been silent for three sweeps and half a minute.

    It writes its rows when it starts and each time it sends a task; so does an operator who
    changes one, which hides a dead beat for that long.
    """
    from django_celery_beat.models import PeriodicTask

    try:
        last = PeriodicTask.objects.aggregate(last=Max("date_changed"))["last"]
    except Error:
        return FAILED
    allowed = timedelta(seconds=3 * settings.SWEEP_SECONDS + 30)
    return OK if last and (now or timezone.now()) - last <= allowed else LATE


def cache_and_broker() -> dict:
    """Both are Redis, or both are embedded: local memory and a folder."""
    if settings.REDIS_URL:
        state = OK if _redis_answers(settings.REDIS_URL) else FAILED
        return {"cache": state, "broker": state}
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_out")
    writable = folder is None or os.access(folder, os.W_OK)
    return {"cache": OK, "broker": OK if writable else FAILED}


def _redis_answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS
        ) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError, ValueError):
        return False


PROBES = (
    Probe(database_and_beat, "database", "beat"),
    Probe(cache_and_broker, "cache", "broker"),
)


def checks() -> dict[str, str]:
    end = time.monotonic() + DEADLINE_SECONDS
    states: dict[str, str] = {}
    for probe, thread in [(probe, probe.start()) for probe in PROBES]:
        states |= probe.states(thread, max(0.0, end - time.monotonic()))
    return states


def live(request) -> HttpResponse:
    return _answer(200, envelope(0, "success", {"status": OK}))


def ready(request) -> HttpResponse:
    """200 while the database answers; "degraded" says that something else does not."""
    states = checks()
    data = {"status": OK if set(states.values()) == {OK} else "degraded", "checks": states}
    if states["database"] == OK:
        return _answer(200, envelope(0, "success", data))
    response = _answer(503, envelope(10503, "数据库无法连接", data | {"status": "unavailable"}))
    response.headers["Retry-After"] = "1"
    return response


def _answer(status: int, body: dict) -> HttpResponse:
    response = HttpResponse(dumps(body), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


class HealthViewSet(ApiViewSet):
    """The smallest request the API can serve: routing, token, throttle, envelope."""

    permissions = {"list": PUBLIC}
    pagination_class = None
    filter_backends = []

    @extend_schema(
        summary="接口是否可用",
        responses=inline_serializer("Health", {"status": serializers.CharField()}),
    )
    def list(self, request):
        return Response({"status": OK})
