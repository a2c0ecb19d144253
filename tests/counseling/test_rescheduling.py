"""Moving a session: who may, how often, until when, where to, and what becomes of the policy."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notification
from commerce.services.refunds import open_refund
from config.errors import IllegalTransition, NotFound
from counseling import errors
from counseling.models import Appointment, Reschedule, TimeSlot
from counseling.services.appointments import cancel
from counseling.services.cancelling import preview_cancel
from counseling.services.rescheduling import reschedule
from tests.counseling.booking import slot_states
from tests.counseling.test_attending import money_is_back
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import SlotFactory, booked, booker, confirmed, offer
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def later(appointment, **gap) -> TimeSlot:
    """A free slot of the same counselor, that much after (or before) the session."""
    start = appointment.start_at + (timedelta(**gap) if gap else timedelta(days=1))
    return SlotFactory(
        counselor=appointment.counselor, start_at=start, end_at=start + timedelta(minutes=50)
    )


def refused(error, appointment, slot_id, actor=None, **kwargs):
    """Moving raises `error`, and nothing has changed."""
    before = (slot_states(), Appointment.objects.values().get(pk=appointment.pk))
    with pytest.raises(error) as caught:
        reschedule(appointment.pk, slot_id=slot_id, actor=actor or appointment.user, **kwargs)
    assert (slot_states(), Appointment.objects.values().get(pk=appointment.pk)) == before
    assert Reschedule.objects.filter(appointment=appointment).count() == before[1]["times_moved"]
    return caught.value


def test_S6_slots_are_swapped_and_what_was_agreed_is_kept():
    appointment = confirmed()
    old, new = appointment.slot, later(appointment, days=3)
    told_before = Notification.objects.count()

    moved = reschedule(appointment.pk, slot_id=new.pk, actor=appointment.user, reason="出差")

    assert slot_states() == {old.pk: "open", new.pk: "booked"}
    assert (moved.status, moved.slot_id, moved.live_slot) == ("confirmed", new.pk, new.pk)
    assert (moved.start_at, moved.end_at) == (new.start_at, new.end_at)
    assert (moved.price, moved.times_moved) == (Decimal("300.00"), 1)
    assert moved.free_cancel_until == new.start_at - 24 * HOUR
    assert moved.fee_cancel_until == new.start_at - 2 * HOUR
    row = Reschedule.objects.get()
    assert (row.start_at, row.new_start_at) == (old.start_at, new.start_at)
    assert (row.side, row.actor, row.reason) == ("client", appointment.user, "出差")
    told = Notification.objects.filter(template="appointment_rescheduled", channel="in_app")
    assert {note.user for note in told} == {appointment.user, appointment.counselor.user}
    assert f"改到 {timezone.localtime(new.start_at):%Y年%m月%d日 %H:%M}" in told[0].body
    assert f"原时间 {timezone.localtime(old.start_at):%m-%d %H:%M}" in told[0].body
    assert Notification.objects.count() == told_before + 4
    assert confirmed(slot=old, service=appointment.service).live_slot == old.pk  # S-5


def test_a_session_may_move_into_its_own_old_time():
    appointment = confirmed()
    Appointment.objects.filter(pk=appointment.pk).update(end_at=appointment.start_at + HOUR / 2)
    TimeSlot.objects.filter(pk=appointment.slot_id).update(end_at=appointment.start_at + HOUR / 3)
    near = later(appointment, minutes=25)

    moved = reschedule(appointment.pk, slot_id=near.pk, actor=appointment.user)

    assert moved.end_at - moved.start_at == HOUR / 2


@pytest.mark.parametrize(
    ("offset", "error"),
    [(-SECOND, None), (timedelta(0), None), (SECOND, errors.TooLateToReschedule)],
)
def test_S7_a_client_moves_until_the_notice_window_closes(offset, error):
    appointment = confirmed()
    new = later(appointment)
    now = appointment.start_at - 24 * HOUR + offset

    if error:
        refusal_ = refused(error, appointment, new.pk, now=now)
        assert refusal_.data == {"until": appointment.start_at - 24 * HOUR}
    else:
        reschedule(appointment.pk, slot_id=new.pk, actor=appointment.user, now=now)
        assert TimeSlot.objects.get(pk=new.pk).status == "booked"


def test_a_client_moves_twice_others_until_it_begins():
    appointment = confirmed()
    slots = [later(appointment, days=day) for day in range(1, 6)]
    for slot in slots[:2]:
        reschedule(appointment.pk, slot_id=slot.pk, actor=appointment.user)

    assert refused(errors.TooManyReschedules, appointment, slots[2].pk).data == {"at_most": 2}
    counselor, staff = appointment.counselor.user, StaffFactory("customer_service")
    reschedule(appointment.pk, slot_id=slots[2].pk, actor=counselor)
    moved = reschedule(
        appointment.pk, slot_id=slots[3].pk, actor=staff, now=slots[2].start_at - SECOND
    )
    refused(errors.TooLateToReschedule, moved, slots[4].pk, counselor, now=moved.start_at)

    assert moved.times_moved == 4
    assert [row.side for row in moved.reschedules.all()] == [
        "client",
        "client",
        "counselor",
        "staff",
    ]


def test_S7_the_new_time_obeys_the_rules_of_booking():
    appointment = confirmed()
    other = confirmed(appointment.client)
    taken = confirmed(slot=later(appointment, days=2), service=appointment.service)
    closed, near = later(appointment, days=3), later(appointment, days=4)
    TimeSlot.objects.filter(pk=closed.pk).update(status="closed")
    foreign, _ = offer()
    clashing = later(appointment, days=8)
    Appointment.objects.filter(pk=other.pk).update(
        start_at=clashing.start_at - HOUR / 2, end_at=clashing.start_at + SECOND
    )
    short, far = later(appointment, days=5), later(appointment, days=40)
    TimeSlot.objects.filter(pk=short.pk).update(end_at=short.start_at + timedelta(minutes=49))

    assert refused(errors.SlotTaken, appointment, taken.slot_id).data == {"slot_id": taken.slot_id}
    assert refused(errors.SlotNotBookable, appointment, closed.pk).data == {"reason": "closed"}
    assert refused(errors.SlotNotBookable, appointment, far.pk).data == {"reason": "too_far"}
    refused(errors.SlotUnknown, appointment, 10**9)
    refused(errors.SameSlot, appointment, appointment.slot_id)
    refused(errors.SlotOfAnotherCounselor, appointment, foreign.pk)
    refused(errors.OverlappingAppointment, appointment, clashing.pk)
    refused(errors.ServiceTooLong, appointment, short.pk)
    past = {"actor": appointment.counselor.user, "now": appointment.start_at - SECOND}
    gone = later(appointment, hours=-30)
    assert refused(errors.SlotNotBookable, appointment, gone.pk, **past).data == {"reason": "past"}

    counselor = appointment.counselor
    counselor.min_notice_minutes = 100 * 24 * 60
    counselor.save()
    soon = refused(errors.SlotNotBookable, appointment, near.pk)
    assert soon.data == {"reason": "too_soon"}
    reschedule(appointment.pk, slot_id=near.pk, actor=counselor.user)  # their notice, their word
    counselor.status = "suspended"
    counselor.save()
    hidden = refused(errors.SlotNotBookable, appointment, later(appointment, days=6).pk)
    assert hidden.data == {"reason": "counselor"}


@pytest.mark.parametrize(
    "status",
    ["pending_payment", "in_progress", "completed", "no_show", "cancelled", "expired", "refunded"],
)
def test_S8_only_a_session_that_stands_is_moved(status):
    appointment = booked() if status == "pending_payment" else confirmed()
    Appointment.objects.filter(pk=appointment.pk).update(status=status)

    refused(IllegalTransition, appointment, later(appointment).pk)


def test_strangers_do_not_learn_that_it_exists():
    appointment = confirmed()
    slot = later(appointment)

    for stranger in (UserFactory(), confirmed().user, StaffFactory("finance")):
        refused(NotFound, appointment, slot.pk, stranger)


def test_a_moment_that_has_passed_stays_passed_when_the_client_moves(settings):
    """Nobody gets out of the fee by moving a day before and cancelling a week before."""
    settings.CONSTANCE_CONFIG = settings.CONSTANCE_CONFIG | {
        "RESCHEDULE_NOTICE_HOURS": (3, "", int), "CANCEL_FREE_HOURS": (24, "", int),
    }  # fmt: skip
    appointment = confirmed()
    free_until, now = appointment.free_cancel_until, appointment.free_cancel_until + SECOND
    far, farther = later(appointment, days=5), later(appointment, days=7)

    moved = reschedule(appointment.pk, slot_id=far.pk, actor=appointment.user, now=now)
    again = reschedule(appointment.pk, slot_id=farther.pk, actor=appointment.user, now=now)

    assert moved.free_cancel_until == again.free_cancel_until == free_until
    assert again.fee_cancel_until == farther.start_at - 2 * HOUR
    assert preview_cancel(again, now).fee == Decimal("90.00")


def test_whom_the_counselor_moves_loses_nothing():
    appointment = confirmed()
    sooner, later_on = later(appointment, hours=-20), later(appointment, days=2)
    free_until, fee_until = appointment.free_cancel_until, appointment.fee_cancel_until
    counselor = appointment.counselor.user
    now = free_until + SECOND  # a client who moved now would pay the fee

    moved = reschedule(appointment.pk, slot_id=later_on.pk, actor=counselor, now=now)
    assert moved.free_cancel_until == later_on.start_at - 24 * HOUR
    back = reschedule(appointment.pk, slot_id=appointment.slot_id, actor=counselor, now=now)
    assert (back.free_cancel_until, back.fee_cancel_until) == (
        appointment.start_at, appointment.start_at,
    )  # fmt: skip
    assert free_until < fee_until < back.fee_cancel_until
    reschedule(appointment.pk, slot_id=sooner.pk, actor=counselor, now=now - 22 * HOUR)
    appointment.refresh_from_db()
    assert appointment.free_cancel_until == sooner.start_at
    client = reschedule(
        appointment.pk, slot_id=later_on.pk, actor=appointment.user, now=now - HOUR * 23
    )
    assert client.free_cancel_until == later_on.start_at - 24 * HOUR


def test_the_refund_of_a_moved_session_frees_the_slot_it_moved_to():
    appointment = confirmed()
    old, new = appointment.slot_id, later(appointment)
    reschedule(appointment.pk, slot_id=new.pk, actor=appointment.user)
    someone = confirmed(slot=TimeSlot.objects.get(pk=old), service=appointment.service)
    payment = appointment.order_item.order.paid_by

    money_is_back(open_refund(payment, amount=payment.amount, key="t", reason_code="service"))

    assert slot_states() == {old: "booked", new.pk: "open"}
    someone.refresh_from_db()
    assert someone.status == "confirmed"


def test_a_free_session_is_moved_and_cancelled_without_a_refund():
    slot, service = offer(price=Decimal(0))
    appointment = booked(slot=slot, service=service)
    new = later(appointment)

    moved = reschedule(appointment.pk, slot_id=new.pk, actor=appointment.user)
    cancel(moved.pk, actor=moved.user)

    moved.refresh_from_db()
    assert (moved.status, slot_states()) == ("cancelled", {slot.pk: "open", new.pk: "open"})
    assert not moved.order_item.order.refunds.exists()


def test_over_http_once_per_key_with_terms_and_history(user):
    client = booker(user=user)
    appointment = confirmed(client)
    new = later(appointment)
    api, path = Api(user), f"/appointment/{appointment.pk}"
    before = data(api.get(path))
    until = f"{appointment.start_at - 24 * HOUR:%Y-%m-%dT%H:%M:%S}Z"
    assert before["reschedule"] == {"allowed": True, "left": 2, "until": until}
    assert (before["times_moved"], before["reschedules"]) == (0, [])
    body = {"slot_id": new.pk, "reason": "出差", "price": 1, "times_moved": 0}

    moved = data(api.post(f"{path}/reschedule", body, key="k" * 8))
    again = api.post(f"{path}/reschedule", body, key="k" * 8)

    assert data(again) == moved
    assert (moved["slot_id"], moved["times_moved"], moved["price"]) == (new.pk, 1, 300.0)
    assert moved["reschedule"]["left"] == 1
    (row,) = moved["reschedules"]
    assert (row["start_at"], row["new_start_at"]) == (before["start_at"], moved["start_at"])
    assert (row["side"], row["reason"]) == ("client", "出差")
    assert data(api.get(path)) == moved
    seen = data(Api(appointment.counselor.user).get(path))["reschedule"]
    assert (seen["allowed"], seen["left"], seen["until"]) == (True, None, moved["start_at"])
    assert refusal(api.post(f"{path}/reschedule", {"slot_id": new.pk})) == (422, 12143)
    assert refusal(api.post(f"{path}/reschedule", {})) == (400, 10400)
    assert Api().post(f"{path}/reschedule", body).status_code == 401
    assert Api(UserFactory()).post(f"{path}/reschedule", body).status_code == 404
    assert Reschedule.objects.count() == 1
