"""Queries compiled once give what querysets give."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models import Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import StatusChange, User
from config.prepared import Prepared, PreparedPages, PreparedUpdate, counted, insert, made, names_of
from content.models import DiseaseTag
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


def test_insert_writes_what_create_writes(db):
    made = insert(DiseaseTag(name="焦虑"))
    other = DiseaseTag.objects.create(name="抑郁")

    assert not made._state.adding
    stored = DiseaseTag.objects.get(pk=made.pk)
    assert (stored.name, stored.is_active, stored.sort_order) == ("焦虑", True, 0)
    assert stored.created_at <= DiseaseTag.objects.get(pk=other.pk).created_at
    with pytest.raises(IntegrityError):
        insert(DiseaseTag(name="焦虑"))


def test_insert_turns_what_is_of_another_type_into_what_the_column_holds(user):
    row = insert(StatusChange(model="x", object_pk="7", old=5, new="b", actor_id=str(user.pk)))

    stored = StatusChange.objects.get(pk=row.pk)
    assert (stored.object_pk, stored.old, stored.actor_id) == (7, "5", user.pk)


def test_a_made_row_is_the_stored_one(people):
    values = User.objects.values(*names_of(User)).get(pk=people[0].pk)

    row = made(User, values)
    row.nickname = "新名"
    row.save(update_fields=["nickname"])

    assert row == people[0]
    assert User.objects.get(pk=row.pk).nickname == "新名"
    assert made(User, {"id": row.pk}).username == people[0].username  # asked for when needed


def test_insert_takes_values_the_database_works_out_too(user):
    row = StatusChange(model="x", object_pk=1, old="a", new="b", actor=user)

    assert StatusChange.objects.get(pk=insert(row).pk).actor_id == user.pk


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
