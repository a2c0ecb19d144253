"""Who may book which slot, and what a refusal leaves behind: nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import Notification, UserStatus
from commerce.models import Order, OrderItem
from commerce.payables import Want
from counseling import errors
from counseling.models import Appointment, CounselorStatus, TimeSlot
from counseling.services.availability import bookable
from counseling.services.booking import take_slot
from counseling.services.calendar import horizon_end
from tests.counseling.booking import attempt, refused, slot_states
from tests.factories.accounts import UserFactory
from tests.factories.counseling import ServiceFactory, SlotFactory, booked, booker, consent, offer

pytestmark = pytest.mark.django_db


def test_booking_holds_the_slot_and_copies_what_was_agreed():
    client = booker()
    slot, service = offer(minutes=45, price=Decimal("320.00"), mode="voice")

    order = attempt(client, slot, service, note="最近睡不好")

    appointment = Appointment.objects.get()
    assert slot_states() == {slot.pk: "held"}
    assert (order.status, order.total_amount) == ("pending", Decimal("320.00"))
    assert (appointment.status, appointment.live_slot) == ("pending_payment", slot.pk)
    assert appointment.number[:3] == "APT"
    assert len(appointment.number) == 24
    assert appointment.order_item.order == order
    assert appointment.order_item.title == f"{slot.counselor.name} 个人咨询·语音 45 分钟"
    assert (appointment.kind, appointment.mode) == ("individual", "voice")
    assert appointment.start_at == slot.start_at
    assert appointment.end_at == slot.start_at + timedelta(minutes=45)
    assert (appointment.price, appointment.note) == (Decimal("320.00"), "最近睡不好")
    assert appointment.free_cancel_until == slot.start_at - timedelta(hours=24)
    assert appointment.fee_cancel_until == slot.start_at - timedelta(hours=2)
    assert appointment.cancel_fee_percent == 30
    assert appointment.agreement.kind == "booking"


def test_the_note_is_encrypted_at_rest(django_assert_num_queries):
    from django.db import connection

    booked(note="不想让人看到的话")

    with connection.cursor() as cursor:
        cursor.execute("SELECT note FROM counseling_appointment")
        (stored,) = cursor.fetchone()
    assert stored.startswith("test:")


def test_the_hold_lasts_no_longer_than_the_parameter_says(settings):
    settings.CONSTANCE_CONFIG = settings.CONSTANCE_CONFIG | {"HOLD_TTL_SECONDS": (60, "", int)}

    order = attempt(booker(), *offer())

    assert timedelta(seconds=55) < order.expires_at - timezone.now() <= timedelta(seconds=60)


def test_Q1_booking_takes_six_statements(django_assert_num_queries):
    client = booker()
    slot, service = offer()
    attempt(booker(), *offer())  # agreement and parameters are remembered now

    # profiles locked, slot looked at, slot taken, order, items, appointment
    with django_assert_num_queries(8):  # and SAVEPOINT, RELEASE around them
        attempt(client, slot, service)


@pytest.mark.parametrize("status", ["held", "booked"])
def test_S1_a_slot_somebody_has_is_taken(status):
    slot, service = offer()
    TimeSlot.objects.filter(pk=slot.pk).update(status=status)

    refused(errors.SlotTaken, booker(), slot, service)


def test_a_closed_slot_is_not_bookable():
    slot, service = offer()
    TimeSlot.objects.filter(pk=slot.pk).update(status="closed")

    assert refused(errors.SlotNotBookable, booker(), slot, service).data == {"reason": "closed"}


def test_an_unknown_slot_does_not_exist():
    slot, service = offer()
    client = booker()
    TimeSlot.objects.all().delete()

    refused(errors.SlotUnknown, client, slot, service)


@pytest.mark.parametrize("status", ["draft", "reviewing", "suspended"])
def test_S7_a_counselor_who_is_not_published_is_not_bookable(status):
    slot, service = offer(counselor__status=CounselorStatus(status))

    assert refused(errors.SlotNotBookable, booker(), slot, service).data["reason"] == "counselor"


def test_S7_a_counselor_whose_account_is_disabled_is_not_bookable():
    slot, service = offer(counselor__user__status=UserStatus.DISABLED)

    assert refused(errors.SlotNotBookable, booker(), slot, service).data["reason"] == "counselor"


SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("offset", "reason"),
    [(-SECOND, "too_soon"), (timedelta(0), None), (SECOND, None)],
)
def test_S7_the_counselors_notice_is_kept_to_the_second(offset, reason):
    now = timezone.now()
    client, (slot, service) = booker(), offer(counselor__min_notice_minutes=60)
    start = now + timedelta(minutes=60) + offset
    TimeSlot.objects.filter(pk=slot.pk).update(start_at=start, end_at=start + timedelta(minutes=50))

    assert why_not(client, slot, service, now) == reason


@pytest.mark.parametrize(
    ("offset", "reason"), [(-SECOND, "past"), (timedelta(0), "past"), (SECOND, None)]
)
def test_S7_a_slot_that_has_begun_is_past(offset, reason):
    now = timezone.now()
    client, (slot, service) = booker(), offer(counselor__min_notice_minutes=0)
    start = now + offset
    TimeSlot.objects.filter(pk=slot.pk).update(start_at=start, end_at=start + timedelta(minutes=50))

    assert why_not(client, slot, service, now) == reason


@pytest.mark.parametrize(
    ("offset", "reason"), [(-SECOND, None), (timedelta(0), "too_far"), (SECOND, "too_far")]
)
def test_S7_the_horizon_ends_with_a_business_day(offset, reason):
    now = timezone.now()
    client, (slot, service) = booker(), offer()
    start = horizon_end(now) + offset
    TimeSlot.objects.filter(pk=slot.pk).update(start_at=start, end_at=start + timedelta(minutes=50))

    assert timezone.localtime(horizon_end(now)).strftime("%H:%M:%S") == "00:00:00"
    assert why_not(client, slot, service, now) == reason


def why_not(client, slot, service, now):
    """The reason booking at `now` is refused with; None when it is not."""
    want = Want("appointment", slot.pk, options=wish(client, service))
    try:
        with transaction.atomic():
            take_slot(client.user, want, now=now)
    except errors.SlotNotBookable as error:
        return error.data["reason"]
    return None


def wish(client, service):
    return {"service_id": service.pk, "client_id": client.pk}


def test_S7_lists_offer_what_booking_accepts():
    """The same counselor notice, to the second, in the list and at commit."""
    now = timezone.now()
    slot, _ = offer(counselor__min_notice_minutes=60)
    for offset, listed in ((-SECOND, False), (timedelta(0), True), (SECOND, True)):
        start = now + timedelta(minutes=60) + offset
        TimeSlot.objects.filter(pk=slot.pk).update(
            start_at=start, end_at=start + timedelta(minutes=50)
        )
        assert bookable(now).exists() is listed


def test_S7_a_counselor_cannot_book_themselves():
    slot, service = offer()
    client = booker(user=slot.counselor.user)

    refused(errors.OwnSlot, client, slot, service)


def test_a_service_of_another_counselor_is_not_offered():
    slot, _ = offer()

    refused(errors.ServiceNotOffered, booker(), slot, ServiceFactory())


def test_a_service_that_is_switched_off_is_not_offered():
    slot, service = offer(is_active=False)

    refused(errors.ServiceNotOffered, booker(), slot, service)


def test_a_service_longer_than_the_slot_is_refused():
    slot, service = offer(minutes=51)

    error = refused(errors.ServiceTooLong, booker(), slot, service)
    assert error.data == {"service_minutes": 51, "slot_minutes": 50}


def test_a_free_session_is_confirmed_at_once_and_both_sides_hear_of_it():
    client = booker()
    slot, service = offer(price=Decimal("0.00"))

    order = attempt(client, slot, service)

    assert (order.status, order.total_amount) == ("paid", Decimal("0.00"))
    assert Appointment.objects.get().status == "confirmed"
    assert slot_states() == {slot.pk: "booked"}
    told = Notification.objects.filter(channel="in_app").values_list("user_id", "template")
    assert sorted(told) == sorted(
        [
            (client.user_id, "appointment_confirmed"),
            (slot.counselor.user_id, "appointment_new"),
        ]
    )


def test_S1_who_comes_too_late_is_gone_before_anything_is_locked(django_assert_num_queries):
    """Losers are cheap: the conditional UPDATE, the reason, and three for the savepoint."""
    slot, service = offer()
    attempt(booker(), slot, service)
    client = booker()
    before = Order.objects.count(), OrderItem.objects.count(), Appointment.objects.count()

    with django_assert_num_queries(5), pytest.raises(errors.SlotTaken):
        attempt(client, slot, service)

    assert (Order.objects.count(), OrderItem.objects.count(), Appointment.objects.count()) == before


def test_S1_the_unique_live_slot_is_the_second_net():
    """A slot wrongly open again while its appointment lives: the database refuses the second."""
    first = booked()
    TimeSlot.objects.filter(pk=first.slot_id).update(status="open")

    refused(errors.SlotTaken, booker(), first.slot, first.service)


def test_nonsense_in_options_is_refused_not_a_crash():
    client = booker()
    slot, service = offer()
    consent(UserFactory())

    for wrong in ("1", True, None, [1], -1):
        want = Want("appointment", slot.pk, options={"service_id": wrong, "client_id": client.pk})
        with pytest.raises(errors.ServiceNotOffered), transaction.atomic():
            take_slot(client.user, want)
        want = Want("appointment", slot.pk, options={"service_id": service.pk, "client_id": wrong})
        with pytest.raises(errors.ClientProfileUnknown), transaction.atomic():
            take_slot(client.user, want)
    assert SlotFactory(counselor=slot.counselor)
