"""The frame of `make bench ARGS=--sql` asks what it says it asks; figures are the bench's own."""

import pytest
from django.db import connection

from counseling.models import TimeSlot
from tests.benchmarks.sql import frame, slots


@pytest.fixture
def few(transactional_db, monkeypatch):
    """All that lies ahead of five counselors, and no history."""
    monkeypatch.setattr(slots, "SLOTS", slots.A_DAY * slots.AHEAD)
    return frame.SCALES["small"]


def test_both_sides_of_a_question_find_as_many_rows(few):
    known = slots.fill(few)
    frame._settle(slots.TABLES)

    for question in slots.questions(known):
        ours = frame.runner(question.ours)()
        full = frame.runner(question.ours, frame._copies(slots.TABLES))()
        assert len(ours) == len(full) > 0, question.name

    frame._forget_copies(slots.TABLES)
    assert TimeSlot.objects.count() == 5 * slots.A_DAY * slots.AHEAD


def test_a_plan_names_its_index(few):
    if connection.vendor != "sqlite":
        pytest.skip("servers choose by the number of rows")
    known = slots.fill(few)

    found = {question.name: frame.plan(question.ours) for question in slots.questions(known)}

    assert found["a counselor's week"] == ({"slot_counselor_start"}, False)
    assert "slot_free_on" in found["who is free 10-12"][0]


def test_what_is_missed_is_named():
    question = frame.Question("week", ours=len, gain=50)

    assert frame.too_slow(question, frame.Row("week", 2, 80, None)) == [
        "week: 40 times the full scan, goal 50"
    ]
    assert frame.too_slow(question, frame.Row("week", 2, 100, None)) == []
