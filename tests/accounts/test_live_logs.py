"""Levels, the slow threshold, the access log, retention: parameters of every process."""

import logging
from datetime import date

import pytest

from accounts.models import ParameterChange
from accounts.services.live_logs import clean_logs
from accounts.services.parameters import change_parameters, forget_parameters, roll_back
from config import access, pulse
from config.logs import DailyFile, options
from tests.helpers import Api


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    settings.LOG_DIR = str(tmp_path)
    monkeypatch.setattr(access, "ACCESS", DailyFile("access"))
    monkeypatch.setattr(access, "SLOW", DailyFile("slow"))
    return tmp_path


def change(**values):
    change_parameters(values, actor=None)
    forget_parameters()  # as another process within a second
    pulse.beat()


@pytest.mark.parametrize(
    ("name", "logger", "first"),
    [
        ("LOG_LEVEL", "", "INFO"),
        ("LOG_LEVEL_APPS", "counseling", "INFO"),
        ("LOG_LEVEL_APPS", "accounts", "INFO"),
        ("LOG_LEVEL_TASKS", "celery", "INFO"),
        ("LOG_LEVEL_HTTP", "httpx", "WARNING"),
    ],
)
def test_a_level_is_live_and_can_be_rolled_back(db, name, logger, first):
    level = logging.getLogger(logger)
    assert level.level == getattr(logging, first)

    change(**{name: "ERROR"})
    assert level.level == logging.ERROR

    roll_back(ParameterChange.objects.get().pk, actor=None)
    forget_parameters()
    pulse.beat()
    assert level.level == getattr(logging, first)


def test_the_security_log_has_no_level_to_lower(db):
    for name in ("LOG_LEVEL", "LOG_LEVEL_APPS", "LOG_LEVEL_TASKS", "LOG_LEVEL_HTTP"):
        change(**{name: "CRITICAL"})
    assert logging.getLogger("banxin.security").isEnabledFor(logging.INFO)


def test_access_and_slow_are_live(folder, db):
    Api().get("/health")
    change(LOG_ACCESS=False, SLOW_REQUEST_MS=1, LOG_MAX_MB=2)
    Api().get("/health")

    (file,) = folder.glob("access-*.log")
    assert len(file.read_text().splitlines()) == 1
    assert (options.slow_ms, options.max_bytes) == (1, 2 * 1024 * 1024)


def test_how_long_files_stay_is_live(folder, db):
    for name in ("access-2026-01-01.log", "access-2026-05-25.log"):
        (folder / name).touch()
    change(LOG_KEEP_DAYS=400)
    assert clean_logs(today=date(2026, 11, 21)) == 0

    change(LOG_KEEP_DAYS=180)
    assert clean_logs(today=date(2026, 11, 21)) == 1


def test_a_pulse_that_cannot_read_keeps_what_is_known_and_says_so_once(settings, caplog, db):
    settings.PULSE = ["tests.accounts.test_live_logs.broken", settings.PULSE[0]]

    change(SLOW_REQUEST_MS=7)
    pulse.beat()

    assert options.slow_ms == 7
    assert caplog.text.count("pulse: tests.accounts.test_live_logs.broken failed") == 1
    pulse._failing.clear()


def broken():
    raise RuntimeError("the database is away")
