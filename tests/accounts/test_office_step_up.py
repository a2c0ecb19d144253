"""The back office asks for the password once more before what is sensitive (invariants J-5)."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import OperationLog, Organisation, Role, User
from accounts.services.passwords import change_password
from config.admin.step_up import FIELD
from tests.factories.accounts import PASSWORD, StaffFactory, UserFactory
from tests.helpers import Api, confirm

USERS, ROLE_ADD = "admin:accounts_user_changelist", "admin:accounts_role_add"
ASKS = "这是敏感操作，请再次输入登录密码"


@pytest.fixture
def boss(db):
    return StaffFactory("admin", username="boss", nickname="管理员")


@pytest.fixture
def bob(db):
    return UserFactory(nickname="鲍勃")


@pytest.fixture
def browser(boss):
    """Logged in six minutes ago."""
    client = Client()
    client.force_login(boss)
    confirm(client, boss, at=timezone.now() - timedelta(minutes=6))
    return client


def disable(client, bob, **more):
    body = {"action": "disable", "_selected_action": [bob.pk], "reason": "扰乱秩序"} | more
    return client.post(reverse(USERS), body)


def asked(response) -> bool:
    return ASKS in response.content.decode()


def state(bob) -> str:
    return User.objects.get(pk=bob.pk).status


def carried(response) -> list[tuple[str, str]]:
    return response.context["posted"]


def test_it_asks_and_goes_on_with_what_was_posted(browser, bob):
    page = disable(browser, bob)

    assert asked(page)
    assert "停用所选用户（1 条）" in page.content.decode()
    assert state(bob) == "active"
    assert carried(page) == [
        ("action", "disable"), ("_selected_action", str(bob.pk)), ("reason", "扰乱秩序"),
    ]  # fmt: skip

    done = browser.post(reverse(USERS), dict(carried(page)) | {FIELD: PASSWORD}, follow=True)

    assert [str(message) for message in done.context["messages"]] == ["已处理 1 条"]
    assert state(bob) == "disabled"


def test_for_five_minutes_it_does_not_ask_again(browser, bob):
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        confirm(browser, browser_user(browser), at=start)
        clock.move_to(start + timedelta(seconds=299))
        assert not asked(disable(browser, bob))
        assert state(bob) == "disabled"

        clock.move_to(start + timedelta(seconds=300))
        assert asked(disable(browser, UserFactory()))


def browser_user(browser) -> User:
    return User.objects.get(pk=browser.session["_auth_user_id"])


def test_logging_in_counts_as_the_first_time(boss, bob):
    client = Client()
    client.post(reverse("admin:login"), {"username": "boss", "password": PASSWORD})

    assert not asked(disable(client, bob))

    assert state(bob) == "disabled"


def test_a_refused_login_confirms_nothing(browser, bob):
    browser.post(reverse("admin:login"), {"username": "boss", "password": "wrong"})

    assert asked(disable(browser, bob))


def test_a_wrong_password_changes_nothing_and_keeps_what_was_typed(browser, bob):
    page = disable(browser, bob, **{FIELD: "wrong"})

    assert "密码错误，请重试" in page.content.decode()
    assert ("reason", "扰乱秩序") in carried(page)
    assert state(bob) == "active"
    assert asked(disable(browser, bob))


def test_the_sixth_wrong_password_is_not_looked_at(browser, bob):
    for _ in range(5):
        assert disable(browser, bob, **{FIELD: "wrong"}).status_code == 200

    answer = disable(browser, bob, **{FIELD: PASSWORD})

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 800
    assert "密码错误次数过多" in answer.content.decode()
    assert state(bob) == "active"


def test_guesses_here_and_at_the_api_count_together(browser, boss, bob):
    api = Api(boss, stepped_up=False)
    for _ in range(3):
        api.post("/step-up", {"password": "wrong"})
        disable(browser, bob, **{FIELD: "wrong"})

    assert disable(browser, bob, **{FIELD: PASSWORD}).status_code == 429


def test_another_action_in_front_does_not_hide_it(browser, bob):
    """Django runs one of several that are posted; which one is not for us to guess."""
    for actions, index in ((["enable", "disable"], 1), (["disable", "enable"], 0)):
        page = browser.post(
            reverse(USERS),
            {"action": actions, "index": index, "_selected_action": [bob.pk]},
        )
        assert asked(page)
        assert state(bob) == "active"


def test_what_is_not_sensitive_is_not_asked_for(browser, bob):
    User.objects.filter(pk=bob.pk).update(status="disabled")

    browser.post(reverse(USERS), {"action": "enable", "_selected_action": [bob.pk]})

    assert state(bob) == "active"


def test_a_form_is_not_lost(browser):
    form = {
        "code": "night", "name": "夜班", "description": "", "parent": "", "data_scope": "own",
        "staff": "on", "permissions": ["user:manage", "log:view"],
    }  # fmt: skip
    page = browser.post(reverse(ROLE_ADD), form)
    assert asked(page)
    assert "新建角色" in page.content.decode()
    assert [value for name, value in carried(page) if name == "permissions"] == [
        "user:manage", "log:view",
    ]  # fmt: skip
    assert not Role.objects.filter(code="night").exists()

    done = browser.post(reverse(ROLE_ADD), form | {FIELD: PASSWORD})

    assert done.status_code == 302
    assert set(Role.objects.get(code="night").permission_names) == {"user:manage", "log:view"}


def test_who_may_not_do_it_is_not_asked_for_a_password(bob):
    clerk = StaffFactory("finance")
    client = Client()
    client.force_login(clerk)
    confirm(client, clerk, at=timezone.now() - timedelta(hours=1))

    answer = disable(client, bob, **{FIELD: PASSWORD})

    assert answer.status_code == 403
    assert state(bob) == "active"


def test_another_password_makes_the_confirmation_worthless(browser, boss, bob):
    new = "chun-shui-chu-sheng-2026"
    confirm(browser, boss)
    kept = browser.session["confirmed"]
    change_password(boss.pk, old=PASSWORD, new=new, keep_session=0)
    boss.refresh_from_db()
    browser.force_login(boss)
    session = browser.session
    session["confirmed"] = kept
    session.save()

    assert asked(disable(browser, bob))
    disable(browser, bob, **{FIELD: new})
    assert state(bob) == "disabled"


def test_another_browser_of_the_same_person_is_asked(browser, boss, bob):
    confirm(browser, boss)
    other = Client()
    other.force_login(boss)
    confirm(other, boss, at=timezone.now() - timedelta(minutes=6))

    assert asked(disable(other, bob))


def test_whoever_was_disabled_is_sent_away(browser, boss, bob):
    User.objects.filter(pk=boss.pk).update(status="disabled")

    answer = disable(browser, bob, **{FIELD: PASSWORD})

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/admin/login/")
    assert state(bob) == "active"


def test_a_forged_post_with_the_password_is_refused(boss, bob):
    client = Client(enforce_csrf_checks=True)
    client.force_login(boss)

    assert disable(client, bob, **{FIELD: PASSWORD}).status_code == 403
    assert state(bob) == "active"


def test_the_log_has_the_refusal_and_the_deed_and_never_the_password(browser, bob):
    disable(browser, bob)
    disable(browser, bob, **{FIELD: "wrong-canary"})
    disable(browser, bob, **{FIELD: PASSWORD})

    rows = OperationLog.objects.order_by("pk")
    assert [(row.operation, row.target_id, row.status, row.error_message) for row in rows] == [
        ("user:disable", str(bob.pk), "failed", f"form refused: {FIELD}"),
        ("user:disable", str(bob.pk), "success", ""),
    ]
    assert not any(word in str(row.request_params) for row in rows for word in ("canary", PASSWORD))


def test_what_changes_how_far_roles_reach_asks_first(browser, bob):
    north, south = (
        Organisation.objects.create(name="北区"),
        Organisation.objects.create(name="南区"),
    )
    placing = {"action": "place", "organisation": north.pk, "_selected_action": [bob.pk]}
    form = reverse("admin:accounts_organisation_change", args=[south.pk])

    assert asked(browser.post(reverse(USERS), placing))
    assert asked(browser.post(form, {"name": "南区", "parent": north.pk}))

    bob.refresh_from_db()
    south.refresh_from_db()
    assert (bob.organisation_id, south.parent_id) == (None, None)
