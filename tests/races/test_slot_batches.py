"""Batches that make and move slots, and bookings of a counselor's last place, all at once."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from counseling.errors import LoadReached, SlotConflicts, SlotOverlap
from counseling.models import Appointment, Counselor, SlotStatus, TimeSlot
from counseling.services import load, slot_batches
from counseling.services.appointments import book, cancel
from counseling.services.availability import slots_seen_by
from counseling.services.slot_batches import change_batch, create_batch
from tests.factories.counseling import CounselorFactory, ServiceFactory, SlotFactory, booker
from tests.helpers import meeting, together
from tests.races.figures import figure, size, storm
from tests.races.test_slots import overlapping_pairs

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_S2_random_creates_and_edits_in_parallel_leave_no_overlap():
    counselors = [counselor.pk for counselor in CounselorFactory.create_batch(size(50))]
    tomorrow = (timezone.now() + timedelta(days=1)).replace(second=0, microsecond=0)

    def span(pick):
        start = tomorrow + timedelta(minutes=pick.randrange(0, 2880, 10))
        return start, start + timedelta(minutes=pick.choice([30, 50, 60]))

    def one(i):
        """Of each counselor one after the other: a new slot, or another time for one that is."""
        pick, counselor_id = random.Random(i), counselors[i % len(counselors)]
        mine = TimeSlot.objects.filter(counselor_id=counselor_id).values_list("pk", flat=True)
        try:
            if i % 3 and (slots := list(mine)):
                change_batch(counselor_id, changes=[(pick.choice(slots), *span(pick))])
                return "moved"
            create_batch(counselor_id, spans=[span(pick), span(pick)])
            return "made"
        except (SlotConflicts, SlotOverlap):
            return "refused"

    number = size(1000)
    outcomes = storm(number, one)

    assert set(outcomes) == {"made", "moved", "refused"}, set(map(repr, outcomes))
    assert overlapping_pairs() == 0
    slots = TimeSlot.objects.order_by("counselor_id", "start_at")
    ends = {(slot.counselor_id, slot.end_at) for slot in slots}
    touching = sum((slot.counselor_id, slot.start_at) in ends for slot in slots)
    assert touching
    done = {what: outcomes.count(what) for what in ("made", "moved", "refused")}
    figure("S-2", f"{number} creates and edits, {len(counselors)} counselors: {done}, 0 overlaps,"
                  f" {touching} adjacent")  # fmt: skip


def test_S2_without_the_lock_both_look_and_the_database_refuses_one(monkeypatch):
    counselor, meet, look = CounselorFactory(), meeting(2), slot_batches._standing
    start = timezone.now() + timedelta(days=1)

    def look_together(*args):
        found = look(*args)
        meet()
        return found

    monkeypatch.setattr(slot_batches, "lock_counselor", lambda counselor_id: None)
    monkeypatch.setattr(slot_batches, "_standing", look_together)

    spans = [(start, start + timedelta(minutes=50))]
    outcomes = together(2, lambda i: create_batch(counselor.pk, spans=spans))

    made, refused = sorted(type(outcome).__name__ for outcome in outcomes)
    # PostgreSQL may call it a deadlock; then it is begun again, and looks again.
    assert made == "Batch"
    assert refused in {"SlotOverlap", "SlotConflicts"}
    assert TimeSlot.objects.count() == 1


def last_places(n: int):
    """n clients, each with a slot of their own, on one day of a counselor who takes one.

    Others lie between: MariaDB locks the neighbours of a slot that changes.
    """
    service = ServiceFactory()
    Counselor.objects.filter(pk=service.counselor_id).update(max_per_day=1)
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight + timedelta(days=2)
    slots = [
        SlotFactory(counselor=service.counselor, start_at=start + timedelta(hours=i))
        for i in range(3 * n)
    ][::3]
    clients = [booker() for _ in range(n)]

    def attempt(i):
        return book(user=clients[i].user, slot_id=slots[i].pk, service_id=service.pk,
                    client_id=clients[i].pk)  # fmt: skip

    return together(n, attempt)


def test_S7_of_eight_who_want_the_last_place_of_a_day_one_gets_it():
    outcomes = last_places(8)

    assert sum(isinstance(outcome, LoadReached) for outcome in outcomes) == 7, outcomes
    assert Appointment.objects.count() == 1
    assert TimeSlot.objects.filter(status="held").count() == 1


def test_S7_without_the_counselors_lock_both_count_and_both_book(monkeypatch):
    meet, count = meeting(2), load._counted

    def count_together(*args):
        found = count(*args)
        meet()
        return found

    monkeypatch.setattr(load, "_lock", lambda counselor_id: None)
    monkeypatch.setattr(load, "_counted", count_together)

    last_places(2)

    assert Appointment.objects.count() == 2


def test_S5_after_storms_of_cancelling_and_booking_the_list_is_what_the_database_has():
    service = ServiceFactory()
    slots = SlotFactory.create_batch(size(100), counselor=service.counselor)
    clients = [booker() for _ in range(min(size(200), 40))]

    def one(i):
        """Clients are shared by threads, so some are refused as already booked then."""
        pick, client = random.Random(i), clients[i % len(clients)]
        try:
            order = book(user=client.user, slot_id=pick.choice(slots).pk, service_id=service.pk,
                         client_id=client.pk)  # fmt: skip
            made = Appointment.objects.get(order_item__order=order)
            if pick.random() < 0.8:
                cancel(made.pk, actor=client.user, reason="")
            return "booked"
        except Exception as error:
            return type(error).__name__

    number = size(2000)
    outcomes = storm(number, one)

    kinds = {kind: outcomes.count(kind) for kind in set(outcomes)}
    assert set(kinds) <= {"booked", "SlotTaken", "TooManyHolds", "OverlappingAppointment"}, kinds
    listed = set(
        slots_seen_by(clients[0].user, service.counselor_id, now=timezone.now())
        .values_list("pk", flat=True)
    )  # fmt: skip
    taken = set(Appointment.objects.live().values_list("slot_id", flat=True))
    assert listed == {slot.pk for slot in slots} - taken
    assert TimeSlot.objects.exclude(status=SlotStatus.OPEN).count() == len(taken)
    figure("S-5", f"{number} bookings over {len(slots)} slots: {kinds}, list = database")
