"""A counselor's slots never overlap, whoever makes them at the same time (invariants S-2)."""

import random
from collections import Counter
from datetime import time, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from counseling.models import TimeSlot, WeeklyTemplate
from counseling.services import schedule
from counseling.services.appointments import book
from counseling.services.schedule import create_slots, open_slots
from tests.factories.counseling import (
    CounselorFactory,
    ServiceFactory,
    WeeklyTemplateFactory,
    booker,
)
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def overlapping_pairs() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM counseling_timeslot a JOIN counseling_timeslot b"
            " ON a.counselor_id = b.counselor_id AND a.id < b.id"
            " AND a.start_at < b.end_at AND a.end_at > b.start_at"
        )
        return cursor.fetchone()[0]


def storm(counselors):
    """Sixteen threads, each twenty random slots on one day; how many were made."""
    midnight = timezone.now() + timedelta(days=1)

    def create(i):
        pick, made = random.Random(i), 0
        for _ in range(20):
            start = midnight + timedelta(minutes=pick.randrange(0, 1440, 10))
            span = (start, start + timedelta(minutes=pick.choice([30, 50, 60])))
            try:
                create_slots(pick.choice(counselors).pk, spans=[span])
                made += 1
            except schedule.SlotOverlap:
                pass
        return made

    made = together(16, create)
    assert all(isinstance(number, int) for number in made), made
    return sum(made)


def test_S2_random_slots_made_in_parallel_never_overlap():
    made = storm(CounselorFactory.create_batch(3))

    assert made == TimeSlot.objects.count() > 10
    assert overlapping_pairs() == 0


def test_S2_the_database_alone_keeps_them_apart(monkeypatch):
    """Without the counselor's lock the constraint still refuses."""
    monkeypatch.setattr(schedule, "lock_counselor", lambda counselor_id: None)

    made = storm(CounselorFactory.create_batch(3))

    assert made == TimeSlot.objects.count()
    assert overlapping_pairs() == 0


def test_opening_slots_twice_at_once_makes_them_once():
    counselor = CounselorFactory()
    for weekday in range(7):
        WeeklyTemplateFactory(
            counselor=counselor, weekday=weekday, start_time=time(9), end_time=time(12)
        )

    made = together(8, lambda i: open_slots(counselor.pk, days=8))

    assert sum(made) == TimeSlot.objects.count() == max(made)
    assert overlapping_pairs() == 0


@pytest.mark.parametrize("round_", range(4))
def test_booking_while_a_changed_template_is_opened_loses_neither(round_):
    """Whoever is first: the slot is gone and nobody booked it, or it is held and stays."""
    counselor = CounselorFactory()
    service = ServiceFactory(counselor=counselor)
    template = WeeklyTemplateFactory(
        counselor=counselor,
        weekday=(timezone.localdate() + timedelta(days=3)).weekday(),
        start_time=time(9),
        end_time=time(21),
    )
    open_slots(counselor.pk, days=4)
    slots = list(TimeSlot.objects.filter(counselor=counselor))
    clients = [booker() for _ in slots]
    WeeklyTemplate.objects.filter(pk=template.pk).update(is_active=False)

    def job(i):
        if i == len(slots):
            return open_slots(counselor.pk, days=4)
        return book(
            user=clients[i].user,
            slot_id=slots[i].pk,
            service_id=service.pk,
            client_id=clients[i].pk,
        )

    *outcomes, opened = together(len(slots) + 1, job)

    names = Counter(type(outcome).__name__ for outcome in outcomes)
    assert names.keys() <= {"Order", "SlotTaken", "SlotUnknown"}, outcomes
    assert opened == 0
    held = TimeSlot.objects.filter(counselor=counselor, status="held")
    assert held.count() == names["Order"]
