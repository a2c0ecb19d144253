"""A third party's limit is exact, and a key ends once."""

import time

import pytest

from accounts.api_keys import MINUTE, KeyLogin
from accounts.models import ApiKey, Notification
from accounts.services.api_keys import create_key, revoke_key, warn_of_expiring
from config.errors import IllegalTransition
from tests.factories.accounts import UserFactory
from tests.helpers import meeting, together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def key():
    row, _ = create_key(
        UserFactory().pk, name="合作方", scopes=["slot:read"], days=10, actor=None, per_minute=10
    )
    return row


@pytest.fixture(autouse=True)
def _one_minute(monkeypatch):
    """The clock stands, so that no minute ends in between."""
    now = time.time() // MINUTE * MINUTE + 5
    monkeypatch.setattr("accounts.api_keys.time.time", lambda: now)


def login(row) -> KeyLogin:
    return KeyLogin(row.pk, row.prefix, frozenset(row.scopes), row.per_minute)


@pytest.mark.parametrize("turn", range(3))
def test_of_forty_parallel_requests_ten_have_a_place(turn, key):
    results = together(40, lambda i: login(key).take_place())

    assert sorted(results) == [False] * 30 + [True] * 10
    assert ApiKey.objects.get(pk=key.pk).used == 10


def test_without_the_condition_more_do(key):
    """The negative control: read, decide, write."""
    all_have_looked = meeting(20)

    def naive(i):
        used = ApiKey.objects.get(pk=key.pk).used
        all_have_looked()
        if used >= key.per_minute:
            return False
        ApiKey.objects.filter(pk=key.pk).update(used=used + 1)
        return True

    assert together(20, naive).count(True) == 20


def test_of_twenty_who_revoke_one_does(key):
    results = together(20, lambda i: revoke_key(key.pk, actor=None))

    refused = [result for result in results if isinstance(result, IllegalTransition)]
    assert len(refused) == 19
    assert Notification.objects.filter(template="api_key_revoked", channel="in_app").count() == 1


def test_of_eight_that_warn_one_does(key):
    results = together(8, lambda i: warn_of_expiring(now=key.created_at))

    assert sum(results) == 1
    assert Notification.objects.filter(template="api_key_expiring", channel="in_app").count() == 1
