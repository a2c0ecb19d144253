"""How often one person or address may ask in a minute: a courtesy limit, by kind of request."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from tests.factories.accounts import UserFactory
from tests.helpers import Api, refusal

NOON = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC)
HERE, THERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture(autouse=True)
def _three_a_minute(settings):
    settings.THROTTLE_RATES = {"read": 3, "write": 2, "login": 1}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def reads(api, times: int) -> list[int]:
    return [api.get("/users/profile").status_code for _ in range(times)]


def test_a_person_has_so_many_reads_a_minute_and_hears_when_to_come_back(api):
    assert reads(api, 3) == [200] * 3

    answer = api.get("/users/profile")

    assert refusal(answer) == (429, 10429)
    assert answer["Retry-After"] == "50"
    assert answer.json()["message"] == "请求过于频繁，请稍后再试"


def test_the_next_minute_begins_anew(api, clock):
    assert reads(api, 4) == [200] * 3 + [429]
    clock.move_to(NOON + timedelta(seconds=49))
    assert reads(api, 1) == [429]
    clock.move_to(NOON + timedelta(seconds=50))
    assert reads(api, 4) == [200] * 3 + [429]


def test_somebody_else_at_the_same_address_is_not_held_up(api):
    assert reads(api, 4)[-1] == 429
    assert reads(Api(UserFactory()), 3) == [200] * 3


def test_another_login_of_the_same_person_shares_the_limit(api):
    assert reads(api, 3) == [200] * 3
    assert reads(Api(api.user), 1) == [429]


def test_writes_count_apart_from_reads(api):
    def write():
        return api.put("/users/profile", {"nickname": "新"}).status_code

    assert reads(api, 4)[-1] == 429
    assert [write() for _ in range(3)] == [200, 200, 429]
    api.user.refresh_from_db()
    assert api.user.nickname == "新"


def test_a_refused_write_writes_nothing(api):
    for name in ("一", "二", "三"):
        answer = api.put("/users/profile", {"nickname": name})

    assert refusal(answer) == (429, 10429)
    api.user.refresh_from_db()
    assert api.user.nickname == "二"


def test_visitors_are_counted_by_address_whatever_they_say_it_is(db):
    def ask(address, **headers):
        return Client(REMOTE_ADDR=address).get("/api/v1/category", headers=headers).status_code

    spoofed = [ask(HERE, X_Forwarded_For=f"192.0.2.{n}") for n in range(4)]

    assert spoofed == [200] * 3 + [429]
    assert ask(THERE) == 200


def test_logging_in_has_a_limit_of_its_own(db):
    def log_in(address=HERE):
        body = {"account": "nobody", "password": "wrong"}
        page = Client(REMOTE_ADDR=address)
        return refusal(page.post("/api/v1/login", body, content_type="application/json"))

    assert [log_in(), log_in()] == [(401, 11001), (429, 10429)]
    assert log_in(THERE) == (401, 11001)


def test_a_cache_that_forgot_lets_everybody_in(api):
    """A courtesy: what guards accounts and money counts in tables."""
    assert reads(api, 4)[-1] == 429
    cache.clear()
    assert reads(api, 3) == [200] * 3
