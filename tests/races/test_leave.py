"""Leave approved while people book: every session gets exactly one outcome (invariants S-7)."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from commerce.models import OrderStatus, Refund
from commerce.services.orders import expire_order
from config.errors import IllegalTransition, StaleState
from counseling.errors import SlotNotBookable
from counseling.models import (
    AffectedAppointment,
    Appointment,
    Counselor,
    LeaveRequest,
    SlotStatus,
    TimeSlot,
)
from counseling.services import absence, booking
from counseling.services.affected import accept_offer, offer_slots, resolve_due
from counseling.services.appointments import book, cancel
from counseling.services.leave import approve_leave, request_leave
from tests.factories.accounts import StaffFactory
from tests.factories.commerce import pay as pay_order
from tests.factories.counseling import ServiceFactory, booker, confirmed
from tests.helpers import meeting, together
from tests.races.figures import FULL, figure, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

BOOKERS = 100 if FULL else 50
HOUR = timedelta(hours=1)


def free_slots(counselor, number) -> list[TimeSlot]:
    """One an hour from three days ahead on, all of them in the leave of asked()."""
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    return [
        TimeSlot.objects.create(
            counselor=counselor, start_at=start + n * HOUR, end_at=start + n * HOUR + HOUR
        )
        for n in range(number)
    ]


def asked(slots) -> LeaveRequest:
    counselor = slots[0].counselor
    return request_leave(
        None, actor=counselor.user, start_at=slots[0].start_at, end_at=slots[-1].end_at
    )


def silently_kept() -> int:
    """Sessions in leave that stand and that nobody wrote down."""
    return Appointment.objects.live().exclude(affected__status="open").count()


def test_S7_leave_approved_while_people_book_pay_cancel_and_let_expire():
    service, boss = ServiceFactory(), StaffFactory("admin")
    clients = [booker() for _ in range(BOOKERS)]
    slots = free_slots(service.counselor, BOOKERS)
    leave = asked(slots)

    def use(i):
        if i == BOOKERS // 2:
            return approve_leave(leave.pk, actor=boss)
        client = clients[i]
        order = book(
            user=client.user, slot_id=slots[i].pk, service_id=service.pk, client_id=client.pk
        )
        if i % 4 < 2:
            pay_order(order)
        elif i % 4 == 2:
            expire_order(order.pk, now=order.expires_at)
        elif i % 8 == 3:
            cancel(Appointment.objects.get(order_item__order=order).pk, actor=client.user)
        return order

    outcomes = Counter(type(outcome).__name__ for outcome in storm(BOOKERS, use))

    # Whoever cancels what leave has just ended hears so.
    assert set(outcomes) <= {"LeaveRequest", "Order", "SlotNotBookable", "IllegalTransition"}
    assert outcomes["LeaveRequest"] == 1
    assert TimeSlot.objects.filter(status="open").count() == 0
    resolve_due()  # holds that were paid for in the same moment are no holds any more
    assert silently_kept() == 0
    assert not Appointment.objects.filter(status="pending_payment").exists()

    hit = AffectedAppointment.objects.unsettled().count()
    assert resolve_due(now=timezone.now() + 49 * HOUR) == hit

    ended = Counter(AffectedAppointment.objects.values_list("status", flat=True))
    assert set(ended) <= {"cancelled"}
    assert not Appointment.objects.live().exists()
    paid = Appointment.objects.filter(order_item__order__paid_by__isnull=False)
    for session in paid.select_related("order_item__order"):
        refunds = Refund.objects.filter(order=session.order_item.order)
        assert [refund.amount for refund in refunds] == [300]
        assert session.order_item.order.status == OrderStatus.REFUNDING
    figure("S-7", f"{BOOKERS} bookers against leave: {dict(outcomes)}, {hit} hit, 0 kept silently")


def test_S7_looking_before_the_slots_are_held_keeps_a_session_silently(monkeypatch):
    """The negative control: what is hit is looked for first, then what is free is closed."""
    service, boss = ServiceFactory(), StaffFactory("admin")
    client, slots = booker(), free_slots(service.counselor, 2)
    leave = asked(slots)
    both_have_looked, look = meeting(2), booking._look

    def look_slowly(*args):
        row = look(*args)
        both_have_looked()
        return row

    def naively(row, *, now):
        span = {"start_at": row.start_at, "end_at": row.end_at}
        impact = absence.impact_on(row.counselor_id, now=now, **span)
        both_have_looked()
        TimeSlot.objects.filter(counselor=row.counselor, status=SlotStatus.OPEN).update(
            status=SlotStatus.CLOSED
        )
        AffectedAppointment.objects.bulk_create(
            AffectedAppointment(leave=row, appointment=one, deadline_at=now)
            for one in impact.appointments
        )

    monkeypatch.setattr(booking, "_look", look_slowly)
    monkeypatch.setattr(absence, "begin", naively)
    monkeypatch.setattr(
        absence, "lock_schedule", lambda counselor_id, *span: Counselor.objects.get(pk=counselor_id)
    )
    jobs = [
        lambda: book(
            user=client.user, slot_id=slots[0].pk, service_id=service.pk, client_id=client.pk
        ),
        lambda: approve_leave(leave.pk, actor=boss),
    ]

    outcomes = together(2, lambda i: jobs[i]())

    assert [type(outcome).__name__ for outcome in outcomes] == ["Order", "LeaveRequest"]
    assert silently_kept() == 1


@pytest.mark.parametrize("round_", range(4))
def test_S7_the_deadline_against_the_client_choosing_has_one_ending(round_):
    service, boss = ServiceFactory(), StaffFactory("admin")
    slots = free_slots(service.counselor, 12)
    session = confirmed(slot=slots[0], service=service)
    leave = asked(slots[:3])
    approve_leave(leave.pk, actor=boss)
    hit = AffectedAppointment.objects.get()
    offer_slots(hit.pk, slot_ids=[slots[8].pk], actor=service.counselor.user)
    late = hit.deadline_at
    jobs = [
        lambda: accept_offer(hit.pk, slot_id=slots[8].pk, actor=session.user),
        lambda: resolve_due(now=late),
        lambda: resolve_due(now=late),
    ]

    outcomes = together(3, lambda i: jobs[i]())

    refused = [one for one in outcomes if isinstance(one, Exception)]
    assert all(isinstance(one, (IllegalTransition, StaleState)) for one in refused)
    session.refresh_from_db()
    hit.refresh_from_db()
    slots[8].refresh_from_db()
    ending = (hit.status, session.status, slots[8].status, Refund.objects.count())
    assert ending in {
        ("moved", "confirmed", "booked", 0),
        ("cancelled", "cancelled", "open", 1),
    }
    assert len(refused) == (ending[0] == "cancelled")


def test_S7_a_booking_that_waited_for_the_approval_is_refused():
    """The twin: it comes after the slots are held, and before that is committed."""
    service, boss = ServiceFactory(), StaffFactory("admin")
    client, slots = booker(), free_slots(service.counselor, 1)
    leave = asked(slots)
    approve_leave(leave.pk, actor=boss)

    with pytest.raises(SlotNotBookable):
        book(user=client.user, slot_id=slots[0].pk, service_id=service.pk, client_id=client.pk)
    assert not Appointment.objects.exists()
