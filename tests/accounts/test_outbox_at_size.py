"""The outbox with many rows: Q-2 and Q-3 at a tenth of their size."""

import pytest
from django.utils import timezone

from accounts.models import Notification, NotificationTemplate
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify, resend
from tests.factories.accounts import UserFactory

SENT = []


class Recorder:
    """A channel of this suite: what reached the outside, in its order."""

    def send(self, note):
        if note.context.get("poison"):
            raise RuntimeError("cannot be sent")
        SENT.append((note.user_id, note.context.get("state")))
        return ""


@pytest.fixture(autouse=True)
def _channel(settings, db):
    SENT.clear()
    settings.NOTIFICATION_CHANNELS = settings.NOTIFICATION_CHANNELS | {
        "sms": f"{__name__}.Recorder"
    }
    NotificationTemplate.objects.create(code="told", title="t", body="{state}", channels=["sms"])


def drain():
    """Beat after beat until nothing is due any more; back-offs are over at once."""
    for _ in range(40):
        Notification.objects.filter(status="pending").update(due_at=timezone.now())
        send_pending()
        if not Notification.objects.filter(status="pending").exists():
            return


def test_Q2_three_beats_send_each_notice_once():
    user = UserFactory()
    for n in range(100):
        notify(user, "told", state=n)

    assert send_pending() + send_pending() + send_pending() == 100

    assert sorted(state for _user, state in SENT) == list(range(100))


def test_Q3_five_poisoned_among_a_hundred_are_parked_with_their_reason_and_the_rest_arrives():
    user = UserFactory()
    for n in range(100):
        notify(user, "told", state=n, poison=n % 20 == 0)

    assert send_pending() == 95  # the first beat already
    drain()

    parked = Notification.objects.filter(status="failed")
    assert [note.context["state"] for note in parked.order_by("pk")] == [0, 20, 40, 60, 80]
    assert {note.error for note in parked} == {"RuntimeError: cannot be sent"}
    assert len(SENT) == 95

    for note in parked:  # mended, and sent again by hand
        note.context["poison"] = False
        note.save(update_fields=["context"])
        resend(note.pk, actor=None)
    drain()
    assert sorted(state for _user, state in SENT) == list(range(100))
