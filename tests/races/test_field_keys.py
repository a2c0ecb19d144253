"""Keys change while everybody reads and writes (invariants P-3)."""

import base64
from threading import Event

import pytest
from django.db import connection

from accounts.fields import EncryptedTextField
from accounts.models import User
from accounts.services import field_keys
from accounts.services.field_keys import rotate_column, under_other_keys
from config.sealing import Unreadable
from tests.factories.accounts import UserFactory
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
READERS, WRITERS, PEOPLE = 4, 4, 80
FIELD = User._meta.get_field("phone")


@pytest.fixture
def people(settings):
    """Sealed by the key that goes; the new one stands in front of it now."""
    made = [UserFactory(phone=f"1380000{number:04}") for number in range(PEOPLE)]
    new = f"new:{base64.b64encode(b'n' * 32).decode()}"
    settings.FIELD_KEYS = [new, settings.FIELD_KEYS[0]]
    return made


def rotate_under_load(people) -> tuple[int, list[str]]:
    """(failed reads, lost writes) of four who read and four who write while keys change."""
    over, failed, expected = Event(), [], {}

    def rotate():
        try:
            rotate_column(User, FIELD)
        finally:
            over.set()

    def read():
        rounds = 0
        while not over.is_set() or not rounds:
            rounds += 1
            for person in people[::4]:
                found = User.objects.values_list("phone", flat=True).get(pk=person.pk)
                if isinstance(found, Unreadable) or User.objects.by_phone(found) is None:
                    now = User.objects.get(pk=person.pk)
                    if isinstance(found, Unreadable) or now.phone == found:
                        failed.append(found)
                    connection.close_if_unusable_or_obsolete()

    def write(part):
        for turn in range(3):
            for person in people[part::WRITERS]:
                if person.pk % 2:
                    person.phone = f"139{turn}{person.pk % 10**7:07}"
                    person.save(update_fields=["phone"])
                    expected[person.pk] = person.phone

    steps = [rotate, *[read] * READERS, *[lambda p=p: write(p) for p in range(WRITERS)]]
    outcomes = together(len(steps), lambda i: steps[i]())
    assert [outcome for outcome in outcomes if outcome is not None] == []
    kept = dict(User.objects.values_list("pk", "phone"))
    return len(failed), [pk for pk, phone in expected.items() if kept[pk] != phone]


@pytest.mark.parametrize("turn", range(3))
def test_P3_rotating_under_load_fails_no_read_and_loses_no_write(turn, people):
    assert rotate_under_load(people) == (0, [])
    assert under_other_keys(User, FIELD).count() == 0


def write_in_the_gap(people, monkeypatch) -> str:
    """The number of a person who changes it just after the rotation has read the row."""
    unsealed = EncryptedTextField.unsealed

    def meanwhile(field, stored, bound):
        text = unsealed(field, stored, bound)
        if text == people[0].phone:
            person = User.objects.get(pk=people[0].pk)
            person.phone = "13700137000"
            person.save(update_fields=["phone"])
        return text

    with monkeypatch.context() as patch:
        patch.setattr(EncryptedTextField, "unsealed", meanwhile)
        patch.setattr(EncryptedTextField, "from_db_value", reader(unsealed))
        rotate_column(User, FIELD)
    return User.objects.get(pk=people[0].pk).phone


def reader(unsealed):
    """from_db_value() that does not go through what is patched."""
    return lambda field, value, *rest: value and unsealed(field, *reversed(value.split("|")))


def test_P3_a_write_in_the_gap_stays(people, monkeypatch):
    assert write_in_the_gap(people, monkeypatch) == "13700137000"


def test_P3_without_the_condition_it_is_lost(people, monkeypatch):
    """The negative control: the row is rewritten whatever it has by now."""

    def careless(model, field, row, read):
        text = read(field, row.text, row.bound)
        sealed = field.sealed(text, row.bound)
        return bool(model.objects.filter(pk=row.pk).update(**{field.name: sealed}))

    monkeypatch.setattr(field_keys, "rewrite_one", careless)

    assert write_in_the_gap(people, monkeypatch) == people[0].phone
