"""Q-5 with everybody at once: pay, cancel, refund, and three beats that send meanwhile."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import OperationalError

from accounts.models import Notification
from accounts.services import delivery
from accounts.services.delivery import send_pending
from tests.factories import rapid
from tests.factories.counseling import booked
from tests.helpers import together
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def waiting():
    return Notification.objects.filter(status__in=["pending", "sending"])


def beat_until(over: threading.Event) -> None:
    """Beat after beat until all is done and nothing waits."""
    while not over.is_set() or waiting().exists():
        with suppress(OperationalError):  # a deadlock: the next beat comes
            send_pending()


@pytest.fixture(autouse=True)
def _back_offs_are_over_at_once(monkeypatch):
    monkeypatch.setattr(delivery, "BACK_OFF_SECONDS", (0,))
    monkeypatch.setattr(delivery, "BEHIND_ANOTHER", timedelta(0))


def test_Q5_the_last_notice_is_how_it_ended_of_a_thousand(settings):
    rapid.tell_by(settings, f"{rapid.__name__}.SlowAtFirst")
    appointments = [booked() for _ in range(size(1000))]
    over = threading.Event()
    ends = {}

    def hurry(i):
        ends[appointments[i].user] = rapid.hurry(appointments[i], i)

    def job(i):
        if i:
            return beat_until(over)
        try:
            return storm(len(appointments), hurry)
        finally:
            over.set()

    acted, *beats = together(4, job)
    assert (set(acted), beats) == ({None}, [None] * 3)

    found = {user: rapid.last_seen(user) for user in ends}
    assert found == {user: (end, end) for user, end in ends.items()}
    assert not waiting().exists()
    overtaken = Notification.objects.filter(status="overtaken").count()
    figure("Q-5", f"{len(ends)} rapid pay/cancel/refund, {overtaken} overtaken: 0 last notices off")
