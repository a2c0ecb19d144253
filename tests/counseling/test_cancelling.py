"""Cancelling by the frozen policy, by either side, before and after paying."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notification, NotificationTemplate, StatusChange
from accounts.services.templates import render
from commerce.models import Order, Refund
from config.errors import IllegalTransition, NotFound
from counseling.errors import TooLateToCancel
from counseling.models import Appointment, TimeSlot
from counseling.services.appointments import cancel, preview_for
from counseling.services.cancelling import preview_cancel
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import (
    CounselorFactory,
    ServiceFactory,
    SlotFactory,
    booked,
    booker,
    confirmed,
    offer,
)
from tests.sandbox.wx.template_fields import is_valid

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def slot_of(appointment):
    return TimeSlot.objects.get(pk=appointment.slot_id).status


def order_of(appointment):
    return Order.objects.get(items__appointment=appointment)


@pytest.mark.parametrize(
    ("moment", "offset", "fee"),
    [
        ("free_cancel_until", -SECOND, "0.00"),
        ("free_cancel_until", timedelta(0), "0.00"),
        ("free_cancel_until", SECOND, "90.00"),
        ("fee_cancel_until", -SECOND, "90.00"),
        ("fee_cancel_until", timedelta(0), "90.00"),
        ("fee_cancel_until", SECOND, "300.00"),
        ("start_at", -SECOND, "300.00"),
    ],
)
def test_S7_the_preview_is_what_cancelling_costs(moment, offset, fee):
    appointment = confirmed()
    now = getattr(appointment, moment) + offset
    client = appointment.user

    preview = preview_for(appointment.pk, actor=client, now=now)
    cancel(appointment.pk, actor=client, reason="行程有变", now=now)

    assert (preview.fee, preview.refund) == (Decimal(fee), 300 - Decimal(fee))
    assert [refund.amount for refund in Refund.objects.all()] == [preview.refund] * bool(
        preview.refund
    )
    assert order_of(appointment).status == ("refunding" if preview.refund else "cancelled")
    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancel_reason) == ("cancelled", "行程有变")
    assert appointment.cancelled_by == client
    assert (slot_of(appointment), appointment.live_slot) == ("open", None)


def test_the_preview_says_how_long_it_stays_true():
    appointment = confirmed()
    times = [appointment.free_cancel_until, appointment.fee_cancel_until, appointment.start_at]

    for until in times:
        assert preview_cancel(appointment, until - SECOND).until == until


def test_the_policy_is_frozen_when_booked(settings):
    appointment = confirmed()
    settings.CONSTANCE_CONFIG = settings.CONSTANCE_CONFIG | {"CANCEL_FEE_PERCENT": (90, "", int)}

    now = appointment.free_cancel_until + SECOND
    assert preview_cancel(appointment, now).fee == Decimal("90.00")
    assert "30%" in preview_cancel(appointment, now).policy


def test_the_fee_is_rounded_to_the_cent():
    slot, service = offer(price=Decimal("99.99"))
    appointment = confirmed(slot=slot, service=service)

    preview = preview_cancel(appointment, appointment.free_cancel_until + SECOND)

    assert (preview.fee, preview.refund) == (Decimal("30.00"), Decimal("69.99"))


@pytest.mark.parametrize("offset", [timedelta(0), SECOND])
def test_S7_a_session_that_has_begun_cannot_be_cancelled(offset):
    appointment = confirmed()
    now = appointment.start_at + offset

    with pytest.raises(TooLateToCancel):
        cancel(appointment.pk, actor=appointment.user, reason="", now=now)
    with pytest.raises(TooLateToCancel):
        preview_for(appointment.pk, actor=appointment.user, now=now)

    appointment.refresh_from_db()
    assert (appointment.status, slot_of(appointment)) == ("confirmed", "booked")
    assert not Refund.objects.exists()


def test_a_counselor_who_cancels_gives_everything_back():
    appointment = confirmed()
    counselor = appointment.counselor.user

    cancel(appointment.pk, actor=counselor, reason="临时有事", now=appointment.start_at - SECOND)

    refund = Refund.objects.get()
    assert (refund.amount, refund.reason_code) == (Decimal("300.00"), "counselor")


def test_staff_who_cancel_give_everything_back():
    appointment = confirmed()
    staff = StaffFactory("customer_service")

    cancel(appointment.pk, actor=staff, reason="", now=appointment.start_at - SECOND)

    assert Refund.objects.get().amount == Decimal("300.00")


def test_staff_pay_the_fee_for_their_own_session():
    staff = StaffFactory("customer_service")
    appointment = confirmed(booker(user=staff))

    cancel(appointment.pk, actor=staff, reason="", now=appointment.free_cancel_until + SECOND)

    assert Refund.objects.get().amount == Decimal("210.00")


def test_a_stranger_cannot_cancel_nor_learn_that_it_exists():
    appointment = confirmed()

    for act in (cancel, preview_for):
        with pytest.raises(NotFound):
            act(appointment.pk, actor=UserFactory(), now=timezone.now())
    appointment.refresh_from_db()
    assert appointment.status == "confirmed"


def test_an_unpaid_appointment_is_cancelled_with_its_order():
    appointment = booked()

    assert preview_for(appointment.pk, actor=appointment.user, now=timezone.now()).fee == 0
    cancel(appointment.pk, actor=appointment.user, reason="不需要了")

    appointment.refresh_from_db()
    assert (appointment.status, appointment.cancel_reason) == ("cancelled", "不需要了")
    assert (order_of(appointment).status, slot_of(appointment)) == ("cancelled", "open")
    assert not Refund.objects.exists()
    logged = StatusChange.objects.get(model="counseling.appointment")
    assert (logged.actor, logged.reason) == (appointment.user, "不需要了")


def test_a_free_session_is_cancelled_without_a_refund():
    slot, service = offer(price=Decimal(0))
    appointment = booked(slot=slot, service=service)

    cancel(appointment.pk, actor=appointment.user, reason="")

    appointment.refresh_from_db()
    assert (appointment.status, slot_of(appointment)) == ("cancelled", "open")
    assert order_of(appointment).status == "cancelled"
    assert not Refund.objects.exists()


def test_cancelling_twice_changes_nothing():
    appointment = confirmed()
    cancel(appointment.pk, actor=appointment.user, reason="")
    changes = StatusChange.objects.count()

    with pytest.raises(IllegalTransition):
        cancel(appointment.pk, actor=appointment.user, reason="")

    assert StatusChange.objects.count() == changes
    assert Refund.objects.count() == 1


def test_both_sides_hear_of_a_cancellation_once():
    appointment = confirmed()

    cancel(appointment.pk, actor=appointment.user, reason="")

    told = Notification.objects.filter(template="appointment_cancelled", channel="in_app")
    assert {note.user_id for note in told} == {
        appointment.user_id,
        appointment.counselor.user_id,
    }
    to_client = told.get(user_id=appointment.user_id)
    assert "退款 300.00 元将原路退回" in to_client.body
    assert appointment.number in to_client.body


def test_notices_hold_nothing_about_the_client():
    appointment = confirmed(booker(name="韩梅梅"), note="秘密")
    cancel(appointment.pk, actor=appointment.user, reason="")

    for note in Notification.objects.all():
        assert "韩梅梅" not in f"{note.context} {note.body}"
        assert "秘密" not in f"{note.context} {note.body}"


def test_S5_a_freed_slot_can_be_booked_again():
    first = confirmed()
    cancel(first.pk, actor=first.user, reason="")

    again = confirmed(slot=first.slot, service=first.service)

    assert again.live_slot == first.slot_id
    assert Appointment.objects.filter(slot_id=first.slot_id).count() == 2


def test_a_slot_whose_time_has_come_is_closed_not_reopened(time_machine):
    appointment = booked()
    time_machine.move_to(appointment.start_at + SECOND)

    cancel(appointment.pk, actor=appointment.user, reason="")

    assert slot_of(appointment) == "closed"


def test_what_wechat_is_sent_fits_its_fields():
    """Field types and lengths of subscribe messages (47003 otherwise), at their longest."""
    counselor = CounselorFactory(name="欧" * 32)
    service = ServiceFactory(counselor=counselor, kind="individual", mode="offline", minutes=50)
    slot = SlotFactory(counselor=counselor)
    appointment = confirmed(slot=slot, service=service)
    cancel(appointment.pk, actor=appointment.user, reason="长" * 200)

    sent = Notification.objects.filter(channel="subscribe")
    assert sent.count() == 4
    for note in sent:
        template = NotificationTemplate.objects.get(code=note.template)
        for name, text in template.wechat_fields.items():
            value = render(text, note.context)
            assert is_valid(name, value), (note.template, name, value)
        assert render(template.wechat_page, note.context).endswith(f"id={appointment.pk}")
