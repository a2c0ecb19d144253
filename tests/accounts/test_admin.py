"""The back office's pages of accounts: seen by permission, written by services."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import LoginLog, LoginSession, Notification, Role, User
from accounts.rbac import LABELS, PERMISSIONS
from accounts.services.notifications import notify
from accounts.services.role_editing import save_role
from accounts.services.roles import remove_role
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, refusal

PAGES = [
    model._meta.model_name for model in admin.site._registry if model._meta.app_label == "accounts"
]


@pytest.fixture
def bob(db):
    return UserFactory(username="bob", nickname="鲍勃", phone="13800138000", email="bob@x.cn")


def page(name, *args) -> str:
    return reverse(f"admin:accounts_{name}", args=args)


def run(browser, model, action, *rows, **fields):
    """Run an action on rows of a list; the texts shown afterwards."""
    body = {"action": action, "_selected_action": [row.pk for row in rows]} | fields
    response = browser.post(page(f"{model}_changelist"), body, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def roles_of(user) -> set[str]:
    return set(Role.objects.filter(group__user=user).values_list("code", flat=True))


@pytest.mark.parametrize("model", PAGES)
def test_every_list_opens_in_a_constant_number_of_statements(
    office, bob, model, django_assert_max_num_queries
):
    Api(bob)
    notify(bob, "account_enabled")
    LoginLog.objects.create(user=bob, method="test", succeeded=True)
    browser = office("super_admin")
    browser.post(page("user_changelist"), {})

    with django_assert_max_num_queries(19):
        response = browser.get(page(f"{model}_changelist"), {"q": "b"})

    assert response.status_code == 200
    assert b"13800138000" not in response.content


def test_every_object_page_opens(office, bob):
    browser = office("super_admin")
    Api(bob)
    notify(bob, "account_enabled")
    browser.post(reverse("admin:accounts_user_changelist"), {})
    for model, model_admin in admin.site._registry.items():
        row = model._default_manager.first() if model._meta.app_label == "accounts" else None
        if row is None:
            continue
        response = browser.get(page(f"{model._meta.model_name}_change", row.pk))
        assert response.status_code == 200, model_admin


@pytest.mark.parametrize("role", ["finance", "customer_service", "content_manager"])
@pytest.mark.parametrize("model", PAGES)
def test_without_the_permission_there_is_no_page(office, role, model):
    assert office(role).get(page(f"{model}_changelist")).status_code == 403


def test_who_holds_no_staff_role_does_not_get_in(db):
    UserFactory(username="plain", password=PASSWORD)
    response = Client().post(reverse("admin:login"), {"username": "plain", "password": PASSWORD})
    assert response.status_code == 200
    assert "账号或密码错误" in response.content.decode()


def test_personal_data_is_masked(office, bob):
    for path in (page("user_changelist"), page("user_change", bob.pk)):
        text = office("admin").get(path).content.decode()
        assert "138****8000" in text
        assert "13800138000" not in text
        assert "bob@x.cn" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "13800138000"}, True), ({"q": "1380013800"}, False), ({"q": "bo"}, True),
        ({"role": "finance"}, False), ({"status__exact": "active"}, True),
        ({"status__exact": "disabled"}, False),
    ],
)  # fmt: skip
def test_finding_people(office, bob, query, found):
    text = office("admin").get(page("user_changelist"), query).content.decode()
    assert ("鲍勃" in text) is found


def test_disabling_and_enabling_go_through_the_service(office, bob):
    browser = office("admin")
    phone = Api(bob)

    assert run(browser, "user", "disable", bob, reason="测试") == ["已处理 1 条"]
    bob.refresh_from_db()
    assert bob.status == "disabled"
    assert refusal(phone.post("/token/refresh", {"refresh": phone.refresh})) == (401, 11003)
    assert run(browser, "user", "disable", bob) == ["鲍勃：当前状态不允许此操作"]

    assert run(browser, "user", "enable", bob) == ["已处理 1 条"]
    history = browser.get(page("user_change", bob.pk)).content.decode()
    assert "测试" in history


def test_refusals_are_shown_and_the_rest_is_done(office, bob, staff):
    boss = staff("super_admin", nickname="老板")
    browser = office("admin", nickname="我")

    shown = run(browser, "user", "disable", bob, boss, browser.user)

    assert sorted(shown) == sorted(
        ["老板：不能操作超级管理员的账号", "我：不能对自己执行此操作", "已处理 1 条"]
    )


def test_roles_are_given_and_taken_by_actions(office, bob):
    browser = office("super_admin")

    assert run(browser, "user", "give_role", bob, role="finance") == ["已处理 1 条"]
    assert roles_of(bob) == {"finance"}
    assert run(browser, "user", "take_role", bob, role="finance") == ["已处理 1 条"]
    assert roles_of(bob) == set()
    assert run(browser, "user", "give_role", bob) == ["请先选择角色"]


def test_R1_an_admin_gives_nothing_above_themselves(office, bob):
    browser = office("admin")
    for role in ("super_admin", "finance"):
        assert "不能授予自己没有的权限" in run(browser, "user", "give_role", bob, role=role)[0]
        assert "不能对自己" in run(browser, "user", "give_role", browser.user, role=role)[0]
    assert (roles_of(bob), roles_of(browser.user)) == (set(), {"admin"})


def test_R1_posting_privileges_to_the_form_changes_nothing(office, bob):
    browser = office("super_admin")
    before = User.objects.filter(pk=bob.pk).values().get()
    body = {"is_staff": "on", "is_superuser": "on", "status": "deleted", "groups": ["1"],
            "user_permissions": ["1"], "phone": "1", "username": "x", "password": "x"}  # fmt: skip

    assert browser.post(page("user_change", bob.pk), body).status_code == 403

    assert User.objects.filter(pk=bob.pk).values().get() == before


def test_making_a_person(office):
    browser = office("admin")
    form = {"username": "New.Colleague", "nickname": "新同事", "password": "long-Enough-9",
            "is_staff": "on", "is_superuser": "on"}  # fmt: skip

    response = browser.post(page("user_add"), form)

    user = User.objects.get(username="new.colleague")
    assert (response.status_code, response.headers["Location"]) == (302, page("user_changelist"))
    assert (user.nickname, user.is_staff, user.is_superuser) == ("新同事", False, False)
    assert user.check_password("long-Enough-9")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ({"username": "ab", "password": "long-Enough-9"}, "用户名须以字母开头"),
        ({"username": "bob", "password": "long-Enough-9"}, "已存在"),
        ({"username": "fine", "password": "short"}, "密码"),
        ({"username": "", "password": "long-Enough-9"}, "必填"),
    ],
)
def test_a_bad_form_says_so_and_makes_nobody(office, bob, form, text):
    browser = office("admin")
    people = User.objects.count()

    response = browser.post(page("user_add"), form | {"nickname": ""})

    assert response.status_code == 200
    assert text in response.content.decode()
    assert User.objects.count() == people


def test_ending_a_login(office, bob, django_capture_on_commit_callbacks):
    phone = Api(bob)
    session = LoginSession.objects.get(user=bob)

    with django_capture_on_commit_callbacks(execute=True):
        assert run(office("admin"), "loginsession", "revoke", session) == ["已处理 1 条"]

    assert refusal(phone.get("/users/profile")) == (401, 10401)
    session.refresh_from_db()
    assert session.revoked_reason == "staff"


def test_sending_again_what_failed(office, bob):
    notify(bob, "account_enabled")
    note = Notification.objects.get()
    browser = office("super_admin")
    assert "当前状态不允许" in run(browser, "notification", "send_again", note)[0]
    Notification.objects.update(status="failed", channel="subscribe")

    assert run(browser, "notification", "send_again", note) == ["已处理 1 条"]

    note.refresh_from_db()
    assert note.status == "pending"


@pytest.mark.parametrize(
    ("model", "action", "fields"),
    [("user", "disable", {}), ("user", "give_role", {"role": "finance"})],
)
def test_an_action_without_its_permission_is_not_there(staff, bob, model, action, fields):
    """Somebody who may look at people and nothing else."""
    role = save_role("viewer", name="观察员", permissions=[], actor=None)
    viewer = staff("viewer")

    Role.objects.get(pk=role.pk).group.permissions.add(Permission.objects.get(codename="view_user"))
    browser = Client()
    browser.force_login(viewer)

    run(browser, model, action, bob, **fields)

    bob.refresh_from_db()
    assert (bob.status, roles_of(bob)) == ("active", set())


def test_each_permission_has_a_name_in_chinese():
    assert LABELS.keys() == PERMISSIONS.keys()


@pytest.mark.parametrize("model", ["operationlog", "statuschange", "loginlog", "consent"])
def test_records_are_looked_at_and_never_touched(office, model):
    browser = office("super_admin")
    assert browser.get(page(f"{model}_add")).status_code == 403
    browser.post(page("user_add"), {})
    row = admin.site._registry
    row = next(m for m in row if m._meta.model_name == model)._default_manager.first()
    if row is not None:
        assert browser.post(page(f"{model}_change", row.pk), {}).status_code == 403
        assert browser.post(page(f"{model}_delete", row.pk), {"post": "yes"}).status_code == 403


def test_logging_out_everywhere_ends_the_back_office_too(office):
    browser = office("admin")
    assert browser.get(page("user_changelist")).status_code == 200

    Api(browser.user).post("/logout", {"all": True})

    assert browser.get(page("user_changelist")).status_code == 302


def test_a_demoted_person_is_out_with_the_next_click(office):
    browser = office("admin")
    remove_role(browser.user.pk, "admin", actor=None)
    assert browser.get(page("user_changelist")).status_code == 302


def test_groups_have_no_page_of_their_own():
    assert "group" not in {model._meta.model_name for model in admin.site._registry}
