"""MAX_DEVICES with everybody logging in at once: never one too many, never one too few."""

import pytest

from accounts.models import LoginSession, Notification
from accounts.services import sessions
from accounts.services.parameters import change_parameters
from accounts.services.sessions import Device, TokenPair, open_session, revoke_all
from tests.factories.accounts import UserFactory
from tests.helpers import meeting, together
from tests.races.figures import figure, size

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
LIMIT, LOGINS = 3, 16


@pytest.fixture(autouse=True)
def _limit(transactional_db):
    change_parameters({"MAX_DEVICES": LIMIT}, actor=None)


def log_in(user) -> TokenPair:
    return open_session(user, method="test", device=Device())


def live(user) -> list[int]:
    rows = LoginSession.objects.visible_to(user).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def test_of_sixteen_logins_at_once_three_stay_and_each_ended_one_is_told_of():
    people = size(100)
    for _ in range(people):
        user = UserFactory()

        outcomes = together(LOGINS, lambda i, user=user: log_in(user))

        assert {type(outcome) for outcome in outcomes} == {TokenPair}
        assert len(live(user)) == LIMIT
        ended = LoginSession.objects.filter(user=user, revoked_reason="limit")
        told = Notification.objects.filter(
            user=user, template="device_limit_reached", channel="in_app"
        )
        assert ended.count() == told.count() == LOGINS - LIMIT
        assert max(ended.values_list("pk", flat=True)) < min(live(user))  # the oldest
    figure("J", f"{people} people, {LOGINS} logins of each at once: {LIMIT} devices each")


def test_logins_against_the_end_of_all_leave_no_more_than_the_limit():
    for _ in range(4):
        user = UserFactory()
        jobs = [lambda user=user: log_in(user), lambda user=user: revoke_all(user.pk, reason="x")]

        outcomes = together(8, lambda i, jobs=jobs: jobs[i % 2]())

        assert {type(outcome) for outcome in outcomes} == {TokenPair, int}
        assert len(live(user)) <= LIMIT


def test_without_the_lock_all_of_them_stay(monkeypatch):
    """The negative control: all look before one of them writes."""
    user, all_have_looked = UserFactory(), meeting(8)
    make_room = sessions._make_room

    def look_together(user, now):
        make_room(user, now)
        all_have_looked()

    class Unlocked:
        def first(self, *, user):
            columns = ("status", "password", "token_version", "is_staff")
            return sessions.User.objects.filter(pk=user).values(*columns).first()

    monkeypatch.setattr(sessions, "_make_room", look_together)
    monkeypatch.setattr(sessions, "_locked_user", Unlocked())

    together(8, lambda i: log_in(user))

    assert len(live(user)) == 8
