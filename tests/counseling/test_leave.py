"""Leave: previewed, asked for, decided, called off; suspension works the same way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Notification
from commerce.models import Order, Refund
from config.errors import IllegalTransition, NotFound, ReasonNeeded
from counseling.errors import (
    CounselorOnLeave,
    LeaveOverlap,
    LeaveTimeInvalid,
    OwnLeave,
    SlotNotBookable,
)
from counseling.models import AffectedAppointment, LeaveRequest, TimeSlot
from counseling.services.affected import resolve_due
from counseling.services.appointments import cancel, complete_past, preview_for, start
from counseling.services.counselors import publish, suspend
from counseling.services.leave import (
    approve_leave,
    impact_of,
    preview_leave,
    reject_leave,
    request_leave,
    withdraw_leave,
)
from counseling.services.schedule import create_slots, open_slots, reopen_slot
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import (
    CounselorFactory,
    ServiceFactory,
    WeeklyTemplateFactory,
    booked,
    booker,
    confirmed,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def boss(staff):
    return staff("admin")


@pytest.fixture
def day():
    """A whole hour five days ahead, where the sessions of these tests begin."""
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=5)


@pytest.fixture
def service():
    return ServiceFactory()


def slot_at(service, start_at, minutes=50):
    """Through the factory's model: slots may be in the past."""
    return TimeSlot.objects.create(
        counselor=service.counselor, start_at=start_at, end_at=start_at + timedelta(minutes=minutes)
    )


@pytest.fixture
def week(service, day):
    """Slots at hours 0 to 4 of the day; those at 1 and 2 are paid for, that at 3 is not yet."""
    slots = [slot_at(service, day + n * HOUR) for n in range(5)]
    return slots, [
        confirmed(slot=slots[1], service=service),
        confirmed(slot=slots[2], service=service),
        booked(slot=slots[3], service=service),
    ]


def ask(service, start_at, end_at, **more):
    user = service.counselor.user
    return request_leave(None, actor=user, start_at=start_at, end_at=end_at, **more)


def states(rows):
    for row in rows:
        row.refresh_from_db()
    return [row.status for row in rows]


def outcome_of(appointment):
    return AffectedAppointment.objects.get(appointment=appointment).status


def notices(user):
    return list(
        Notification.objects.filter(user=user, channel="in_app")
        .order_by("pk")
        .values_list("template", flat=True)
    )


def test_S7_the_preview_names_what_is_hit_and_writes_nothing(week, service, day, boss):
    slots, sessions = week
    span = {"start_at": day + HOUR, "end_at": day + 5 * HOUR}

    seen = preview_leave(None, actor=service.counselor.user, **span)

    assert seen.slots == [slots[4]]
    assert seen.appointments == sessions
    assert preview_leave(service.counselor_id, actor=boss, **span) == seen
    assert not LeaveRequest.objects.exists()
    assert states(slots) == ["open", "booked", "booked", "held", "open"]
    for stranger in (UserFactory(), CounselorFactory().user, sessions[0].user):
        with pytest.raises(NotFound):
            preview_leave(service.counselor_id, actor=stranger, **span)


def test_S7_approval_closes_what_is_free_and_writes_down_every_session(week, service, day, boss):
    slots, sessions = week
    leave = ask(service, day + HOUR, day + 5 * HOUR, reason="手术")
    now = timezone.now()
    assert impact_of(leave).appointments == sessions

    approve_leave(leave.pk, actor=boss, now=now)

    leave.refresh_from_db()
    assert (leave.status, leave.reviewed_by, leave.reason) == ("approved", boss, "手术")
    assert states(slots) == ["open", "booked", "booked", "closed", "closed"]
    assert states(sessions) == ["confirmed", "confirmed", "cancelled"]
    assert [outcome_of(session) for session in sessions] == ["open", "open", "cancelled"]
    assert Order.objects.get(items__appointment=sessions[2]).status == "cancelled"
    hit = AffectedAppointment.objects.get(appointment=sessions[0])
    assert hit.deadline_at == now + 48 * HOUR
    assert notices(sessions[0].user)[-1] == "session_affected"
    assert notices(sessions[2].user) == ["order_cancelled"]
    assert notices(service.counselor.user)[-1] == "leave_approved"
    assert impact_of(leave).appointments == sessions
    assert resolve_due(now=now) == 0
    with pytest.raises(SlotNotBookable):
        booked(slot=slots[4], service=service)


def test_the_deadline_leaves_hours_before_the_session(service, boss):
    now = timezone.now()
    soon, sooner = now + 30 * HOUR, now + 3 * HOUR
    sessions = [confirmed(slot=slot_at(service, at), service=service) for at in (soon, sooner)]
    leave = ask(service, now, now + 40 * HOUR)

    approve_leave(leave.pk, actor=boss, now=now)

    rows = [AffectedAppointment.objects.get(appointment=session) for session in sessions]
    assert [row.deadline_at for row in rows] == [soon - 4 * HOUR, now]


def test_S7_what_nobody_handles_is_refunded_in_full_once(week, service, day, boss):
    _, sessions = week
    leave = ask(service, day + HOUR, day + 5 * HOUR)
    approve_leave(leave.pk, actor=boss)
    late = timezone.now() + 49 * HOUR

    assert (resolve_due(now=late), resolve_due(now=late)) == (2, 0)

    assert states(sessions) == ["cancelled"] * 3
    assert [outcome_of(session) for session in sessions] == ["cancelled"] * 3
    assert [refund.amount for refund in Refund.objects.all()] == [300, 300]
    assert sessions[0].cancelled_by is None
    assert sessions[0].cancel_reason == "咨询师休假"
    assert not TimeSlot.objects.filter(leave=leave).exclude(status="closed").exists()


def test_a_session_nobody_could_hold_is_refunded_even_after_its_time(week, service, day, boss):
    """The sweep stood still for a week: the session was not held and is not completed."""
    _, sessions = week
    approve_leave(ask(service, day, day + 5 * HOUR).pk, actor=boss)

    late = day + timedelta(days=7)
    assert complete_past(now=late) == 0
    assert resolve_due(now=late) == 2
    assert states(sessions[:2]) == ["cancelled", "cancelled"]


def test_the_client_of_a_hit_session_cancels_free_of_charge(week, service, day, boss):
    session = week[1][0]
    late = session.fee_cancel_until + timedelta(seconds=1)
    assert preview_for(session.pk, actor=session.user, now=late).refund == 0
    approve_leave(ask(service, day, day + 5 * HOUR).pk, actor=boss)

    assert preview_for(session.pk, actor=session.user, now=late).refund == 300
    cancel(session.pk, actor=session.user, now=late)

    assert outcome_of(session) == "cancelled"
    assert Refund.objects.get().amount == 300
    assert resolve_due(now=late) == 1  # the other one


def test_a_session_that_is_held_all_the_same_is_kept(week, service, day, boss):
    session = week[1][0]
    approve_leave(ask(service, day, day + 5 * HOUR).pk, actor=boss)

    start(session.pk, actor=service.counselor.user, now=session.start_at)

    assert outcome_of(session) == "kept"
    assert resolve_due(now=session.end_at) == 1  # the other one


def test_withdrawing_opens_again_what_leave_closed_and_nothing_else(week, service, day, boss):
    slots, sessions = week
    TimeSlot.objects.filter(pk=slots[0].pk).update(status="closed")  # by hand, before
    leave = ask(service, day, day + 5 * HOUR)
    approve_leave(leave.pk, actor=boss)
    cancel(sessions[1].pk, actor=service.counselor.user)

    withdraw_leave(leave.pk, actor=service.counselor.user)

    leave.refresh_from_db()
    assert leave.status == "ended"
    assert states(slots) == ["closed", "booked", "open", "open", "open"]
    assert [outcome_of(session) for session in sessions] == ["kept", "cancelled", "cancelled"]
    assert notices(sessions[0].user)[-1] == "session_kept"
    assert not TimeSlot.objects.exclude(leave=None).exists()
    with pytest.raises(IllegalTransition):
        withdraw_leave(leave.pk, actor=service.counselor.user)


def test_who_decides_and_what_is_refused(service, day, boss):
    own = service.counselor.user
    leave = ask(service, day, day + 5 * HOUR)

    with pytest.raises(LeaveOverlap):
        ask(service, day + 4 * HOUR, day + 6 * HOUR)
    ask(service, day + 5 * HOUR, day + 6 * HOUR)  # one follows the other
    now = timezone.now()
    for start_at, end_at in ((day, day), (now - 2 * HOUR, now - HOUR), (day, day + 9000 * HOUR)):
        with pytest.raises(LeaveTimeInvalid):
            ask(service, start_at, end_at)
    StaffFactory("admin")
    for decide in (approve_leave, reject_leave):
        with pytest.raises(OwnLeave):
            decide(leave.pk, actor=own, note="好")
    with pytest.raises(ReasonNeeded):
        reject_leave(leave.pk, actor=boss, note="")
    with pytest.raises(NotFound):
        withdraw_leave(leave.pk, actor=UserFactory())
    assert states([leave]) == ["pending"]

    reject_leave(leave.pk, actor=boss, note="人手不足")

    assert states([leave]) == ["rejected"]
    assert notices(own) == ["leave_rejected"]
    with pytest.raises(IllegalTransition):
        approve_leave(leave.pk, actor=boss)
    again = ask(service, day, day + 4 * HOUR)
    withdraw_leave(again.pk, actor=own)
    assert states([again]) == ["withdrawn"]
    assert not AffectedAppointment.objects.exists()


def test_no_slots_are_made_or_opened_during_leave(service, boss):
    now = timezone.now()
    WeeklyTemplateFactory(
        counselor=service.counselor, weekday=(timezone.localdate(now).weekday() + 2) % 7,
        start_time="09:00", end_time="12:00",
    )  # fmt: skip
    assert open_slots(service.counselor_id, now=now) == 12
    first = TimeSlot.objects.order_by("start_at")[0]
    approve_leave(
        ask(service, now, now + timedelta(days=6)).pk, actor=boss
    )  # the first of four days

    assert open_slots(service.counselor_id, now=now) == 0
    assert TimeSlot.objects.filter(status="open").count() == 9
    with pytest.raises(CounselorOnLeave):
        reopen_slot(first.pk, actor=boss)
    with pytest.raises(CounselorOnLeave):
        create_slots(
            service.counselor_id, spans=[(first.end_at, first.end_at + timedelta(minutes=5))]
        )
    assert TimeSlot.objects.count() == 12


def test_suspension_handles_what_is_booked_like_leave(week, service, boss):
    slots, sessions = week

    suspend(service.counselor_id, actor=boss, reason="投诉核实")

    assert states(slots) == ["closed", "booked", "booked", "closed", "closed"]
    assert states(sessions) == ["confirmed", "confirmed", "cancelled"]
    cancel(sessions[0].pk, actor=sessions[0].user)
    publish(service.counselor_id, actor=boss)

    assert states(sessions) == ["cancelled", "confirmed", "cancelled"]
    assert [outcome_of(session) for session in sessions] == ["cancelled", "kept", "cancelled"]
    assert states(slots) == ["open", "open", "booked", "open", "open"]
    assert list(LeaveRequest.objects.values_list("kind", "status")) == [("suspension", "ended")]


def test_leave_and_suspension_at_once_make_one_row_and_the_longer_one_keeps_it(
    week, service, day, boss
):
    slots, sessions = week
    leave = ask(service, day + 2 * HOUR, day + 3 * HOUR)
    suspend(service.counselor_id, actor=boss)
    approve_leave(leave.pk, actor=boss)
    assert AffectedAppointment.objects.count() == 3

    publish(service.counselor_id, actor=boss)

    assert states(slots) == ["open", "booked", "booked", "open", "open"]
    assert [outcome_of(session) for session in sessions] == ["kept", "open", "cancelled"]
    assert AffectedAppointment.objects.get(appointment=sessions[1]).leave == leave
    assert slots[2].leave == leave
    assert booked(booker(), slot=slots[0], service=service).status == "pending_payment"
