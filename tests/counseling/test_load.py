"""How much a counselor takes on by day and by week holds when a session is booked (S-7)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commerce.models import Order
from counseling.errors import LoadReached
from counseling.models import Counselor
from counseling.services.appointments import cancel
from counseling.services.rescheduling import reschedule
from tests.factories.counseling import ServiceFactory, SlotFactory, booked, booker, confirmed

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

    if reason is None:
        booked(slot=another, service=service)
        return
    with pytest.raises(LoadReached) as refused:
        booked(slot=another, service=service)
    another.refresh_from_db()
    assert refused.value.data["reason"] == reason
    assert another.status == "open"
    assert Order.objects.count() == 1


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
