"""Moving sessions all at once: none lost, none doubled (S-6), no stale reminder (Q-5)."""

import random
from collections import Counter

import pytest

from accounts.models import Notification
from config.errors import IllegalTransition
from counseling import errors
from counseling.models import Appointment, Reschedule, TimeSlot
from counseling.services import rescheduling
from counseling.services.appointments import cancel
from counseling.services.reminding import remind
from counseling.services.rescheduling import reschedule
from tests.factories.counseling import CounselorFactory, ServiceFactory, SlotFactory, confirmed
from tests.helpers import meeting, together
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def practice(sessions: int, free: int) -> tuple[list[Appointment], list[TimeSlot]]:
    """One counselor with so many sessions and free slots."""
    service = ServiceFactory(counselor=CounselorFactory())
    slots = [SlotFactory(counselor=service.counselor) for _ in range(sessions + free)]
    return [confirmed(slot=slot, service=service) for slot in slots[:sessions]], slots


def agree(slots: list[TimeSlot], appointments: list[Appointment]) -> None:
    """Each appointment has one slot, and booked slots are those."""
    taken = Counter(Appointment.objects.filter(status="confirmed").values_list("slot", flat=True))
    booked = TimeSlot.objects.filter(status="booked").values_list("pk", flat=True)
    assert taken == Counter(booked)
    assert len(taken) == len(appointments)
    assert TimeSlot.objects.filter(status="open").count() == len(slots) - len(appointments)


def test_S6_crossing_moves_lose_and_double_nothing():
    """Everybody moves to everybody's slot, of which a few are free at a time."""
    appointments, slots = practice(sessions=12, free=4)
    picks, moves = random.Random(6), size(1000)
    wanted = [(picks.choice(appointments).pk, picks.choice(slots).pk) for _ in range(moves)]
    actor = appointments[0].counselor.user

    def move(i):
        reschedule(wanted[i][0], slot_id=wanted[i][1], actor=actor)
        return "moved"

    outcomes = Counter(
        outcome if isinstance(outcome, str) else type(outcome).__name__
        for outcome in storm(moves, move)
    )

    assert set(outcomes) <= {"moved", errors.SlotTaken.__name__, errors.SameSlot.__name__}
    assert outcomes["moved"] == Reschedule.objects.count() > 0
    agree(slots, appointments)
    figure("S-6", f"{moves} crossing moves, {dict(outcomes)}: 0 lost or doubled, 0 deadlocks")


@pytest.mark.parametrize("round_", range(4))
def test_S6_of_eight_who_move_to_one_slot_one_gets_it(round_):
    appointments, slots = practice(sessions=8, free=1)
    actor = appointments[0].counselor.user

    outcomes = together(
        8, lambda i: reschedule(appointments[i].pk, slot_id=slots[-1].pk, actor=actor)
    )

    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    assert kinds == {"Appointment": 1, "SlotTaken": 7}
    agree(slots, appointments)


def test_S6_without_its_guard_two_get_one_slot(monkeypatch):
    """The negative control: the slot's conditional UPDATE left out; the unique index still refuses
    one of them, by an error that nobody should see."""
    appointments, slots = practice(sessions=2, free=1)
    actor = appointments[0].counselor.user
    both_are_here = meeting(2)

    def unguarded(appointment, slot_id, now):
        both_are_here()

    monkeypatch.setattr(rescheduling, "_swap", unguarded)
    outcomes = together(
        2, lambda i: reschedule(appointments[i].pk, slot_id=slots[-1].pk, actor=actor)
    )

    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    assert kinds == {"Appointment": 1, "IntegrityError": 1}


@pytest.mark.parametrize("round_", range(4))
def test_moving_against_cancelling_has_one_ending(round_):
    (appointment,), (_old, new) = practice(sessions=1, free=1)
    jobs = [
        lambda: reschedule(appointment.pk, slot_id=new.pk, actor=appointment.user),
        lambda: cancel(appointment.pk, actor=appointment.user),
    ]

    outcomes = together(2, lambda i: jobs[i]())

    assert not isinstance(outcomes[1], Exception)
    assert isinstance(outcomes[0], Appointment | IllegalTransition)
    assert set(TimeSlot.objects.values_list("status", flat=True)) == {"open"}
    assert Appointment.objects.get().status == "cancelled"


def test_Q5_nobody_is_reminded_of_a_time_that_does_not_stand():
    """Reminders, moves and cancellations at once: what is waiting is true, and each is once."""
    rounds = size(100)
    for _ in range(rounds):
        (appointment,), (_old, new) = practice(sessions=1, free=1)
        due = appointment.remind_at
        jobs = [
            lambda now=due: remind(now=now),
            lambda a=appointment, to=new.pk: reschedule(
                a.pk, slot_id=to, actor=a.user, now=a.remind_at
            ),
            lambda now=due: remind(now=now),
            lambda a=appointment: cancel(a.pk, actor=a.user, now=a.remind_at),
        ]
        together(4, lambda i, jobs=jobs: jobs[i]())
        told = Notification.objects.filter(
            user=appointment.user, channel="subscribe", subject__gt=""
        ).order_by("pk")
        kinds = list(told.values_list("template", flat=True))
        assert kinds[-1] == "appointment_cancelled"
        assert Counter(kinds)["appointment_reminder"] <= 1
        ends = kinds.index("appointment_cancelled")
        moved = (
            kinds.index("appointment_rescheduled") if "appointment_rescheduled" in kinds else ends
        )
        if "appointment_reminder" in kinds:
            assert kinds.index("appointment_reminder") < min(moved, ends)
        assert Appointment.objects.get(pk=appointment.pk).status == "cancelled"
    figure("Q-5", f"{rounds} reminders against moves and cancellations: 0 of a stale time")
