"""The floor does what the application does, and the application asks as little as it says."""

import json
import re

import pytest
from django.db import connection

from tests.benchmarks import bench
from tests.benchmarks.subject import OVERRIDES, build

READS = ("health", "profile", "counselors", "counselor", "time-slots", "users")
# What two requests that write cannot have in common.
NEW = re.compile(r'"(id|token|refresh|slot_id|number|order_number|order_id|\w+_at|\w*until|date'
                 r'|package|timeStamp|nonceStr|paySign)":("[^"]*"|[0-9.]+|null)')  # fmt: skip


@pytest.fixture
def subject(transactional_db, settings):
    if connection.vendor == "postgresql":
        pytest.skip("the floor speaks SQLite and MariaDB")
    for name, value in OVERRIDES.items():
        setattr(settings, name, value)
    made = build("small")
    yield made
    made.floor.store.close()


def bodies(subject, name) -> tuple[bytes, bytes]:
    ask = subject.asks[name]
    ours = subject.call(subject.app, subject.environ(ask))
    floor = subject.call(subject.floor, subject.environ(ask))
    assert ours[0] == floor[0]
    assert ours[0][:2] == "20"
    return ours[1], floor[1]


@pytest.mark.parametrize("name", READS)
def test_the_floor_answers_a_read_with_the_same_bytes(subject, name):
    ours, floor = bodies(subject, name)

    assert json.loads(floor) == json.loads(ours)
    assert len(ours) == len(floor)


def test_the_floor_writes_with_the_same_answer(subject):
    for name in ("booking", "pay", "login", "refresh"):
        ours, floor = bodies(subject, name)

        def plain(body):
            return json.loads(NEW.sub(r'"\1":0', body.decode()))

        assert plain(floor) == plain(ours), name


def test_the_floor_writes_the_same_rows(subject):
    def counts():
        tables = ("commerce_order", "commerce_orderitem", "counseling_appointment",
                  "commerce_payment", "accounts_statuschange", "accounts_loginsession",
                  "accounts_refreshtoken", "accounts_loginlog")  # fmt: skip
        with connection.cursor() as cursor:
            found = []
            for table in tables:
                cursor.execute(f"SELECT COUNT(*) FROM {table}")
                found.append(cursor.fetchone()[0])
            return found

    written = []
    for side in (subject.app, subject.floor):
        before = counts()
        for name in ("booking", "pay", "login", "refresh"):
            subject.call(side, subject.environ(subject.asks[name]))
        written.append([now - then for now, then in zip(counts(), before, strict=True)])

    assert written[0] == written[1] == [1, 1, 1, 1, 0, 2, 3, 1]


def test_Q1_statements_do_not_grow_with_the_page(subject):
    assert bench.grows_with_the_page(subject) == []


@pytest.mark.parametrize("name", [*READS, "booking", "pay", "login", "refresh"])
def test_Q1_a_request_asks_no_more_than_its_goal(subject, name):
    for _ in range(6 if name == "pay" else 0):  # something to pay
        subject.call(subject.app, subject.environ(subject.asks["booking"]))

    statements, _ = bench.database_work(subject, subject.asks[name])

    assert statements <= bench.STATEMENTS[name]


def test_a_missed_goal_is_reported(monkeypatch):
    monkeypatch.setattr(bench, "goals", lambda: bench.RATIO)
    row = bench.Row("booking", us=900, floor_us=100, ratio=9.0, statements=20, db_us=1)

    assert bench.breaches([row], ["counselors: {10: 3, 100: 93}"]) == [
        "Q1 counselors: {10: 3, 100: 93}",
        "W1 booking: 9.0 times the floor, goal 3.5",
        "Q1 booking: 20 statements, goal 8",
    ]
