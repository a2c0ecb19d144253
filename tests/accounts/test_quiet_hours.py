"""At quiet hours nothing but security leaves the app; the rest goes at their end."""

from datetime import UTC, datetime, time

import pytest
import time_machine

from accounts.models import Notification, NotificationTemplate, QuietHours
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from accounts.services.preferences import end_of_quiet
from tests.helpers import data, refusal

URL = "/notifications/preferences"
NIGHT = {"start": "22:00", "end": "08:00"}
CONFIRMED = "appointment_confirmed"


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+08:00")


@pytest.mark.parametrize(
    ("now", "start", "end", "over"),
    [
        ("21T21:59", "22:00", "08:00", None),
        ("21T22:00", "22:00", "08:00", "22T08:00"),
        ("21T23:59", "22:00", "08:00", "22T08:00"),
        ("22T00:00", "22:00", "08:00", "22T08:00"),
        ("22T07:59", "22:00", "08:00", "22T08:00"),
        ("22T08:00", "22:00", "08:00", None),
        ("21T12:59", "13:00", "14:30", None),
        ("21T13:00", "13:00", "14:30", "21T14:30"),
        ("21T14:30", "13:00", "14:30", None),
        ("21T23:00", "22:00", "00:00", "22T00:00"),
        ("22T00:00", "22:00", "00:00", None),
    ],
)
def test_the_end_of_quiet_by_the_clock_of_shanghai(now, start, end, over):
    found = end_of_quiet(
        shanghai(now).astimezone(UTC), time.fromisoformat(start), time.fromisoformat(end)
    )
    assert found == (over and shanghai(over))


def test_setting_keeping_and_ending_them(api, user):
    assert data(api.put(URL, {"quiet_hours": NIGHT}))["quiet_hours"] == NIGHT
    assert data(api.put(URL, {"preferences": []}))["quiet_hours"] == NIGHT
    later = {"start": "23:30", "end": "07:00"}
    assert data(api.put(URL, {"quiet_hours": later}))["quiet_hours"] == later
    assert data(api.put(URL, {"quiet_hours": None}))["quiet_hours"] is None
    assert QuietHours.objects.exists() is False


@pytest.mark.parametrize(
    "hours",
    [
        {"start": "22:00"},
        {"start": "22:00", "end": "22:00"},
        {"start": "25:00", "end": "08:00"},
        {"start": "22:00:30", "end": "08:00"},
        "22:00-08:00",
        [],
    ],
)
def test_hours_that_are_none_are_refused(api, hours):
    assert refusal(api.put(URL, {"quiet_hours": hours})) == (400, 10400)
    assert QuietHours.objects.exists() is False


def test_what_comes_at_night_leaves_in_the_morning_and_counts_no_attempt(user):
    QuietHours.objects.create(user=user, start=time(22), end=time(8))
    with time_machine.travel(shanghai("21T23:15"), tick=False):
        notify(user, CONFIRMED)
        assert send_pending() == 0
        waiting = Notification.objects.get(channel="subscribe")
        assert (waiting.status, waiting.attempts) == ("pending", 0)
        assert waiting.due_at == shanghai("22T08:00")
        assert Notification.objects.get(channel="in_app").status == "sent"
    with time_machine.travel(shanghai("22T08:00"), tick=False):
        send_pending()

    assert Notification.objects.get(channel="subscribe").attempts == 1


@time_machine.travel(shanghai("21T23:15"), tick=False)
def test_security_does_not_wait(user):
    QuietHours.objects.create(user=user, start=time(22), end=time(8))
    NotificationTemplate.objects.filter(code=CONFIRMED).update(kind="security")
    notify(user, CONFIRMED)

    send_pending()

    assert Notification.objects.get(channel="subscribe").attempts == 1


@time_machine.travel(shanghai("21T12:00"), tick=False)
def test_by_day_nothing_waits(user):
    QuietHours.objects.create(user=user, start=time(22), end=time(8))
    notify(user, CONFIRMED)
    send_pending()
    assert Notification.objects.get(channel="subscribe").attempts == 1
