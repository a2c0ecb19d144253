"""Setting a second factor up, renewing it, taking it away; resetting somebody else's."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.errors import CannotChangeSelf, CannotManage, OtpInvalid, TooManyOtps
from accounts.models import LoginSession, Notification, RecoveryCode, SecondFactor
from accounts.services import second_factor
from accounts.services.sessions import Device, open_session
from tests.factories.accounts import PASSWORD
from tests.factories.second_factor import SECRET, app_code, enrolled, wrong_code
from tests.helpers import Api, data, refusal


@pytest.fixture(autouse=True)
def _middle_of_a_step():
    with time_machine.travel("2026-11-21T03:00:15Z", tick=False):
        yield


@pytest.fixture
def carol(staff):
    return staff("finance", username="carol", phone="13800138009")


def login(otp=""):
    return Api().post("/login", {"account": "carol", "password": PASSWORD, "otp": otp})


def begun(user) -> str:
    second_factor.begin_enrolment(user, password=PASSWORD)
    return SecondFactor.objects.get(user=user).pending_secret


def test_enrolling_ends_every_login_and_gives_ten_codes_once(carol):
    api = Api(carol)
    secret = begun(carol)
    assert second_factor.is_on(carol) is False
    assert login().status_code == 200  # not in force before a code proves it

    codes = second_factor.confirm_enrolment(carol, app_code(secret=secret))

    assert len(set(codes)) == 10
    assert RecoveryCode.objects.filter(user=carol, used_at=None).count() == 10
    assert api.get("/users/profile").status_code == 401
    assert refusal(login(app_code(secret=secret))) == (401, 11121)  # the first one was spent
    assert login(app_code(1, secret)).status_code == 200
    note = Notification.objects.filter(channel="in_app").get()
    assert note.template == "second_factor_on"


def test_a_wrong_first_code_enrols_nobody(carol):
    begun(carol)
    with pytest.raises(OtpInvalid):
        second_factor.confirm_enrolment(carol, "000000x")
    assert second_factor.is_on(carol) is False
    assert RecoveryCode.objects.exists() is False


def test_first_codes_are_limited_too(carol):
    secret = begun(carol)
    for _ in range(5):
        with pytest.raises(OtpInvalid):
            second_factor.confirm_enrolment(carol, "wrong!")
    with pytest.raises(TooManyOtps):
        second_factor.confirm_enrolment(carol, app_code(secret=secret))


def test_what_was_begun_half_an_hour_ago_is_over(carol):
    secret = begun(carol)
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=30), tick=False),
        pytest.raises(Exception, match="过期"),
    ):
        second_factor.confirm_enrolment(carol, app_code(secret=secret))


def test_renewing_takes_a_code_and_the_old_app_works_until_the_new_one_is_proven(carol):
    enrolled(carol)
    with pytest.raises(OtpInvalid):
        second_factor.begin_enrolment(carol, password=PASSWORD)

    second_factor.begin_enrolment(carol, otp=app_code())

    fresh = SecondFactor.objects.get(user=carol).pending_secret
    assert fresh != SECRET
    assert login(app_code(1)).status_code == 200
    second_factor.confirm_enrolment(carol, app_code(secret=fresh))
    assert refusal(login(app_code(2))) == (401, 11121)


def test_a_login_that_raced_the_enrolment_is_refused(carol):
    """The twin of a race: who was let by without a code before it was asked for opens nothing."""
    stale = type(carol).objects.get(pk=carol.pk)
    second_factor.confirm_enrolment(carol, app_code(secret=begun(carol)))

    with pytest.raises(Exception, match="登录已失效"):
        open_session(stale, method="password", device=Device())
    assert LoginSession.objects.exists() is False


def test_removing_takes_password_and_code(carol):
    enrolled(carol)
    for password, otp in [("wrong", app_code()), (PASSWORD, wrong_code())]:
        with pytest.raises(Exception, match="错误"):
            second_factor.remove(carol, password=password, otp=otp)
    assert second_factor.is_on(carol) is True

    second_factor.remove(carol, password=PASSWORD, otp=app_code())

    assert login().status_code == 200
    assert RecoveryCode.objects.exists() is False
    assert set(Notification.objects.values_list("template", flat=True)) == {"second_factor_off"}


def test_a_reset_is_another_super_admins_and_ends_every_login(carol, staff):
    enrolled(carol)
    boss = staff("super_admin")
    token = data(login(app_code()))["token"]

    second_factor.reset(carol.pk, actor=boss)

    assert second_factor.is_on(carol) is False
    assert Api().get("/users/profile", Authorization=f"Bearer {token}").status_code == 401
    assert set(Notification.objects.values_list("template", flat=True)) == {"second_factor_reset"}


def test_nobody_resets_their_own_nor_a_super_admins_from_below(carol, staff):
    boss = staff("super_admin")
    enrolled(boss)
    with pytest.raises(CannotChangeSelf):
        second_factor.reset(boss.pk, actor=boss)
    with pytest.raises(CannotManage):
        second_factor.reset(boss.pk, actor=carol)
    assert second_factor.is_on(boss) is True
    assert Notification.objects.exists() is False
