"""Two steps into the back office, and everybody's own page of their second factor (J-11)."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import LoginLog, OperationLog, SecondFactor, User
from accounts.services import second_factor
from accounts.services.parameters import change_parameters, forget_parameters
from tests.architecture.routes import OFFICE, walk
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.second_factor import app_code, enrolled, wrong_code
from tests.helpers import confirm

ME = "/admin/second-factor/"
OPEN = {"login", "login_code", "logout"}


@pytest.fixture(autouse=True)
def _middle_of_a_step():
    with time_machine.travel("2026-11-21T03:00:15Z", tick=False):
        yield


@pytest.fixture
def carol(staff):
    return staff("super_admin", username="carol")


@pytest.fixture
def browser(db):
    return Client()


def password_step(browser, **more):
    body = {"username": "carol", "password": PASSWORD} | more
    return browser.post("/admin/login/?next=/admin/accounts/user/", body)


def code_step(browser, otp):
    return browser.post("/admin/login/code/", {"otp": otp})


def required(value=True):
    change_parameters({"STAFF_TOTP_REQUIRED": value}, actor=None)
    forget_parameters()


def words(response) -> str:
    return response.content.decode()


def test_the_password_leads_to_the_code_and_the_code_to_the_page_that_was_asked_for(carol, browser):
    enrolled(carol)

    first = password_step(browser)
    between = browser.session.session_key
    assert (first.status_code, first.url) == (302, "/admin/login/code/")
    second = code_step(browser, app_code())

    assert (second.status_code, second.url) == (302, "/admin/accounts/user/")
    assert browser.session.session_key != between
    assert "half_way" not in browser.session
    assert "confirmed" in browser.session  # a login is the first step-up
    assert browser.get("/admin/accounts/user/").status_code == 200
    log = LoginLog.objects.order_by("pk").values_list("method", "succeeded", "reason")
    assert list(log) == [
        ("back_office", False, "请输入两步验证的验证码"),
        ("back_office", True, ""),
    ]
    logged = OperationLog.objects.get(operation="back_office:login_code")
    assert (logged.admin, logged.status, logged.request_params) == (
        carol,
        "success",
        {"otp": "***"},
    )


def test_the_session_key_of_before_the_password_is_worth_nothing(carol, browser):
    enrolled(carol)
    browser.get("/admin/login/")
    session = browser.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    browser.cookies["banxin_office"] = planted

    password_step(browser)

    assert browser.session.session_key != planted
    assert "planted" not in browser.session


def test_J11_nothing_opens_between_the_two_steps(carol, browser):
    enrolled(carol)
    password_step(browser)
    routes = [route for route in walk() if route.kind == OFFICE and route.name not in OPEN]
    pages = [re.sub(r"<[^>]*>", "1", route.path) for route in routes]
    assert {ME, "/admin/", "/admin/accounts/user/", "/admin/accounts/user/1/delete/"} < set(pages)
    assert len(pages) > 100

    for path in pages:
        for response in (browser.get(path), browser.post(path, {"action": "disable"})):
            assert response.status_code == 302, path
            assert response.url.startswith("/admin/login/?next="), path
    assert User.objects.get(pk=carol.pk).last_login is None


def test_a_wrong_code_says_so_and_leaves_one_half_way(carol, browser):
    enrolled(carol)
    password_step(browser)

    refused = code_step(browser, wrong_code())

    assert refused.status_code == 200
    assert "两步验证的验证码错误或已使用" in words(refused)
    assert browser.get("/admin/").status_code == 302
    assert code_step(browser, app_code()).status_code == 302


def test_J11_the_same_code_lets_nobody_in_a_second_time(carol, browser):
    enrolled(carol)
    password_step(browser)
    code = app_code()
    code_step(browser, code)
    other = Client()
    password_step(other)

    assert code_step(other, code).status_code == 200
    assert other.get("/admin/").status_code == 302


def test_after_five_wrong_codes_the_page_answers_429(carol, browser):
    enrolled(carol)
    password_step(browser)
    for _ in range(5):
        assert code_step(browser, wrong_code()).status_code == 200

    refused = code_step(browser, app_code())

    assert refused.status_code == 429
    assert int(refused["Retry-After"]) > 0
    assert browser.get("/admin/").status_code == 302


def test_half_way_lasts_five_minutes_and_ends_with_a_new_password(carol, browser):
    enrolled(carol)
    password_step(browser)
    with time_machine.travel(timezone.now() + timedelta(seconds=301), tick=False):
        assert code_step(browser, app_code()).url == "/admin/login/"

    password_step(browser)
    carol.set_password("another-long-password")
    carol.save(update_fields=["password"])
    assert code_step(browser, app_code()).url == "/admin/login/"
    assert browser.get("/admin/").status_code == 302


def test_the_second_page_alone_leads_to_the_first(browser):
    assert browser.get("/admin/login/code/").url == "/admin/login/"
    assert code_step(browser, "123456").url == "/admin/login/"


def test_a_recovery_code_opens_the_back_office_too(carol, browser):
    codes = enrolled(carol)
    password_step(browser)
    assert code_step(browser, codes[3]).status_code == 302
    assert "剩余 <strong>9</strong>" in words(browser.get(ME))


def test_J5_too_many_guesses_ask_for_the_code_at_once_and_let_the_owner_in(carol, browser):
    enrolled(carol)
    for _ in range(5):
        password_step(Client(), password="wrong")

    refused = password_step(browser)
    assert refused.status_code == 429
    assert 'name="otp"' in words(refused)
    assert password_step(browser, otp=app_code()).url == "/admin/accounts/user/"
    assert browser.get("/admin/").status_code == 200


def test_who_is_no_staff_is_logged_as_refused(browser):
    UserFactory(username="carol", password=PASSWORD)

    assert "没有进入后台的权限" in words(password_step(browser))

    row = LoginLog.objects.get()
    assert (row.succeeded, row.reason) == (False, "没有进入后台的权限")


# One's own page


def enrol(browser, user) -> list[str]:
    """The whole way through the pages; the recovery codes shown at its end."""
    assert browser.post(f"{ME}begin/", {"password": PASSWORD}).url == f"{ME}enrol/"
    secret = SecondFactor.objects.get(user=user).pending_secret
    page = words(browser.get(f"{ME}enrol/"))
    assert "data:image/svg+xml" in page
    assert secret in page.replace(" ", "")
    shown = browser.post(f"{ME}enrol/", {"otp": app_code(secret=secret)})
    assert shown.status_code == 200
    assert shown["Cache-Control"].count("no-store") == 1
    return re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", words(shown))


def test_enrolling_shows_ten_codes_once_and_keeps_this_browser_in(carol, browser):
    browser.force_login(carol)
    elsewhere = Client()
    elsewhere.force_login(carol)

    codes = enrol(browser, carol)

    assert len(set(codes)) == 10
    page = words(browser.get(ME))
    assert "恢复码剩余 <strong>10</strong> 个" in page
    assert codes[0] not in page
    assert elsewhere.get("/admin/").status_code == 302
    names = OperationLog.objects.order_by("pk").values_list("operation", "status")
    assert list(names) == [
        ("back_office:second_factor_begin", "success"),
        ("back_office:second_factor_enrol", "success"),
    ]
    assert codes[0] not in str(OperationLog.objects.values_list())


def test_a_wrong_password_begins_nothing(carol, browser):
    browser.force_login(carol)

    assert "原密码错误" in words(browser.post(f"{ME}begin/", {"password": "wrong"}))

    assert SecondFactor.objects.exists() is False
    assert browser.get(f"{ME}enrol/").url == ME


def test_new_recovery_codes_end_the_old_ones(carol, browser):
    browser.force_login(carol)
    old = enrolled(carol)

    page = words(browser.post(f"{ME}codes/", {"otp": app_code()}))

    fresh = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", page)
    assert len(fresh) == 10
    assert set(fresh).isdisjoint(old)
    assert second_factor._take(carol, old[0]) is False
    assert second_factor._take(carol, fresh[0]) is True


def test_removing_asks_for_both_and_says_so(carol, browser):
    browser.force_login(carol)
    enrolled(carol)

    refused = browser.post(f"{ME}remove/", {"password": PASSWORD, "otp": wrong_code()})
    assert "两步验证的验证码错误或已使用" in words(refused)
    done = browser.post(f"{ME}remove/", {"password": PASSWORD, "otp": app_code()}, follow=True)

    assert "两步验证已关闭" in words(done)
    assert SecondFactor.objects.exists() is False


def test_when_required_nothing_opens_before_it_is_set_up(carol, browser):
    required()
    password_step(browser)

    for path in ("/admin/", "/admin/accounts/user/", "/admin/password_change/", f"{ME}remove/"):
        assert browser.get(path).url == ME, path
    refused = browser.post("/admin/accounts/user/", {"action": "disable"})
    assert refused.url == ME
    assert OperationLog.objects.latest("pk").status == "failed"
    page = browser.get(ME)
    assert "工作人员必须开启两步验证" in words(page)

    enrol(browser, carol)

    assert browser.get("/admin/accounts/user/").status_code == 200


def test_a_super_admin_resets_somebody_elses_and_nobody_else_does(staff, browser):
    dave = staff("finance", username="dave")
    enrolled(dave)
    body = {"action": "reset_second_factor", "_selected_action": [dave.pk]}
    for role, gone in [("admin", False), ("super_admin", True)]:
        actor = staff(role)
        browser.force_login(actor)
        confirm(browser, actor)
        browser.post("/admin/accounts/user/", body)
        assert SecondFactor.objects.filter(user=dave).exists() is not gone

    done = OperationLog.objects.latest("pk")
    assert (done.operation, done.target_id) == ("user:reset_second_factor", str(dave.pk))
