"""`make bench ARGS=--forged` measures what it says it measures; figures are the bench's own."""

from collections import Counter

import pytest

from tests.benchmarks import forged, seed
from tests.commerce.conftest import world  # noqa: F401


@pytest.fixture(autouse=True)
def _few(monkeypatch):
    monkeypatch.setitem(seed.SCALES, "small", (5, 2))


def told(*milliseconds: float, status: int = 200) -> forged.Told:
    return forged.Told([ms / 1000 for ms in milliseconds], Counter({status: len(milliseconds)}))


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_M4_readers_are_served_while_forgeries_are_refused(world, live_server, monkeypatch):  # noqa: F811
    monkeypatch.setattr(forged, "P99_MS", 60_000)  # of time a busy machine says nothing
    monkeypatch.setattr(forged, "MOST_SLOWER", 1000)
    stage, lines = forged.build(world), []

    missed = forged.compare(live_server.thread.port, stage, lines.append, pairs=1, seconds=0.4)

    assert missed == []
    assert [line[:22].rstrip() for line in lines[1:4]] == [
        "reads", "reads beside forgeries", "forgeries",
    ]  # fmt: skip
    assert [line.split("  ")[-1] for line in lines[1:4]] == ["{200: 16}", "{200: 16}", "{400: 20}"]
    assert stage.sent == 40  # with those that warmed up


def test_what_is_missed_is_named():
    quiet, forgeries = told(*[10] * 90, *[20] * 10), told(*[5] * 98, 60, 70, status=400)
    found = forged.Found([quiet, quiet], [quiet, told(*[10] * 90, *[30] * 10)], [forgeries])

    assert found.slower() == [1, 1.5]
    assert forged.too_slow(found) == [
        "M-4 forgeries: p99 60.0 ms, goal 50",
        "M-4 reads: p95 1.25 times the quiet one's, goal 1.2",
    ]
    found.forged.append(told(1, status=204))
    assert forged.too_slow(found)[0] == "M-4 answers: {200: 400}, to forgeries {400: 100, 204: 1}"


def test_a_forgery_that_changes_something_is_named(db, world):  # noqa: F811
    stage = forged.build(world)
    stage.sent = 3

    assert forged.effects(stage, {}, port=0) == ["M-4 effects: forgeries changed something"]
    assert forged.effects(stage, forged.books(), port=0) == [
        "M-4 effects: None of 3 forgeries are on record"
    ]
