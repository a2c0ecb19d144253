"""Q-2: several beats at once send each notice once."""

import threading

import pytest

from accounts.models import Notification, NotificationTemplate
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from tests.factories.accounts import UserFactory
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
SENT = []
_lock = threading.Lock()


class Recorder:
    """A channel of this suite: what reached the outside."""

    def send(self, note):
        with _lock:
            SENT.append(note.context["number"])
        return ""


def test_Q2_three_beats_at_once_send_each_notice_once(settings):
    SENT.clear()
    settings.NOTIFICATION_CHANNELS = settings.NOTIFICATION_CHANNELS | {
        "sms": f"{__name__}.Recorder"
    }
    NotificationTemplate.objects.create(code="told", title="t", body="b", channels=["sms"])
    user = UserFactory()
    for number in range(60):
        notify(user, "told", number=number)

    counts = together(3, lambda i: send_pending())

    assert sum(counts) == 60
    assert sorted(SENT) == list(range(60))
    assert set(Notification.objects.values_list("status", "attempts")) == {("sent", 1)}
