"""Many who want the same: one gets it, nothing of the others remains (invariants S, C1)."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commerce.models import Order, OrderItem
from commerce.services.orders import expire_order
from config.prepared import Prepared
from counseling.errors import SlotTaken, TooManyHolds
from counseling.models import Appointment, ClientProfile, TimeSlot
from counseling.services import booking
from counseling.services.appointments import book, cancel, complete
from tests.factories.commerce import pay as pay_order
from tests.factories.counseling import booked, booker, confirmed, offer
from tests.helpers import Api, meeting, together
from tests.races.figures import FULL, figure, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

BOOKERS = 2000 if FULL else 32
HOLDS = 200 if FULL else 16


def rounds(number):
    return pytest.mark.parametrize("round_", range(number))


def attempt(client, slot, service):
    return book(user=client.user, slot_id=slot.pk, service_id=service.pk, client_id=client.pk)


def kinds(outcomes):
    return Counter(type(outcome).__name__ for outcome in outcomes)


def rows():
    """(orders, items, appointments): all of one booking or none of it."""
    return Order.objects.count(), OrderItem.objects.count(), Appointment.objects.count()


@rounds(3)
def test_S1_one_slot_goes_to_one_of_thirty_two(round_):
    clients = [booker() for _ in range(BOOKERS)]
    slot, service = offer()

    outcomes = storm(BOOKERS, lambda i: attempt(clients[i], slot, service))

    assert kinds(outcomes) == {"Order": 1, "SlotTaken": BOOKERS - 1}
    assert rows() == (1, 1, 1)
    slot.refresh_from_db()
    assert slot.status == "held"
    figure("S-1", f"{BOOKERS} bookings of one slot: 1 got it, {BOOKERS - 1} were refused")


def test_S1_over_http_losers_get_409_and_nobody_a_500():
    apis = [(client, Api(client.user)) for client in (booker() for _ in range(16))]
    slot, service = offer()

    def ask(i):
        client, api = apis[i]
        body = {"slot_id": slot.pk, "service_id": service.pk, "client_id": client.pk}
        return api.post("/appointment", body, key=f"key-{i:08}")

    answers = together(16, ask)

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 15}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {SlotTaken.code}
    assert rows() == (1, 1, 1)


def test_S1_without_its_guards_the_slot_is_sold_more_than_once(monkeypatch):
    """The negative control: no conditional UPDATE, no unique live slot."""
    index = drop_live_slot()
    try:
        clients = [booker() for _ in range(8)]
        slot, service = offer()
        monkeypatch.setattr(booking, "move_slot", lambda slot_id, old, new: True)

        outcomes = together(8, lambda i: attempt(clients[i], slot, service))

        assert kinds(outcomes)["Order"] > 1
    finally:
        Appointment.objects.all().delete()
        restore_live_slot(index)


def drop_live_slot():
    """Take the unique constraint on live_slot away; what restores it."""
    table = Appointment._meta.db_table
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
        name = next(
            name
            for name, info in found.items()
            if info["columns"] == ["live_slot"] and info["unique"]
        )
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        else:
            cursor.execute(f"ALTER TABLE {table} DROP INDEX {name}")
    return name


def restore_live_slot(name):
    table = Appointment._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE (live_slot)")


def test_S1_the_unique_live_slot_alone_keeps_the_slot_single(monkeypatch):
    """The second net: with the conditional UPDATE gone the database still refuses."""
    monkeypatch.setattr(booking, "move_slot", lambda slot_id, old, new: True)
    clients = [booker() for _ in range(16)]
    slot, service = offer()

    outcomes = together(16, lambda i: attempt(clients[i], slot, service))

    assert kinds(outcomes) == {"Order": 1, "SlotTaken": 15}
    assert rows() == (1, 1, 1)


@pytest.mark.parametrize("keyed", [False, True])
def test_S3_one_person_holds_at_most_three(keyed):
    """With and without idempotency records, whose foreign key shares the user's row."""
    client = booker()
    offers = [offer() for _ in range(HOLDS)]
    api = Api(client.user)

    def ask(i):
        slot, service = offers[i]
        if not keyed:
            return attempt(client, slot, service)
        body = {"slot_id": slot.pk, "service_id": service.pk, "client_id": client.pk}
        return api.post("/appointment", body, key=f"key-{i:08}").status_code

    outcomes = storm(HOLDS, ask)

    if keyed:
        assert Counter(outcomes) == {201: 3, 409: HOLDS - 3}
    else:
        assert kinds(outcomes) == {"Order": 3, TooManyHolds.__name__: HOLDS - 3}
    assert rows() == (3, 3, 3)
    assert TimeSlot.objects.filter(status="held").count() == 3
    figure("S-3", f"{HOLDS} holds of one person at once: 3 got through")


def test_S3_without_the_lock_one_person_holds_more(monkeypatch):
    """The negative control: look at the profiles without locking them."""
    columns = ("pk", "name", "birth_date", "guardian_consented_at", "archived_at")
    unlocked = Prepared(lambda user: ClientProfile.objects.filter(user_id=user).values(*columns))
    all_have_looked, look = meeting(6), booking._look

    def slowly(*args):
        row = look(*args)
        all_have_looked()
        return row

    monkeypatch.setattr(booking, "_profiles", unlocked)
    monkeypatch.setattr(booking, "_look", slowly)
    client = booker()
    offers = [offer() for _ in range(24)][::4]  # MariaDB locks the neighbours of a slot, too

    outcomes = together(6, lambda i: attempt(client, *offers[i]))

    assert kinds(outcomes)["Order"] == 6


@rounds(3)
def test_S3_sessions_of_one_person_never_overlap(round_):
    """Sixteen counselors free at the same hour, one person who wants them all."""
    client = booker()
    offers = [offer() for _ in range(16)]
    first = offers[0][0]
    for slot, _service in offers[1:]:
        TimeSlot.objects.filter(pk=slot.pk).update(start_at=first.start_at, end_at=first.end_at)

    outcomes = together(16, lambda i: attempt(client, *offers[i]))

    assert kinds(outcomes) == {"Order": 1, "OverlappingAppointment": 15}


def test_S4_payment_against_expiry_has_one_ending():
    trials = 1000 if FULL else 8
    ends = Counter(paid_against_expired() for _ in range(trials))

    assert set(ends) <= {("confirmed", "paid", "booked", 0), ("expired", "expired", "open", 1)}
    kept = ends["confirmed", "paid", "booked", 0]
    figure("S-4", f"{trials} payments against expiry: {kept} kept, {trials - kept} went back")


def paid_against_expired() -> tuple:
    """How it ended: (appointment, order, slot, refunds)."""
    appointment = booked()
    order = appointment.order_item.order
    jobs = [
        lambda: pay_order(order),
        lambda: expire_order(order.pk, now=order.expires_at),
        lambda: expire_order(order.pk, now=order.expires_at),
    ]

    outcomes = together(3, lambda i: jobs[i]())

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    appointment.refresh_from_db()
    order.refresh_from_db()
    slot = TimeSlot.objects.get(pk=appointment.slot_id).status
    return appointment.status, order.status, slot, order.refunds.count()


def test_S5_after_a_storm_of_cancelling_and_booking_slots_and_appointments_agree():
    clients = [booker() for _ in range(8)]
    offers = [offer() for _ in range(4)]

    def storm(i):
        pick = random.Random(i)
        for _ in range(8):
            slot, service = pick.choice(offers)
            try:
                order = attempt(clients[i], slot, service)
            except SlotTaken:
                continue
            made = Appointment.objects.get(order_item__order=order)
            if pick.random() < 0.8:
                cancel(made.pk, actor=clients[i].user, reason="")
                continue
            pay_order(order)
            if pick.random() < 0.9:
                cancel(made.pk, actor=clients[i].user, reason="")
        return "done"

    assert together(8, storm) == ["done"] * 8

    for slot, service in offers:
        live = Appointment.objects.live().filter(slot=slot)
        slot.refresh_from_db()
        expected = {0: "open", 1: None}[live.count()]
        if expected:
            assert slot.status == expected
            assert attempt(booker(), slot, service)
        else:
            assert (
                slot.status == {"pending_payment": "held", "confirmed": "booked"}[live.get().status]
            )


@rounds(4)
def test_S5_cancelled_twice_at_once_gives_one_refund(round_):
    appointment = confirmed()
    actors = [appointment.user, appointment.counselor.user] * 4

    outcomes = together(8, lambda i: cancel(appointment.pk, actor=actors[i], reason=""))

    assert kinds(outcomes) == {"Appointment": 1, "IllegalTransition": 7}
    assert appointment.order_item.order.refunds.count() == 1


@rounds(4)
def test_completing_against_cancelling_has_one_ending(round_):
    """A session that begins this very moment: one of the two wins, the order agrees."""
    appointment = confirmed()
    start, counselor = appointment.start_at, appointment.counselor.user
    before = start - timedelta(seconds=1)
    jobs = [
        lambda: complete(appointment.pk, actor=counselor, now=start),
        lambda: cancel(appointment.pk, actor=counselor, reason="", now=before),
    ]

    together(2, lambda i: jobs[i]())

    appointment.refresh_from_db()
    order = Order.objects.get(items__appointment=appointment)
    assert (appointment.status, order.status, order.refunds.count()) in {
        ("completed", "completed", 0),
        ("cancelled", "refunding", 1),
    }


def steps_of(sqls) -> list[str]:
    """Which tables are locked and written, in that order."""
    steps = []
    for sql in sqls:
        words = sql.replace("`", "").replace('"', "").split()
        verb = words[0].upper()
        if verb == "SELECT" and "FOR" in words and words[-1] == "UPDATE":
            steps.append(f"lock {words[words.index('FROM') + 1]}")
        elif verb in {"UPDATE", "INSERT"}:
            steps.append(f"{verb.lower()} {words[1 if verb == 'UPDATE' else 2]}")
    return steps


def test_a_slot_is_taken_before_anything_else_is_locked():
    client = booker()
    slot, service = offer()
    with CaptureQueriesContext(connection) as booking_sql:
        attempt(client, slot, service)
    appointment = Appointment.objects.get()
    with CaptureQueriesContext(connection) as cancel_sql:
        cancel(appointment.pk, actor=client.user, reason="")

    assert steps_of(query["sql"] for query in booking_sql) == [
        "update counseling_timeslot",
        "lock counseling_clientprofile",
        "insert commerce_order",
        "insert commerce_orderitem",
        "insert counseling_appointment",
    ]
    assert steps_of(query["sql"] for query in cancel_sql)[:4] == [
        "lock commerce_order",
        "update counseling_timeslot",
        "lock counseling_appointment",
        "update counseling_appointment",
    ]
