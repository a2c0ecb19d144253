"""Who may book, and for whom: profiles, age, consent, and how much of it at once."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from accounts.errors import AgreementNotCurrent, ConsentRequired
from accounts.models import AgreementKind
from accounts.services.consents import publish_agreement, withdraw_consent
from counseling import errors
from counseling.models import TimeSlot
from counseling.services.appointments import cancel
from tests.counseling.booking import attempt, refused
from tests.factories.counseling import ClientProfileFactory, booked, booker, offer
from tests.helpers import Api, refusal

pytestmark = pytest.mark.django_db


def test_another_persons_client_profile_is_unknown():
    mine, theirs = booker(), ClientProfileFactory()
    slot, service = offer()
    theirs.user = mine.user

    refused(errors.ClientProfileUnknown, theirs, slot, service)


def test_an_archived_client_profile_is_unknown():
    client = booker(archived_at=timezone.now())

    refused(errors.ClientProfileUnknown, client, *offer())


def birthday(years, days=0):
    today = timezone.localdate()
    return date(today.year - years, today.month, min(today.day, 28)) + timedelta(days=days)


@pytest.mark.parametrize(("days", "minor"), [(1, True), (0, False)])
def test_P9_somebody_is_of_age_on_their_eighteenth_birthday(days, minor, time_machine):
    time_machine.move_to("2026-11-20T16:30:00Z")  # 00:30 of the 21st in Shanghai
    client = booker(birth_date=date(2008, 11, 21) + timedelta(days=days))
    slot, service = offer()

    if minor:
        refused(errors.GuardianConsentNeeded, client, slot, service)
    else:
        assert attempt(client, slot, service)


@pytest.mark.parametrize(("days", "child"), [(1, True), (0, False), (-1, False)])
def test_P9_under_fourteen_the_guardians_number_is_needed_too(days, child, time_machine):
    time_machine.move_to("2026-11-20T16:30:00Z")  # 00:30 of the 21st in Shanghai
    client = booker(
        birth_date=date(2012, 11, 21) + timedelta(days=days), guardian_name="韩梅",
        guardian_consented_at=timezone.now(),
    )  # fmt: skip
    slot, service = offer()

    if child:
        refused(errors.GuardianContactNeeded, client, slot, service)
    else:
        assert attempt(client, slot, service)


def test_P9_a_minor_whose_guardian_agreed_can_be_booked_for():
    client = booker(
        birth_date=birthday(12), guardian_name="韩梅", guardian_phone="13800138000",
        guardian_consented_at=timezone.now(),
    )  # fmt: skip

    assert attempt(client, *offer()).status == "pending"


def test_P1_booking_needs_consent_to_the_agreement_in_force():
    client = ClientProfileFactory()
    slot, service = offer()

    error = refused(ConsentRequired, client, slot, service)
    assert error.data["kind"] == "booking"


def test_P1_a_withdrawn_consent_counts_no_more():
    client = booker()
    withdraw_consent(client.user, kind=AgreementKind.BOOKING)

    refused(ConsentRequired, client, *offer())


def test_P1_an_old_version_counts_no_more(django_capture_on_commit_callbacks):
    client = booker()
    with django_capture_on_commit_callbacks(execute=True):
        publish_agreement(kind=AgreementKind.BOOKING, title="新版", body="新的正文")

    refused(ConsentRequired, client, *offer())


def test_a_client_who_read_another_version_is_asked_to_read_again():
    error = refused(AgreementNotCurrent, booker(), *offer(), agreement_version=999)

    assert error.status == 409


def test_S3_a_fourth_unpaid_hold_is_refused():
    client = booker()
    for _ in range(3):
        attempt(client, *offer())

    error = refused(errors.TooManyHolds, client, *offer())
    assert error.data == {"at_most": 3}


def test_S3_cancelled_holds_do_not_count():
    client = booker()
    held = [booked(client) for _ in range(3)]
    cancel(held[0].pk, actor=client.user, reason="")

    assert attempt(client, *offer())


@pytest.mark.parametrize(
    ("shift", "clash"), [(-50, False), (-49, True), (0, True), (49, True), (50, False)]
)
def test_S3_appointments_of_one_person_never_overlap(shift, clash):
    client = booker()
    first = booked(client)
    slot, service = offer()
    start = first.start_at + timedelta(minutes=shift)
    TimeSlot.objects.filter(pk=slot.pk).update(start_at=start, end_at=start + timedelta(minutes=50))

    if clash:
        refused(errors.OverlappingAppointment, client, slot, service)
    else:
        assert attempt(client, slot, service)


def test_two_people_may_have_sessions_at_the_same_time():
    first = booked()
    slot, service = offer()
    TimeSlot.objects.filter(pk=slot.pk).update(start_at=first.start_at, end_at=first.end_at)

    assert attempt(booker(), slot, service)


@pytest.mark.parametrize("consent_is", ["missing", "withdrawn", "old"])
def test_P1_each_way_to_book_asks_for_it(consent_is, django_capture_on_commit_callbacks):
    client = ClientProfileFactory() if consent_is == "missing" else booker()
    if consent_is == "withdrawn":
        withdraw_consent(client.user, kind=AgreementKind.BOOKING)
    if consent_is == "old":
        with django_capture_on_commit_callbacks(execute=True):
            publish_agreement(kind=AgreementKind.BOOKING, title="新版", body="新的正文")
    slot, service = offer()
    options = {"service_id": service.pk, "client_id": client.pk}
    item = {"kind": "appointment", "target_id": slot.pk, "options": options}
    api = Api(client.user)

    tries = [
        api.post("/appointment", options | {"slot_id": slot.pk}),
        api.post("/order", {"items": [item]}),
    ]

    wanted = (ConsentRequired.status, ConsentRequired.code)
    assert [refusal(answer) for answer in tries] == [wanted] * 2
    assert TimeSlot.objects.get().status == "open"
