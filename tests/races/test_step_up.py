"""Guesses at a step-up are counted exactly, and what an old password proved counts no more."""

import pytest

from accounts.models import LoginSession, User
from accounts.services import step_up as service
from accounts.services.passwords import change_password
from accounts.services.sessions import revoke_all
from accounts.tokens import Login
from config.errors import StaleState
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
NEW = "chun-shui-chu-sheng-2026"


@pytest.fixture
def login():
    api = Api(UserFactory(username="alice", password=PASSWORD), stepped_up=False)
    session = LoginSession.objects.get(sid=api.sid)
    return Login(session.pk, session.sid)


def prove(login, proof=PASSWORD):
    user_id = User.objects.get(username="alice").pk
    try:
        service.step_up(user_id, login=login, kind="password", proof=proof)
    except Exception as error:
        return type(error).__name__
    return "confirmed"


def confirmed(login) -> bool:
    return LoginSession.objects.get(pk=login.session_id).stepped_up_at is not None


def in_the_gap(monkeypatch, deed):
    """Run deed() once the password was found right and before that is noted."""
    note = service._note

    def late(known, login):
        deed(known)
        note(known, login)

    monkeypatch.setattr(service, "_note", late)


def test_J5_of_sixty_parallel_guesses_five_are_evaluated(login, monkeypatch):
    seen, check = [], User.check_password
    monkeypatch.setattr(
        User, "check_password", lambda user, raw: seen.append(raw) or check(user, raw)
    )

    outcomes = together(60, lambda i: prove(login, f"wrong-{i}"))

    assert len(seen) == 5
    assert (outcomes.count("ProofInvalid"), outcomes.count("TooManyAttempts")) == (5, 55)
    assert prove(login) == "TooManyAttempts"
    assert not confirmed(login)


def test_a_password_that_changes_in_the_gap_makes_the_proof_worthless(login, monkeypatch):
    in_the_gap(
        monkeypatch,
        lambda user: change_password(user.pk, old=PASSWORD, new=NEW, keep_session=login.session_id),
    )

    assert prove(login) == StaleState.__name__
    assert not confirmed(login)


def test_a_login_that_ends_in_the_gap_is_not_confirmed(login, monkeypatch):
    in_the_gap(monkeypatch, lambda user: revoke_all(user.pk, reason="test"))

    assert prove(login) == "SessionEnded"
    assert not confirmed(login)


def test_without_the_look_under_the_lock_the_old_password_confirms(login, monkeypatch):
    """The negative control."""
    monkeypatch.setattr(
        service, "_note",
        lambda known, login: (
            change_password(known.pk, old=PASSWORD, new=NEW, keep_session=login.session_id),
            LoginSession.objects.filter(pk=login.session_id).update(stepped_up_at=known.created_at),
        ),
    )  # fmt: skip

    assert prove(login) == "confirmed"
    assert confirmed(login)
