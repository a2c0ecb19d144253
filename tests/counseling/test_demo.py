"""The demo's sessions are there whichever slots chance and the calendar put side by side."""

from datetime import timedelta

import pytest

from config.demo import Demo
from counseling.demo_sessions import book_next, move_on
from tests.factories.counseling import (
    ServiceFactory,
    SlotFactory,
    booked,
    booker,
    confirmed,
    offer,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_who_is_busy_at_the_drawn_time_has_the_next_one():
    client = booker()
    busy = booked(client).slot
    other = SlotFactory(counselor=ServiceFactory().counselor, start_at=busy.start_at)
    (later, _), demo = offer(), Demo(seed=1, scale="small", outside=None)
    slots = iter([(slot.pk, slot.counselor_id) for slot in (other, later)])

    assert book_next(demo, client, slots).slot == later
    assert book_next(demo, client, slots) is None


def test_a_session_is_moved_past_a_time_at_which_its_client_is_busy():
    session = confirmed()
    taken, free = (
        SlotFactory(counselor=session.counselor, start_at=session.start_at + hours * HOUR)
        for hours in (1, 2)
    )
    booked(session.client, slot=SlotFactory(start_at=taken.start_at))

    move_on(session)

    session.refresh_from_db()
    assert session.slot == free
