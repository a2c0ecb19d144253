"""One code lets one in, whoever is quicker; guesses at it are counted exactly (J-11, J-5)."""

import pytest
import time_machine

from accounts import totp
from accounts.models import LoginSession, RecoveryCode, SecondFactor
from accounts.services import second_factor
from accounts.services.login import by_password
from accounts.services.login_log import Device
from tests.factories.accounts import PASSWORD, StaffFactory
from tests.factories.second_factor import app_code, enrolled
from tests.helpers import meeting, together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def log_in(otp):
    try:
        by_password("carol", PASSWORD, device=Device(ip_address="203.0.113.7"), otp=otp)
    except Exception as error:
        return type(error).__name__
    return "in"


@pytest.fixture(autouse=True)
def _beginning_of_a_step():
    """29 seconds in which the code stays the same."""
    with time_machine.travel("2026-11-21T03:00:01Z", tick=True):
        yield


@pytest.mark.parametrize("turn", range(3))
def test_J11_one_code_five_times_at_once_is_one_login(turn):
    carol = StaffFactory("finance", username="carol")
    enrolled(carol)
    code = app_code()

    outcomes = together(5, lambda i: log_in(code))

    assert sorted(outcomes) == ["OtpInvalid"] * 4 + ["in"]
    assert LoginSession.objects.filter(user=carol).count() == 1


def test_J11_without_the_condition_it_is_more(monkeypatch):
    """The negative control: read, compare, write."""
    enrolled(StaffFactory("finance", username="carol"))
    code = app_code()
    all_have_looked = meeting(5)

    def naive(user, otp):
        factor = SecondFactor.objects.get(user=user)
        step = totp.matching_step(factor.secret, otp)
        if step is None or step <= factor.last_step:
            return False
        all_have_looked()
        SecondFactor.objects.filter(pk=factor.pk).update(last_step=step)
        return True

    monkeypatch.setattr(second_factor, "_take_step", naive)
    outcomes = together(5, lambda i: log_in(code))
    assert outcomes.count("in") > 1


def test_one_recovery_code_at_once_is_one_login():
    codes = enrolled(StaffFactory("finance", username="carol"))

    outcomes = together(5, lambda i: log_in(codes[0]))

    assert sorted(outcomes) == ["OtpInvalid"] * 4 + ["in"]
    assert RecoveryCode.objects.exclude(used_at=None).count() == 1


def test_J5_of_forty_parallel_guesses_five_are_evaluated(monkeypatch):
    carol = StaffFactory("finance", username="carol")
    enrolled(carol)
    seen = []
    take = second_factor._take
    monkeypatch.setattr(
        second_factor, "_take", lambda user, otp: seen.append(otp) or take(user, otp)
    )

    outcomes = together(40, lambda i: second_factor.verify(carol, f"wrong-{i}"))

    assert len(seen) == 5
    names = [type(outcome).__name__ for outcome in outcomes]
    assert (names.count("OtpInvalid"), names.count("TooManyOtps")) == (5, 35)
