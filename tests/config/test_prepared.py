"""Queries compiled once give what querysets give."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from config.prepared import Prepared, PreparedPages, PreparedUpdate, counted
from tests.factories.accounts import UserFactory

COLUMNS = ("pk", "username", "created_at", "birthday", "is_staff")
_by_name = Prepared(lambda name: User.objects.filter(username=name).values(*COLUMNS))
_among = Prepared(lambda ids: User.objects.filter(pk__in=ids).order_by("pk").values("pk"))
_since = Prepared(lambda since: User.objects.filter(created_at__gte=since).values("pk"))
_all = Prepared(lambda: User.objects.order_by("-pk").values("pk"))
_total = Prepared(lambda: counted(User.objects.all()))
_rename = PreparedUpdate(
    lambda user, name: (User.objects.filter(pk=user), {"nickname": name, "birthday": None})
)


@pytest.fixture
def people(db):
    return [UserFactory(birthday="1998-05-20") for _ in range(5)]


def test_rows_are_what_values_gives(people):
    name = people[2].username

    for _ in range(2):  # compiled, then remembered
        assert _by_name(name=name) == list(User.objects.filter(username=name).values(*COLUMNS))
    assert _by_name.first(name="nobody") is None


def test_every_call_has_its_own_values(people):
    assert [_by_name.first(name=one.username)["pk"] for one in people] == [p.pk for p in people]


def test_a_list_of_ids_may_have_any_length(people):
    ids = [one.pk for one in people]

    for length in (1, 2, 5):
        assert [row["pk"] for row in _among(ids=tuple(ids[:length]))] == ids[:length]


def test_times_are_compared_as_the_database_keeps_them(people):
    now = timezone.now()

    assert len(_since(since=now - timedelta(hours=1))) == 5
    assert _since(since=now + timedelta(hours=1)) == []


def test_pages_and_totals(people):
    pages = PreparedPages(_all, _total)

    assert pages.count() == 5
    assert [row["pk"] for row in pages[1:3]] == [people[3].pk, people[2].pk]
    assert pages[5:10] == []


def test_text_that_looks_like_sql_stays_text(people):
    assert _by_name(name="x' OR '1'='1") == []
    assert _by_name(name="100%s") == []


def test_an_update_says_how_many(people):
    assert _rename(user=people[0].pk, name="新名") == 1
    assert _rename(user=0, name="新名") == 0
    people[0].refresh_from_db()
    assert (people[0].nickname, people[0].birthday) == ("新名", None)
    assert User.objects.filter(nickname="新名").count() == 1


def test_a_query_is_compiled_once(people, monkeypatch):
    calls = []

    def build(name):
        calls.append(name)
        return User.objects.filter(username=name).annotate(one=Value(1)).values("pk", "one")

    prepared = Prepared(build)
    with CaptureQueriesContext(connection) as queries:
        for one in people:
            assert prepared.first(name=one.username) == {"pk": one.pk, "one": 1}

    assert len(calls) == 1
    assert len(queries) == 5
