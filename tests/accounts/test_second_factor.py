"""The second factor of staff at the API (invariants J-11, J-5)."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import LoginLog, LoginSession, Notification, User
from accounts.services import second_factor
from accounts.services.login import by_password
from accounts.services.login_log import Device
from accounts.services.parameters import change_parameters, forget_parameters
from accounts.services.phone_codes import request_code
from accounts.services.roles import assign_role
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.second_factor import SECRET, app_code, enrolled, wrong_code
from tests.helpers import Api, data, refusal

# In the middle of a step, so that a test and the server agree on which one it is.
NOW = "2026-11-21T03:00:15Z"


@pytest.fixture(autouse=True)
def _middle_of_a_step():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def carol(staff):
    return staff("finance", username="carol", phone="13800138009")


def by_password_from(device, password, otp=""):
    return by_password("carol", password, device=device, otp=otp)


def login(otp=None, password=PASSWORD, **headers):
    body = {"account": "carol", "password": password}
    return Api().post("/login", body if otp is None else body | {"otp": otp}, **headers)


def test_J11_without_the_code_the_password_opens_nothing(carol):
    enrolled(carol)

    response = login()

    assert refusal(response) == (401, 11120)
    assert response.json()["data"] == {"next": "otp"}
    assert LoginSession.objects.exists() is False


def test_J11_with_the_code_it_does_and_the_same_code_never_again(carol):
    enrolled(carol)
    code = app_code()

    token = data(login(code))["token"]
    again = login(code)

    assert data(Api().get("/users/profile", Authorization=f"Bearer {token}"))["id"] == carol.pk
    assert refusal(again) == (401, 11121)
    assert LoginSession.objects.count() == 1
    rows = LoginLog.objects.order_by("pk").values_list("succeeded", "reason")
    assert list(rows) == [(True, ""), (False, "两步验证的验证码错误或已使用")]


def test_J11_an_older_code_is_refused_after_a_newer_one(carol):
    enrolled(carol)

    assert login(app_code(1)).status_code == 200
    assert refusal(login(app_code(0))) == (401, 11121)
    assert refusal(login(app_code(-1))) == (401, 11121)


@pytest.mark.parametrize("ahead", [-2, 2])
def test_a_code_of_another_time_is_refused(carol, ahead):
    enrolled(carol)
    assert refusal(login(app_code(ahead))) == (401, 11121)


def test_a_wrong_password_says_nothing_about_the_code_and_leaves_it_unused(carol):
    enrolled(carol)

    assert refusal(login(app_code(), password="wrong")) == (401, 11001)

    assert login(app_code()).status_code == 200


def test_five_wrong_codes_and_then_not_even_the_right_one_for_a_quarter_of_an_hour(carol):
    enrolled(carol)
    for _ in range(5):
        assert refusal(login(wrong_code())) == (401, 11121)

    refused = login(app_code())

    assert refusal(refused) == (429, 11122)
    assert 0 < int(refused.headers["Retry-After"]) <= 901
    with time_machine.travel(timezone.now() + timedelta(minutes=15, seconds=1), tick=False):
        assert login(app_code()).status_code == 200


def test_a_right_code_forgives_the_wrong_ones_before(carol):
    enrolled(carol)
    for _ in range(4):
        login(wrong_code())
    assert login(app_code()).status_code == 200

    with time_machine.travel(timezone.now() + timedelta(seconds=60), tick=False):
        assert refusal(login(wrong_code())) == (401, 11121)
        assert login(app_code()).status_code == 200


def test_a_recovery_code_works_once_in_any_spelling_and_its_owner_hears_of_it(carol):
    codes = enrolled(carol)

    assert login(codes[0].lower().replace("-", " ")).status_code == 200
    assert refusal(login(codes[0])) == (401, 11121)

    assert second_factor.recovery_codes_left(carol) == 9
    note = Notification.objects.get(channel="in_app")
    assert (note.template, note.context["left"]) == ("recovery_code_used", 9)


def test_nobody_elses_recovery_code_works(carol, staff):
    theirs = enrolled(staff("admin"))
    enrolled(carol)
    assert refusal(login(theirs[0])) == (401, 11121)


def test_neither_secret_nor_recovery_codes_lie_in_the_database(carol):
    codes = enrolled(carol)
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_secondfactor")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT digest FROM accounts_recoverycode")
        digests = {row[0] for row in cursor.fetchall()}

    assert stored.startswith("test:")
    assert SECRET not in stored
    assert {len(digest) for digest in digests} == {64}
    assert digests.isdisjoint(codes)


def test_J5_guesses_from_everywhere_do_not_keep_the_owner_out_who_has_the_code(carol):
    """200 strangers use up every guess; the owner comes from a new address with both factors."""
    enrolled(carol)
    for number in range(25):
        with_address = Device(ip_address=f"198.51.100.{number}")
        with pytest.raises(Exception, match="错误"):
            by_password_from(with_address, "wrong")
    new = Device(ip_address="192.0.2.1")

    with pytest.raises(Exception, match="次数过多"):
        by_password_from(new, PASSWORD)
    with pytest.raises(Exception, match="次数过多"):
        by_password_from(new, PASSWORD, wrong_code())
    assert by_password_from(new, PASSWORD, app_code()).user == carol


def test_J5_the_owner_behind_the_guessers_address_gets_in_too(carol):
    enrolled(carol)
    for _ in range(6):
        login(password="wrong")

    assert refusal(login()) == (429, 11040)
    assert refusal(login(app_code(), password="wrong")) == (401, 11001)  # evaluated, and spent
    assert refusal(login(app_code())) == (429, 11040)
    assert login(app_code(1)).status_code == 200


def test_J5_wrong_codes_buy_no_more_than_five_tries_more(carol):
    enrolled(carol)
    for _ in range(5):
        login(password="wrong")

    for _ in range(8):
        assert refusal(login(wrong_code())) == (429, 11040)
    assert refusal(login(app_code())) == (429, 11040)


def test_who_is_no_staff_is_never_asked(db):
    user = UserFactory(username="carol", password=PASSWORD)
    enrolled(user)
    assert login().status_code == 200


def test_staff_without_one_log_in_until_the_parameter_asks_for_it(carol):
    assert login().status_code == 200
    change_parameters({"STAFF_TOTP_REQUIRED": True}, actor=None)
    forget_parameters()

    assert refusal(login()) == (403, 11123)
    assert LoginSession.objects.count() == 1


def test_every_other_way_in_asks_too(sandbox, db):
    """By WeChat, by its number and by SMS code the token would be the same."""
    sandbox.reset()
    sandbox.persona(id="carol", phone="13800138009")
    by_wechat = lambda otp="": Api().post(  # noqa: E731
        "/login/wx", {"code": sandbox.login_code("carol"), "otp": otp}
    )
    user = User.objects.get(pk=data(by_wechat())["user"]["id"])
    user.phone = "13800138009"
    user.save(update_fields=["phone"])
    assign_role(user.pk, "finance", actor=None)
    enrolled(user)
    LoginSession.objects.all().delete()

    request_code("13800138009", "login", ip_address="127.0.0.1")
    code = sandbox.last_sms("13800138009", purpose="login")["params"]["code"]
    by_sms = Api().post("/login/phone", {"phone": "13800138009", "code": code})
    numbers = {
        "code": sandbox.login_code("carol"), "phone_code": sandbox.phone_code("carol"),
    }  # fmt: skip
    by_number = Api().post("/login/wx-phone", numbers)

    assert [refusal(answer) for answer in (by_wechat(), by_sms, by_number)] == [(401, 11120)] * 3
    assert LoginSession.objects.exists() is False
    assert by_wechat(app_code()).status_code == 200
