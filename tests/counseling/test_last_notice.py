"""Q-5: the last notice that somebody sees tells how things stand; a tenth of its size.

tests/races/test_last_notice.py has the same with everybody at once.
"""

import pytest
from django.utils import timezone

from accounts.models import Notification
from accounts.services import delivery
from accounts.services.delivery import BEHIND_ANOTHER, send_pending
from accounts.services.notifications import notify, resend
from tests.factories import rapid
from tests.factories.accounts import UserFactory
from tests.factories.counseling import booked

SMS = f"{rapid.__name__}.SlowAtFirst"


@pytest.fixture(autouse=True)
def _channel(settings, db):
    rapid.tell_by(settings, SMS)


def drain(rounds=10):
    """Beat after beat; back-offs are over at once."""
    for _ in range(rounds):
        Notification.objects.filter(status="pending").update(due_at=timezone.now())
        send_pending()


def seen() -> list[str]:
    return [template for _user, template in rapid.SEEN]


def statuses(user) -> dict[str, str]:
    rows = Notification.objects.filter(user=user, channel="sms")
    return dict(rows.values_list("template", "status"))


@pytest.mark.parametrize("beats", ["after each step", "after all of them"])
def test_Q5_of_a_hundred_rapid_appointments_the_last_notice_is_how_they_ended(beats):
    ends = {}
    for i in range(100 if beats == "after each step" else 20):
        appointment = booked()
        ends[appointment.user] = rapid.hurry(appointment, i)
        if beats == "after each step":
            send_pending()
    drain()

    assert {user: rapid.last_seen(user) for user in ends} == {
        user: (end, end) for user, end in ends.items()
    }
    assert not Notification.objects.filter(status__in=["pending", "sending"]).exists()


def stale_confirmation() -> tuple[str, str]:
    """The confirmation fails once, is cancelled meanwhile, and is tried again; what is seen."""
    appointment = booked()
    rapid.hurry(appointment, 0)
    send_pending()  # the confirmation: busy
    rapid.cancel(appointment.pk, actor=appointment.user)
    send_pending()
    drain()
    return rapid.last_seen(appointment.user)


def test_Q5_a_confirmation_that_comes_late_is_not_sent_any_more():
    assert stale_confirmation() == ("appointment_cancelled", "appointment_cancelled")
    confirmation = Notification.objects.get(channel="sms", template="appointment_confirmed")
    assert (confirmation.status, confirmation.attempts) == ("overtaken", 1)


def test_Q5_without_its_guard_a_confirmation_comes_after_the_cancellation(monkeypatch):
    """The negative control."""
    monkeypatch.setattr(delivery, "_out_of_turn", lambda note: {})

    assert stale_confirmation() == ("appointment_confirmed", "appointment_cancelled")


class OnItsWay:
    """While the first is being sent, the second is asked for and another beat comes."""

    def send(self, note):
        if note.template == "appointment_confirmed":
            notify(note.user, "appointment_cancelled", subject=note.subject)
            send_pending()
        rapid.SEEN.append((note.user_id, note.template))
        return ""


@pytest.fixture
def told_of(settings):
    """Somebody who is just being told of a confirmation."""
    rapid.tell_by(settings, f"{__name__}.OnItsWay")
    user = UserFactory()
    notify(user, "appointment_confirmed", subject="order:7")
    return user


def test_Q5_a_notice_waits_for_an_older_one_that_is_on_its_way(told_of):
    before = timezone.now()
    send_pending()

    assert seen() == ["appointment_confirmed"]
    second = Notification.objects.get(channel="sms", template="appointment_cancelled")
    assert (second.status, second.attempts) == ("pending", 0)
    assert before + BEHIND_ANOTHER <= second.due_at <= timezone.now() + BEHIND_ANOTHER
    drain()
    assert rapid.last_seen(told_of) == ("appointment_cancelled", "appointment_cancelled")


def test_Q5_without_its_guard_the_second_gets_through_first(told_of, monkeypatch):
    """The negative control."""
    monkeypatch.setattr(delivery, "_out_of_turn", lambda note: {})

    send_pending()

    assert seen() == ["appointment_cancelled", "appointment_confirmed"]


def test_Q5_notices_of_other_things_people_and_without_a_subject_do_not_overtake(told_of):
    Notification.objects.all().delete()
    other = UserFactory()
    for user, template, subject in [
        (told_of, "refund_succeeded", "order:7"),
        (told_of, "appointment_new", "order:8"),
        (told_of, "appointment_new", ""),
        (told_of, "refund_succeeded", "order:7"),  # a second refund: both are true
        (other, "appointment_new", "order:7"),
    ]:
        notify(user, template, subject=subject)

    assert send_pending() == 5


def test_Q5_what_failed_and_was_overtaken_is_not_sent_by_hand_either(told_of):
    Notification.objects.filter(channel="sms").update(status="failed")
    notify(told_of, "appointment_cancelled", subject="order:7")

    resend(Notification.objects.get(status="failed").pk, actor=None)
    send_pending()

    assert statuses(told_of) == {
        "appointment_confirmed": "overtaken", "appointment_cancelled": "sent",
    }  # fmt: skip
