"""Starting, completing, not showing up, and what payment and refund do to an appointment."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest
from django.utils import timezone

from accounts.audit import move
from accounts.models import Notification, StatusChange
from commerce.gateways.base import RefundResult, RefundState
from commerce.models import Order, OrderStatus
from commerce.services.orders import cancel_order, expire_order
from commerce.services.refunds import open_refund, settle_refund
from config.errors import Forbidden, IllegalTransition, NotFound
from counseling.errors import NotStartedYet
from counseling.models import Appointment, AppointmentStatus, TimeSlot
from counseling.services import appointments as service
from counseling.services.slots import move_slot
from counseling.tasks import complete_past
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.commerce import pay as pay_order
from tests.factories.counseling import booked, booker, confirmed

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def states(appointment):
    """(appointment, order, slot)"""
    appointment = Appointment.objects.get(pk=appointment.pk)
    order = Order.objects.get(items__appointment=appointment)
    return appointment.status, order.status, TimeSlot.objects.get(pk=appointment.slot_id).status


def test_payment_confirms_and_both_sides_hear_of_it_once():
    appointment = booked()

    pay_order(appointment.order_item.order)

    assert states(appointment) == ("confirmed", "paid", "booked")
    told = Notification.objects.filter(channel="in_app").values_list("user_id", "template")
    assert sorted(told) == sorted(
        [
            (appointment.user_id, "appointment_confirmed"),
            (appointment.counselor.user_id, "appointment_new"),
        ]
    )


def test_S4_expiry_frees_the_slot_once():
    appointment = booked()
    order = appointment.order_item.order

    assert expire_order(order.pk, now=order.expires_at) is True
    assert expire_order(order.pk, now=order.expires_at) is False

    assert states(appointment) == ("expired", "expired", "open")


def test_S4_money_after_expiry_goes_back_and_the_slot_stays_free():
    appointment = booked()
    order = appointment.order_item.order
    expire_order(order.pk, now=order.expires_at)

    payment = pay_order(order)

    assert states(appointment) == ("expired", "expired", "open")
    assert [refund.amount for refund in payment.refunds.all()] == [Decimal("300.00")]


def test_M7_money_for_a_slot_that_was_lost_goes_back():
    appointment = booked()
    TimeSlot.objects.filter(pk=appointment.slot_id).update(status="closed")

    payment = pay_order(appointment.order_item.order)

    assert states(appointment) == ("cancelled", "cancelled", "closed")
    assert payment.refunds.count() == 1


def test_an_order_cancelled_unpaid_frees_the_slot():
    appointment = booked()

    cancel_order(appointment.order_item.order_id, actor=appointment.user)

    assert states(appointment) == ("cancelled", "cancelled", "open")


@pytest.mark.parametrize("role", ["counselor", "staff"])
def test_a_session_runs_its_course(role):
    appointment = confirmed()
    actor = appointment.counselor.user if role == "counselor" else StaffFactory("customer_service")

    service.start(appointment.pk, actor=actor, now=appointment.start_at)
    assert states(appointment) == ("in_progress", "paid", "booked")
    service.complete(appointment.pk, actor=actor, now=appointment.start_at + SECOND)

    assert states(appointment) == ("completed", "completed", "booked")
    log = StatusChange.objects.filter(model="counseling.appointment").order_by("pk")
    assert [(change.old, change.new) for change in log] == [
        ("pending_payment", "confirmed"),
        ("confirmed", "in_progress"),
        ("in_progress", "completed"),
    ]
    assert log.last().actor == actor


def test_nobody_came():
    appointment = confirmed()

    service.mark_no_show(appointment.pk, actor=appointment.counselor.user, now=appointment.start_at)

    assert states(appointment) == ("no_show", "completed", "booked")


ACTS = [service.start, service.complete, service.mark_no_show]


@pytest.mark.parametrize("act", ACTS)
def test_S7_nothing_is_attended_before_it_begins(act):
    appointment = confirmed()

    with pytest.raises(NotStartedYet):
        act(
            appointment.pk,
            actor=appointment.counselor.user,
            now=appointment.start_at - SECOND,
        )
    assert states(appointment) == ("confirmed", "paid", "booked")


@pytest.mark.parametrize("act", ACTS)
def test_clients_do_not_judge_their_own_session_and_strangers_see_none(act):
    appointment = confirmed()
    later = appointment.end_at
    staff_as_client = confirmed(booker(user=StaffFactory("customer_service")))

    with pytest.raises(Forbidden):
        act(appointment.pk, actor=appointment.user, now=later)
    with pytest.raises(NotFound):
        act(appointment.pk, actor=UserFactory(), now=later)
    with pytest.raises(Forbidden):
        act(staff_as_client.pk, actor=staff_as_client.user, now=staff_as_client.end_at)
    assert states(appointment)[0] == states(staff_as_client)[0] == "confirmed"


@pytest.mark.parametrize(("old", "new"), list(product(AppointmentStatus, AppointmentStatus)))
def test_S8_status_moves_only_along_the_table(old, new):
    appointment = booked()
    Appointment.objects.filter(pk=appointment.pk).update(status=old)
    appointment.refresh_from_db()
    legal = (old, new) in set(Appointment.TRANSITIONS.pairs())

    if legal:
        move(appointment, new)
    else:
        with pytest.raises(IllegalTransition):
            move(appointment, new)
    appointment.refresh_from_db()
    assert appointment.status == (new if legal else old)


@pytest.mark.parametrize(
    ("status", "act"),
    [
        (status, act)
        for status, act in product(
            AppointmentStatus, ["start", "complete", "mark_no_show", "cancel"]
        )
        if (status, act)
        not in {
            ("confirmed", "start"),
            ("confirmed", "complete"),
            ("confirmed", "mark_no_show"),
            ("confirmed", "cancel"),
            ("in_progress", "complete"),
            ("in_progress", "mark_no_show"),
            ("pending_payment", "cancel"),
        }
    ],
)
def test_S8_every_other_event_is_refused_and_changes_nothing(status, act):
    appointment = confirmed()
    Appointment.objects.filter(pk=appointment.pk).update(status=status)
    before = states(appointment)
    now = appointment.start_at + (-SECOND if act == "cancel" else SECOND)

    with pytest.raises(IllegalTransition):
        getattr(service, act)(appointment.pk, actor=appointment.counselor.user, now=now)

    assert states(appointment) == before


@pytest.mark.parametrize(("offset", "status"), [(-SECOND, "confirmed"), (SECOND, "completed")])
def test_what_is_over_completes_by_itself(offset, status, time_machine):
    appointment = confirmed()
    time_machine.move_to(appointment.end_at + timedelta(hours=2) + offset)

    assert complete_past() == (status == "completed")

    assert states(appointment)[0] == status
    assert complete_past() == 0


def test_one_appointment_that_cannot_be_completed_stops_no_other(monkeypatch):
    first, second = confirmed(), confirmed()
    finish = service._move_on

    def sometimes(order, appointment_id, *args, **kwargs):
        if appointment_id == first.pk:
            raise RuntimeError("boom")
        return finish(order, appointment_id, *args, **kwargs)

    monkeypatch.setattr(service, "_move_on", sometimes)
    assert service.complete_past(now=second.end_at + timedelta(days=40)) == 1
    assert (states(first)[0], states(second)[0]) == ("confirmed", "completed")


def money_is_back(refund):
    """The provider reports it done."""
    done = RefundResult(
        number=refund.number, state=RefundState.SUCCEEDED, provider_id="R1", amount=refund.amount
    )
    settle_refund(refund.number, done)


def refunded(payment):
    """Staff give everything back."""
    money_is_back(open_refund(payment, amount=payment.amount, key="test", reason_code="service"))


def test_a_refund_takes_back_a_session_that_still_stood():
    appointment = booked()
    payment = pay_order(appointment.order_item.order)

    refunded(payment)

    assert states(appointment) == ("refunded", "refunded", "open")


def test_a_refund_of_a_completed_session_leaves_its_time_alone():
    appointment = booked()
    payment = pay_order(appointment.order_item.order)
    service.complete(appointment.pk, actor=appointment.counselor.user, now=appointment.end_at)

    refunded(payment)

    assert states(appointment) == ("refunded", "refunded", "booked")


def test_a_refund_during_the_session_ends_it():
    appointment = booked()
    payment = pay_order(appointment.order_item.order)
    service.start(appointment.pk, actor=appointment.counselor.user, now=appointment.start_at)

    refunded(payment)

    assert states(appointment) == ("refunded", "refunded", "booked")


def test_after_the_fee_the_refunded_session_stays_cancelled_until_the_money_is_back():
    appointment = booked()
    payment = pay_order(appointment.order_item.order)
    now = appointment.free_cancel_until + SECOND
    service.cancel(appointment.pk, actor=appointment.user, reason="", now=now)
    assert states(appointment) == ("cancelled", "refunding", "open")

    refund = payment.refunds.get()
    money_is_back(refund)

    assert states(appointment) == ("refunded", "refunded", "open")
    order = Order.objects.get(items__appointment=appointment)
    assert order.refunded_amount == Decimal("210.00")


def test_a_slot_rebooked_after_a_cancellation_is_not_freed_by_the_old_refund():
    first = booked()
    payment = pay_order(first.order_item.order)
    service.cancel(first.pk, actor=first.user, reason="")
    second = confirmed(slot=first.slot, service=first.service)

    refund = payment.refunds.get()
    money_is_back(refund)

    assert states(first)[0] == "refunded"
    assert states(second) == ("confirmed", "paid", "booked")


def test_a_slots_states_move_only_along_the_table():
    appointment = booked()

    with pytest.raises(IllegalTransition):
        move_slot(appointment.slot_id, "closed", "booked")
    assert move_slot(appointment.slot_id, "open", "held") is False


def test_completing_while_a_refund_is_under_way_leaves_the_order_to_the_refund():
    appointment = booked()
    payment = pay_order(appointment.order_item.order)
    open_refund(payment, amount=payment.amount, key="test", reason_code="service")

    service.complete(appointment.pk, actor=appointment.counselor.user, now=appointment.end_at)

    assert states(appointment) == ("completed", OrderStatus.REFUNDING, "booked")
    assert timezone.now() < appointment.end_at
