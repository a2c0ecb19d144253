"""Reminders a day and an hour ahead: once per start, and never of a time that does not stand."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Notification
from accounts.services.delivery import send_pending
from counseling.models import Appointment
from counseling.services.appointments import cancel
from counseling.services.reminding import next_reminder
from counseling.services.reminding import remind as sweep
from counseling.services.rescheduling import reschedule
from counseling.tasks import remind
from tests.counseling.test_rescheduling import later
from tests.factories.counseling import booked, confirmed, pay

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def reminders(appointment) -> list[str]:
    """The starts that the client was reminded of, as the words of the reminders have them."""
    told = Notification.objects.filter(template="appointment_reminder", user=appointment.user)
    return [note.context["start"] for note in told.filter(channel="in_app").order_by("pk")]


def words(moment) -> str:
    return f"{timezone.localtime(moment):%Y年%m月%d日 %H:%M}"


def test_a_day_and_an_hour_ahead_each_side_is_reminded_once(time_machine, db):
    appointment = confirmed()
    begins = appointment.start_at
    seen = []
    for moment in (
        begins - 24 * HOUR - SECOND, begins - 24 * HOUR, begins - 24 * HOUR, begins - HOUR - SECOND,
        begins - HOUR, begins - HOUR + SECOND, begins, begins + HOUR,
    ):  # fmt: skip
        time_machine.move_to(moment, tick=False)
        seen.append(remind())

    assert seen == [0, 1, 0, 0, 1, 0, 0, 0]
    assert reminders(appointment) == [words(begins)] * 2
    told = Notification.objects.filter(template="appointment_reminder", channel="in_app")
    assert told.filter(user=appointment.counselor.user).count() == 2
    assert f"将于 {words(begins)} 开始" in told[0].body
    assert Appointment.objects.get().remind_at is None


@pytest.mark.parametrize(
    ("before", "expected"), [(25, [24, 1]), (24, [1]), (20, [1]), (1, []), (0.5, [])]
)
def test_nobody_is_reminded_of_what_was_booked_later_than_that(before, expected, time_machine):
    appointment = booked()
    begins = appointment.start_at
    time_machine.move_to(begins - timedelta(hours=before), tick=False)
    pay(appointment)

    found = []
    for hours in (24, 20, 1, 0.9, 0):
        if hours <= before:
            time_machine.move_to(begins - timedelta(hours=hours), tick=False)
            found += [hours] * remind()

    assert found == expected
    assert reminders(appointment) == [words(begins)] * len(expected)


def test_after_a_pause_there_is_one_reminder_and_none_once_it_begins():
    first, second = confirmed(), confirmed()
    paused_until = first.start_at - HOUR / 2

    assert sweep(now=paused_until) == 2
    assert sweep(now=second.start_at + SECOND) == 0
    assert (len(reminders(first)), len(reminders(second))) == (1, 1)
    assert not Appointment.objects.exclude(remind_at=None).exists()


def test_what_was_moved_is_reminded_of_its_new_time_alone(time_machine):
    appointment = confirmed()
    old = appointment.start_at
    new = later(appointment, days=2)
    time_machine.move_to(old - 24 * HOUR, tick=False)
    assert remind() == 1
    moved = reschedule(appointment.pk, slot_id=new.pk, actor=appointment.user)
    assert moved.remind_at == new.start_at - 24 * HOUR

    time_machine.move_to(old - HOUR, tick=False)
    assert remind() == 0
    time_machine.move_to(new.start_at - 24 * HOUR, tick=False)
    assert remind() == 1
    later_on = later(appointment, days=4)
    reschedule(appointment.pk, slot_id=later_on.pk, actor=appointment.counselor.user)
    time_machine.move_to(new.start_at, tick=False)

    assert remind() == 0
    assert reminders(appointment) == [words(old), words(new.start_at)]


@pytest.mark.parametrize("end", ["cancelled", "begun", "expired"])
def test_what_does_not_stand_is_not_reminded_of(end, time_machine):
    appointment = booked() if end == "expired" else confirmed()
    if end == "cancelled":
        cancel(appointment.pk, actor=appointment.user)
    elif end == "begun":
        Appointment.objects.filter(pk=appointment.pk).update(status="in_progress")
    else:
        Appointment.objects.update(status="expired", remind_at=timezone.now())

    time_machine.move_to(appointment.start_at - HOUR, tick=False)

    assert remind() == 0
    assert reminders(appointment) == []
    assert Appointment.objects.get().remind_at is None


def outbox():
    rows = Notification.objects.filter(channel="subscribe", template__contains="appointment_re")
    return list(rows.order_by("pk").values_list("template", "status"))


def test_Q5_a_reminder_that_waits_is_overtaken_by_the_move_and_by_the_start(time_machine):
    appointment = confirmed()
    time_machine.move_to(appointment.start_at - 24 * HOUR, tick=False)
    remind()
    first, second = later(appointment, days=1), later(appointment, days=2)
    reschedule(appointment.pk, slot_id=first.pk, actor=appointment.user)
    reschedule(appointment.pk, slot_id=second.pk, actor=appointment.counselor.user)

    send_pending()

    kinds = {}
    for template, status in outbox():
        kinds.setdefault(template, []).append(status)
    assert kinds["appointment_reminder"] == ["overtaken"] * 2
    assert kinds["appointment_rescheduled"][:2] == ["overtaken"] * 2
    assert "overtaken" not in kinds["appointment_rescheduled"][2:]
    time_machine.move_to(second.start_at - HOUR, tick=False)
    remind()
    time_machine.move_to(second.start_at, tick=False)
    send_pending()
    assert [status for _, status in outbox()][-2:] == ["overtaken"] * 2


def test_due_reminders_are_found_by_their_index(django_assert_num_queries):
    confirmed()

    with django_assert_num_queries(1):
        assert remind() == 0
    plan = Appointment.objects.filter(remind_at__lte=timezone.now()).order_by("remind_at").explain()
    assert "appointment_remind" in plan


def test_the_next_reminder_is_the_first_that_lies_ahead():
    begins = timezone.now()
    day, hour = begins - 24 * HOUR, begins - HOUR

    assert next_reminder(begins, day - SECOND) == day
    assert next_reminder(begins, day) == hour
    assert next_reminder(begins, hour) is None
