from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.models import LoginLog, LoginSession, StatusChange, User
from config.rows import insert, made, names_of, new
from content.models import DiseaseTag
from tests.architecture.sources import OURS
from tests.factories.accounts import UserFactory

MODELS = [model for config in OURS for model in config.get_models()]


@pytest.fixture
def user(db):
    return UserFactory()


@pytest.fixture
def people(db):
    return UserFactory.create_batch(3)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_a_new_row_is_what_the_model_makes(model):
    """But for what each row gets of its own: a key, a moment."""
    ours, theirs = new(model).__dict__, model().__dict__

    own = {f.attname for f in model._meta.concrete_fields if f.default in _OF_ITS_OWN}
    assert ours.keys() == theirs.keys()
    assert {name for name in ours if ours[name] != theirs[name]} <= own | {"_state"}
    assert {name: type(value) for name, value in ours.items()} == {
        name: type(value) for name, value in theirs.items()
    }


_OF_ITS_OWN = {
    field.default
    for model in MODELS
    for field in model._meta.concrete_fields
    if callable(field.default) and field.default() != field.default()
}


def test_a_new_row_knows_the_rows_it_was_given(user):
    row = new(StatusChange, model="x", object_pk=1, old="a", new="b", actor=user)

    assert (row.actor_id, row.actor is user, row._state.adding) == (user.pk, True, True)
    assert new(LoginLog, user=None).user_id is None


def test_a_new_row_refuses_what_its_model_has_not():
    with pytest.raises(TypeError):
        new(DiseaseTag, title="焦虑")


def test_each_new_row_has_lists_and_keys_of_its_own():
    one, other = new(User, username="a"), new(User, username="b")

    assert one.row_key != other.row_key
    assert "created_at" in one.__dict__


def test_moments_are_stored_as_they_are_given(user):
    now = timezone.now()
    given = {"last_seen_at": now, "expires_at": now + timedelta(days=1)}
    row = insert(new(LoginSession, sid="s" * 43, user=user, method="wechat", **given))

    stored = LoginSession.objects.get(pk=row.pk)
    assert (stored.expires_at, stored.revoked_at) == (given["expires_at"], None)
    assert stored.created_at >= now


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
