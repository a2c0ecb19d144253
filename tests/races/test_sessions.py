"""Refresh tokens, logins and first registrations under fire (invariants J-2, J-4, J-8)."""

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import BadCredentials, SessionEnded
from accounts.models import LoginSession, RefreshToken, User, WeChatIdentity
from accounts.services import passwords, registration, sessions
from accounts.services.login import LoggedIn, by_wechat
from accounts.services.sessions import Device, TokenPair, open_session, refresh
from accounts.wechat import WeChatPerson
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import meeting, together
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = pytest.mark.parametrize("turn", range(4))
HERE = Device(ip_address="127.0.0.1")


def log_in(user) -> TokenPair:
    return open_session(user, method="test", device=HERE)


def kinds(outcomes) -> dict[str, int]:
    names = [type(outcome).__name__ for outcome in outcomes]
    return {name: names.count(name) for name in sorted(set(names))}


def test_J2_forty_refreshes_of_one_token_make_one_successor():
    tokens = size(100)
    for _ in range(tokens):
        RefreshToken.objects.all().delete()
        first = log_in(UserFactory())

        outcomes = together(40, lambda i, raw=first.refresh: refresh(raw))

        assert kinds(outcomes) == {"TokenPair": 40}
        assert len(set(outcomes)) == 1  # all the very same pair
        assert RefreshToken.objects.count() == 2
        assert RefreshToken.objects.filter(consumed_at=None).count() == 1
    figure("J-2", f"{tokens} tokens, 40 refreshes of each at once: 1 successor each")


def test_J2_without_the_condition_one_token_breeds(monkeypatch):
    """The negative control: read, decide, write, as the library does it."""
    all_have_read = meeting(20)

    def naive(claims, device):
        token = RefreshToken.objects.select_related("session__user").get(jti=claims["jti"])
        all_have_read()
        if token.consumed_at is not None:
            raise SessionEnded
        RefreshToken.objects.filter(pk=token.pk).update(consumed_at=timezone.now())
        return sessions._pair(
            token.session.user, token.session, sessions._new_refresh(token.session, timezone.now())
        )

    monkeypatch.setattr(sessions, "_exchange", naive)
    first = log_in(UserFactory())
    outcomes = together(20, lambda i: refresh(first.refresh))
    assert len({o for o in outcomes if isinstance(o, TokenPair)}) > 1


def test_J2_the_winner_is_decided_by_one_conditional_update():
    first = log_in(UserFactory())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        refresh(first.refresh)
    updates = [q["sql"] for q in queries if q["sql"].startswith("UPDATE")]
    assert "consumed_at" in updates[0]
    assert "IS NULL" in updates[0]


@ROUNDS
def test_refreshing_against_logging_out_leaves_nobody_in(turn):
    user = UserFactory()
    first = log_in(user)
    jobs = [lambda: refresh(first.refresh), lambda: sessions.revoke_all(user.pk, reason="logout")]

    outcomes = together(8, lambda i: jobs[i % 2]())

    assert not [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, SessionEnded)]
    assert LoginSession.objects.filter(revoked_at=None).count() == 0
    for pair in [o for o in outcomes if isinstance(o, TokenPair)] + [first]:
        with pytest.raises(SessionEnded):
            refresh(pair.refresh)


def old_password_logins(user, change) -> list:
    """Logins that were checked before, opened while the password changes."""
    stale = User.objects.get(pk=user.pk)
    return together(9, lambda i: change() if i == 0 else log_in(stale))


@ROUNDS
def test_J4_no_login_with_the_old_password_survives_its_change(turn):
    user = UserFactory(password=PASSWORD)
    own = log_in(user)
    keep = LoginSession.objects.get().pk

    def change():
        passwords.change_password(user.pk, old=PASSWORD, new="brand-New-1", keep_session=keep)

    outcomes = old_password_logins(user, change)

    assert kinds(outcomes).keys() <= {"NoneType", "TokenPair", "BadCredentials"}
    assert [s.pk for s in LoginSession.objects.filter(revoked_at=None)] == [keep]
    assert refresh(own.refresh)


def test_J4_without_the_lock_a_login_survives(monkeypatch):
    """The negative control: a session opened by what was read before."""
    user = UserFactory(password=PASSWORD)
    log_in(user)
    keep = LoginSession.objects.get().pk
    stale = User.objects.get(pk=user.pk)
    passwords.change_password(user.pk, old=PASSWORD, new="brand-New-1", keep_session=keep)

    with pytest.raises(BadCredentials):
        log_in(stale)

    seen = {"status": stale.status, "password": stale.password, "is_staff": False}
    seen |= {"token_version": stale.token_version}
    monkeypatch.setattr(sessions._locked_user, "first", lambda user: seen, raising=False)
    log_in(stale)
    monkeypatch.undo()
    assert LoginSession.objects.filter(revoked_at=None).count() == 2


def test_J8_first_logins_of_one_person_make_one_account(sandbox):
    sandbox.reset()
    persona, times = sandbox.persona(), size(200)
    codes = [sandbox.login_code(persona["id"]) for _ in range(times)]

    outcomes = storm(times, lambda i: by_wechat(codes[i], device=HERE))

    entered = [outcome for outcome in outcomes if isinstance(outcome, LoggedIn)]
    assert len(entered) == min(times, 100)  # WeChat lets one person in 100 times a minute
    assert kinds(outcomes).keys() <= {"LoggedIn", "WeChatTooFrequent"}
    assert WeChatIdentity.objects.get().openid == persona["openid"]
    assert {o.user.pk for o in entered} == {User.objects.get().pk}
    assert LoginSession.objects.count() == len(entered)
    figure("J-8", f"{times} first logins of one person: 1 account")


def test_J8_without_the_unique_openid_one_person_becomes_many(monkeypatch):
    """The negative control: each register under an appid of their own, so nothing is unique."""
    person = WeChatPerson("oSame")
    known = WeChatIdentity.objects.filter(openid="oSame")
    all_have_looked = meeting(16)

    def naive(i):
        stranger = not known.exists()
        all_have_looked()
        if stranger:
            registration.register_by_wechat(f"{settings.WX_APPID}-{i}", person)

    together(16, naive)
    assert User.objects.count() == 16


@ROUNDS
def test_J8_one_code_many_times_is_one_session(turn, sandbox):
    sandbox.reset()
    code, times = sandbox.login_code(sandbox.persona()["id"]), max(size(100), 16)

    outcomes = storm(times, lambda i: by_wechat(code, device=HERE))

    assert kinds(outcomes) == {"LoggedIn": 1, "WeChatCodeInvalid": times - 1}
    assert LoginSession.objects.count() == 1
    if turn == 0:
        figure("J-8", f"one code {times} times: 1 session")


@ROUNDS
def test_one_username_goes_to_one_of_sixteen(turn):
    outcomes = together(
        16, lambda i: registration.create_user(username="Wanted", password="long-Enough-9")
    )
    assert kinds(outcomes) == {"User": 1, "UsernameTaken": 15}
