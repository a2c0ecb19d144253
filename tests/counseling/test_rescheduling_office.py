"""Staff move a session in the back office: a time, a reason, both sides told, on record."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification, OperationLog
from counseling.models import Counselor, Reschedule
from tests.counseling.booking import slot_states
from tests.factories.counseling import SlotFactory, booked, confirmed

pytestmark = pytest.mark.django_db


def page(session, name="move"):
    return reverse(f"admin:counseling_appointment_{name}", args=[session.pk])


def later(session, **fields):
    """A free slot of the same counselor, a day after the session."""
    start = session.start_at + timedelta(days=1)
    fields = {"counselor": session.counselor, "start_at": start} | fields
    return SlotFactory(end_at=fields["start_at"] + timedelta(minutes=50), **fields)


def test_staff_move_a_session_and_both_sides_are_told(office):
    session, browser = confirmed(), office("customer_service")
    Counselor.objects.update(min_notice_minutes=60 * 24 * 30, max_per_day=1)  # bind clients alone
    new = later(session)
    text = browser.get(page(session)).content.decode()
    assert f"{timezone.localtime(new.start_at):%Y-%m-%d %H:%M}" in text
    assert page(session) in browser.get(page(session, "change")).content.decode()

    answer = browser.post(page(session), {"slots": new.pk, "reason": "咨询室停电"})

    assert answer.headers["Location"] == page(session, "change")
    assert slot_states() == {session.slot_id: "open", new.pk: "booked"}
    row = Reschedule.objects.get()
    assert (row.side, row.actor, row.reason) == ("staff", browser.user, "咨询室停电")
    told = Notification.objects.filter(template="appointment_rescheduled", channel="in_app")
    assert {note.user for note in told} == {session.user, session.counselor.user}
    log = OperationLog.objects.get()
    assert (log.operation, log.target_id, log.status) == (
        "appointment:move", str(session.pk), "success",
    )  # fmt: skip
    assert log.request_params["reason"] == "咨询室停电"
    assert "咨询室停电" in browser.get(page(session, "change")).content.decode()


@pytest.mark.parametrize("left_out", ["slots", "reason"])
def test_a_time_and_a_reason_are_asked_for(office, left_out):
    session = confirmed()
    new = later(session)
    body = {"slots": new.pk, "reason": "停电"} | {left_out: ""}

    answer = office("admin").post(page(session), body)

    assert left_out in answer.context["form"].errors
    assert slot_states() == {session.slot_id: "booked", new.pk: "open"}
    assert not Reschedule.objects.exists()


def test_only_fitting_times_of_the_same_counselor_are_offered(office):
    session = confirmed()
    fits = later(session)
    day = session.start_at + timedelta(days=2)
    others = [
        SlotFactory(start_at=day),
        later(session, start_at=day, status="closed"),
        later(session, start_at=timezone.now() + timedelta(days=300)),
        later(session, start_at=timezone.now() - timedelta(days=1)),
    ]

    form = office("admin").get(page(session)).context["form"]

    assert [pk for pk, _ in form.fields["slots"].choices] == [fits.pk]
    for other in others:
        answer = office("admin").post(page(session), {"slots": other.pk, "reason": "停电"})
        assert answer.status_code == 200
    assert not Reschedule.objects.exists()


def test_what_does_not_stand_is_not_moved(office):
    session = booked()
    new = later(session)

    text = office("admin").get(page(session)).content.decode()
    office("admin").post(page(session), {"slots": new.pk, "reason": "停电"})

    assert "没有合适的空闲时段" in text
    assert slot_states() == {session.slot_id: "held", new.pk: "open"}


@pytest.mark.parametrize("role", ["finance", "content_manager"])
def test_nobody_else_moves_sessions(office, role):
    session = confirmed()
    new, browser = later(session), office(role)

    assert browser.get(page(session)).status_code == 403
    assert browser.post(page(session), {"slots": new.pk, "reason": "停电"}).status_code == 403

    assert slot_states() == {session.slot_id: "booked", new.pk: "open"}
