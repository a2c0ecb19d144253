"""Parallel guesses are counted exactly (invariants J-5)."""

from collections import Counter
from datetime import timedelta

import pytest

from accounts.errors import TooManyAttempts
from accounts.models import LoginGuard, User
from accounts.services import lockout
from accounts.services.login import by_password
from accounts.services.sessions import Device
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, meeting, together
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
HERE = Device(ip_address="203.0.113.7")


def guess(password, device=HERE):
    try:
        by_password("alice", password, device=device)
    except Exception as error:
        return type(error).__name__
    return "in"


@pytest.mark.parametrize("turn", range(3))
def test_J5_of_many_parallel_guesses_five_are_evaluated(turn, monkeypatch):
    UserFactory(username="alice", password=PASSWORD)
    seen = []
    check = User.check_password
    monkeypatch.setattr(
        User, "check_password", lambda user, raw: seen.append(raw) or check(user, raw)
    )

    guesses = size(1000)
    outcomes = storm(guesses, lambda i: guess(f"wrong-{i}"))

    assert len(seen) == 5
    assert sorted(set(outcomes)) == ["BadCredentials", "TooManyAttempts"]
    assert outcomes.count("BadCredentials") == 5
    assert guess(PASSWORD) == "TooManyAttempts"
    if turn == 0:
        figure("J-5", f"{guesses} guesses from one address: 5 evaluated")


def test_J5_a_spoofed_address_is_no_other_address(monkeypatch):
    """Nobody in between is trusted here, so X-Forwarded-For is only somebody's word."""
    UserFactory(username="alice", password=PASSWORD)
    times = size(200)

    def ask(i):
        body = {"account": "alice", "password": f"wrong-{i}"}
        forwarded = f"198.51.{i // 200}.{i % 200}"
        return Api().post("/login", body, X_Forwarded_For=forwarded).status_code

    outcomes = storm(times, ask)

    assert Counter(outcomes) == {401: 5, 429: times - 5}
    figure("J-5", f"{times} guesses under {times} spoofed addresses: 5 evaluated")


def test_J5_sixty_parallel_strangers_get_twenty_guesses():
    UserFactory(username="alice", password=PASSWORD)

    outcomes = together(60, lambda i: guess("wrong", Device(ip_address=f"198.51.100.{i}")))

    assert outcomes.count("BadCredentials") == lockout.PER_ACCOUNT_FROM_STRANGERS
    assert outcomes.count("TooManyAttempts") == 40


def test_J5_without_the_condition_more_are_evaluated(monkeypatch):
    """The negative control: read, decide, write."""
    UserFactory(username="alice", password=PASSWORD)
    all_have_looked = meeting(20)

    def naive(limits, user):
        for key, limit in limits.items():
            row, _ = LoginGuard.objects.get_or_create(
                key=key, defaults={"last_at": "2026-01-01T00:00Z"}
            )
            all_have_looked()
            if row.failures >= limit:
                raise TooManyAttempts(retry_after=1)
            LoginGuard.objects.filter(pk=row.pk).update(failures=row.failures + 1)
        return lockout.Attempt(next(iter(limits)))

    monkeypatch.setattr(lockout, "_begin", naive)
    outcomes = together(20, lambda i: guess(f"wrong-{i}"))
    assert outcomes.count("BadCredentials") > 5


@pytest.fixture
def five_at_a_time(monkeypatch):
    """Nobody's password is compared before five are being compared: all places are taken."""
    all_places = meeting(lockout.PER_ACCOUNT_AND_ADDRESS)
    check = User.check_password

    def check_together(user, raw):
        all_places()
        return check(user, raw)

    monkeypatch.setattr(User, "check_password", check_together)


def test_J5_right_passwords_are_never_refused_however_many_come_at_once(five_at_a_time):
    UserFactory(username="alice", password=PASSWORD)

    outcomes = together(20, lambda i: guess(PASSWORD))

    assert outcomes == ["in"] * 20
    assert set(LoginGuard.objects.values_list("failures", "checking")) == {(0, 0)}
    figure("J-5", "20 right passwords at once, five compared at a time: 20 in")


def test_J5_without_waiting_right_passwords_are_refused(five_at_a_time, monkeypatch):
    """The negative control."""
    monkeypatch.setattr(lockout, "PATIENCE", timedelta(0))
    UserFactory(username="alice", password=PASSWORD)

    outcomes = together(6, lambda i: guess(PASSWORD))

    assert outcomes.count("TooManyAttempts") == 1


def test_J5_right_and_wrong_ones_together_are_each_what_they_are(five_at_a_time):
    """Four wrong ones leave one place, which the right ones take one after the other."""
    UserFactory(username="alice", password=PASSWORD)

    outcomes = together(10, lambda i: guess(PASSWORD if i % 5 else f"wrong-{i}"))

    assert Counter(outcomes) == {"in": 8, "BadCredentials": 2}
    assert set(LoginGuard.objects.values_list("checking", flat=True)) == {0}


def test_parallel_right_passwords_leave_no_failures():
    UserFactory(username="alice", password=PASSWORD)

    outcomes = together(5, lambda i: guess(PASSWORD))

    assert outcomes == ["in"] * 5
    assert set(LoginGuard.objects.values_list("failures", flat=True)) == {0}
