"""How much a counselor takes on by day and by week holds when a session is booked (S-7)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commerce.models import Order
from config.days import business_day, monday_of
from counseling.errors import LoadReached
from counseling.models import Appointment, AppointmentStatus, Counselor
from counseling.services.appointments import cancel
from counseling.services.availability import bookable
from counseling.services.rescheduling import reschedule
from tests.factories.counseling import ServiceFactory, SlotFactory, booked, booker, confirmed
from tests.helpers import Api

pytestmark = pytest.mark.django_db

# Monday 2026-11-23, 08:00 in Shanghai
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


@pytest.fixture
def service(time_machine):
    time_machine.move_to(NOW)
    return ServiceFactory()


def limit(service, **limits):
    Counselor.objects.filter(pk=service.counselor_id).update(**limits)


def slot(service, hour):
    return SlotFactory(counselor=service.counselor, start_at=NOW + timedelta(hours=hour))


@pytest.mark.parametrize(
    ("limits", "held", "wanted", "reason"),
    [
        ({"max_per_day": 1}, 2, 15, "day"),  # 10:00 and 23:00 of one day
        ({"max_per_day": 1}, 2, 16, None),  # midnight is the next
        ({"max_per_day": 2}, 2, 15, None),
        ({"max_per_week": 1}, 16, 24 * 6 + 15, "week"),  # Sunday, 23:00
        ({"max_per_week": 1}, 16, 24 * 6 + 16, None),  # Monday, 0:00
        ({"max_per_day": 5, "max_per_week": 1}, 2, 24 * 4, "week"),
    ],
)
def test_S7_a_full_day_or_week_takes_no_more(service, limits, held, wanted, reason):
    booked(slot=slot(service, held), service=service)
    limit(service, **limits)
    another = slot(service, wanted)

    assert bookable(NOW).filter(pk=another.pk).exists() is (reason is None)
    if reason is None:
        booked(slot=another, service=service)
        return
    with pytest.raises(LoadReached) as refused:
        booked(slot=another, service=service)
    another.refresh_from_db()
    assert refused.value.data["reason"] == reason
    assert another.status == "open"
    assert Order.objects.count() == 1


def test_S7_no_list_offers_a_day_that_is_full(service):
    """The slots, the days of the month, who is free then and the next free time."""
    first, same_day, next_day = slot(service, 2), slot(service, 5), slot(service, 26)
    limit(service, max_per_day=1)
    client = booked(slot=first, service=service)
    pk = service.counselor_id

    def offered():
        day = timezone.localdate(NOW)
        found = api.get(f"/time-slots?counselor={pk}")
        by_day = api.get(f"/time-slots?counselor={pk}&date={day}")
        month = api.get(f"/time-slots/days?counselor={pk}&month=2026-11")
        then = api.get(f"/counselor?free_on={day}")
        listed = api.get("/counselor?ordering=next_free_at")
        return (
            [row["id"] for row in found.data["list"]],
            [row["id"] for row in by_day.data["list"]],
            [row["date"] for row in month.data["days"]],
            [row["id"] for row in then.data["list"]],
            [row["next_free_at"] for row in listed.data["list"]],
        )

    api = Api()
    assert offered() == ([next_day.pk], [], ["2026-11-24"], [], [NOW + timedelta(hours=26)])

    cancel(client.pk, actor=client.user, reason="")
    assert offered() == (
        [first.pk, same_day.pk, next_day.pk],
        [first.pk, same_day.pk],
        ["2026-11-23", "2026-11-24"],
        [pk],
        [NOW + timedelta(hours=2)],
    )


@pytest.mark.parametrize("status", AppointmentStatus.values)
def test_S7_what_is_listed_counts_what_booking_counts(service, status):
    limit(service, max_per_week=1)
    session = booked(slot=slot(service, 2), service=service)
    Appointment.objects.filter(pk=session.pk).update(status=status)
    another = slot(service, 30)

    listed = bookable(NOW).filter(pk=another.pk).exists()

    counts = {"pending_payment", "confirmed", "in_progress", "completed", "no_show"}
    assert listed is (status not in counts)
    if not listed:
        with pytest.raises(LoadReached):
            booked(slot=another, service=service)
        return
    booked(slot=another, service=service)


def test_a_counselor_sees_all_of_a_full_day(service):
    limit(service, max_per_day=1)
    booked(slot=slot(service, 2), service=service)
    free = slot(service, 4)

    mine = Api(service.counselor.user).get(
        f"/time-slots?counselor={service.counselor_id}&status=open"
    )

    assert [row["id"] for row in mine.data["list"]] == [free.pk]


@pytest.mark.parametrize(
    ("start", "monday"),
    [
        ("2026-11-22T15:59:59", date(2026, 11, 16)),  # Sunday, 23:59:59 in Shanghai
        ("2026-11-22T16:00:00", date(2026, 11, 23)),
        ("2026-11-29T15:59:59", date(2026, 11, 23)),
        ("2026-12-31T16:00:00", date(2026, 12, 28)),  # New Year's Day
        ("2028-02-28T16:00:00", date(2028, 2, 28)),  # a leap day
    ],
)
def test_the_week_of_a_session_begins_on_monday_in_shanghai(service, start, monday):
    at = datetime.fromisoformat(start).replace(tzinfo=UTC)
    session = booked(slot=slot(service, 24), service=service)
    Appointment.objects.filter(pk=session.pk).update(start_at=at, end_at=at + timedelta(minutes=50))

    session.refresh_from_db()

    assert session.week == monday == monday_of(business_day(at))


def test_what_was_called_off_gives_its_place_back(service):
    limit(service, max_per_day=1)
    first = booked(slot=slot(service, 2), service=service)
    cancel(first.pk, actor=first.user, reason="")

    assert booked(slot=slot(service, 4), service=service).status == "pending_payment"


def test_a_client_moves_within_the_limit_and_the_counselor_beyond(service):
    limit(service, max_per_day=1)
    mine = confirmed(slot=slot(service, 24 * 3), service=service)
    confirmed(slot=slot(service, 24 * 4), service=service)
    full, same = slot(service, 24 * 4 + 3), slot(service, 24 * 3 + 3)

    with pytest.raises(LoadReached):
        reschedule(mine.pk, slot_id=full.pk, actor=mine.user)
    reschedule(mine.pk, slot_id=same.pk, actor=mine.user)
    reschedule(mine.pk, slot_id=full.pk, actor=service.counselor.user)

    mine.refresh_from_db()
    assert mine.slot_id == full.pk


def test_only_who_sets_a_limit_costs_two_statements(service):
    clients = [booker() for _ in range(3)]
    booked(clients[2], slot=slot(service, 2), service=service)  # what is remembered is read
    with CaptureQueriesContext(
        connection,
    ) as free:
        booked(clients[0], slot=slot(service, 4), service=service)
    limit(service, max_per_day=9)
    with CaptureQueriesContext(connection) as limited:
        booked(clients[1], slot=slot(service, 6), service=service)

    assert len(limited) == len(free) + 2
