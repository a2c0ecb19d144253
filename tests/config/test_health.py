"""Health checks: honest, quick, and only the database makes them 503 (V-8)."""

import socket
import threading
import time
from datetime import timedelta

import pytest
import time_machine
from django.db import connections
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config import health
from tests.helpers import data

ALL_OK = {"database": "ok", "beat": "ok", "cache": "ok", "broker": "ok"}


@pytest.fixture
def beat(transactional_db):
    """beat(seconds) last wrote its rows that long ago."""
    every, _ = IntervalSchedule.objects.get_or_create(every=20, period=IntervalSchedule.SECONDS)

    def ran(seconds: float):
        with time_machine.travel(timezone.now() - timedelta(seconds=seconds)):
            PeriodicTask.objects.create(name="sweep", task="commerce.expire_orders", interval=every)

    PeriodicTask.objects.all().delete()
    return ran


@pytest.fixture
def silent_server():
    """The URL of something that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


@pytest.mark.parametrize("path", ["/health/live", "/healthz"])
def test_live_asks_no_database(client, path):
    response = client.get(path)

    assert data(response) == {"status": "ok"}
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/health/ready", "/readyz"])
def test_ready_names_what_it_leans_on(client, beat, path):
    beat(5)

    assert data(client.get(path)) == {"status": "ok", "checks": ALL_OK}


def test_V8_a_late_beat_is_degraded_but_ready(client, beat):
    beat(600)

    assert data(client.get("/health/ready")) == {
        "status": "degraded",
        "checks": ALL_OK | {"beat": "late"},
    }


@pytest.mark.parametrize(("seconds", "state"), [(89, "ok"), (91, "late")])
def test_beat_is_late_after_three_sweeps_and_half_a_minute(beat, settings, seconds, state):
    settings.SWEEP_SECONDS = 20
    beat(seconds)

    assert health.beat_state() == state


@pytest.mark.django_db
def test_a_beat_that_never_ran_is_late():
    PeriodicTask.objects.all().delete()

    assert health.beat_state() == "late"


def test_V8_redis_that_hangs_is_degraded_but_ready_and_quick(client, beat, settings, silent_server):
    beat(5)
    settings.REDIS_URL = silent_server
    started = time.monotonic()

    answer = data(client.get("/health/ready"))

    assert answer == {
        "status": "degraded",
        "checks": ALL_OK | {"cache": "failed", "broker": "failed"},
    }
    assert time.monotonic() - started < health.DEADLINE_SECONDS


def test_V8_redis_that_is_gone_is_degraded_but_ready(client, beat, settings):
    beat(5)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    answer = data(client.get("/health/ready"))

    assert answer == {
        "status": "degraded",
        "checks": ALL_OK | {"cache": "failed", "broker": "failed"},
    }


def test_V8_without_the_database_it_is_503(client, transactional_db, monkeypatch):
    monkeypatch.setitem(connections.settings["default"], "NAME", "/nowhere/at/all")

    response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    body = response.json()
    assert (body["code"], body["data"]["status"]) == (10503, "unavailable")
    assert body["data"]["checks"]["database"] == "failed"
    assert "nowhere" not in response.content.decode()


def test_a_check_that_hangs_costs_its_deadline_and_one_thread():
    end = threading.Event()
    probe = health.Probe(lambda: {"stone": "ok"} if end.wait() else {}, "stone")

    first, second = probe.start(), probe.start()

    assert first is second
    assert probe.states(first, 0.05) == {"stone": "failed"}
    end.set()
    assert probe.states(first, 5) == {"stone": "ok"}
    assert probe.start() is not first


def test_the_api_answers_everybody_and_checks_a_token_that_is_sent(api, anonymous):
    assert data(api.get("/health")) == {"status": "ok"}
    assert data(anonymous.get("/health")) == {"status": "ok"}
    assert anonymous.get("/health", Authorization="Bearer forged").status_code == 401


def test_the_api_health_looks_at_the_session_and_nothing_else(api, django_assert_num_queries):
    with django_assert_num_queries(1):
        api.get("/health")
