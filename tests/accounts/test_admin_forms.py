"""What is typed into the back office's forms of accounts goes through the services."""

import pytest
from django.urls import reverse

from accounts.models import Agreement, Menu, NotificationTemplate, Role


def page(name, *args) -> str:
    return reverse(f"admin:accounts_{name}", args=args)


def run(browser, model, action, *rows, **fields):
    """Run an action on rows of a list; the texts shown afterwards."""
    body = {"action": action, "_selected_action": [row.pk for row in rows]} | fields
    response = browser.post(page(f"{model}_changelist"), body, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def test_built_in_roles_are_read_only(office):
    browser = office("super_admin")
    role = Role.objects.get(code="finance")

    text = browser.get(page("role_change", role.pk)).content.decode()
    assert "退款审批" in text
    assert browser.post(page("role_change", role.pk), {"name": "x"}).status_code == 403
    assert browser.post(page("role_delete", role.pk), {"post": "yes"}).status_code == 403


def role_form(**wishes):
    form = {"code": "helper", "name": "助理", "description": "", "parent": ""}
    return form | {"data_scope": "own", "staff": "on", "permissions": ["user:manage"]} | wishes


def test_a_role_of_our_own_is_made_changed_and_deleted(office):
    browser = office("super_admin")

    assert browser.post(page("role_add"), role_form()).status_code == 302
    role = Role.objects.get(code="helper")
    assert (role.group.name, role.permission_names) == ("助理", ["user:manage"])

    changed = role_form(name="助手", permissions=["order:manage", "data:view"])
    assert browser.post(page("role_change", role.pk), changed).status_code == 302
    role = Role.objects.get(code="helper")
    assert (role.group.name, role.permission_names) == ("助手", ["data:view", "order:manage"])
    assert role.group.permissions.filter(codename="view_order").exists()

    assert browser.post(page("role_delete", role.pk), {"post": "yes"}).status_code == 302
    assert not Role.objects.filter(code="helper").exists()


def test_R1_a_role_form_gives_nothing_its_author_lacks(office):
    browser = office("admin")

    response = browser.post(
        page("role_add"), role_form(permissions=["refund:approve"]), follow=True
    )

    assert "不能授予自己没有的权限" in response.content.decode()
    assert not Role.objects.filter(code="helper").exists()


def test_publishing_an_agreement_is_a_new_version(office):
    browser = office("super_admin")
    form = {"kind": "user", "title": "伴心用户协议", "body": "第二版"}

    assert browser.post(page("agreement_add"), form).status_code == 302

    new = Agreement.objects.get(kind="user", version=2)
    assert new.body == "第二版"
    assert browser.post(page("agreement_change", new.pk), form | {"body": "x"}).status_code == 403
    assert browser.post(page("agreement_delete", new.pk), {"post": "yes"}).status_code == 403
    assert Agreement.objects.filter(kind="user").count() == 2


def template_form(**wishes):
    return {"title": "账号", "body": "您的账号{state}", "channels": ["in_app", "subscribe"],
            "wechat_template_id": "t1", "wechat_fields": '{"thing1": "{state}"}',
            "wechat_page": "pages/me"} | wishes  # fmt: skip


def test_words_of_a_template_may_be_changed(office):
    template = NotificationTemplate.objects.get(code="account_enabled")
    browser = office("super_admin")

    response = browser.post(page("notificationtemplate_change", template.pk), template_form())

    assert response.status_code == 302
    template.refresh_from_db()
    assert (template.code, template.channels) == ("account_enabled", ["in_app", "subscribe"])
    assert template.wechat_fields == {"thing1": "{state}"}


@pytest.mark.parametrize(
    "wish",
    [
        {"wechat_fields": '{"thing": "x"}'},
        {"wechat_fields": '["thing1"]'},
        {"wechat_fields": '{"thing1": 1}'},
        {"channels": ["pigeon"]},
        {"title": ""},
    ],
)
def test_a_template_that_could_not_be_sent_is_refused(office, wish):
    template = NotificationTemplate.objects.get(code="account_enabled")
    response = office("super_admin").post(
        page("notificationtemplate_change", template.pk), template_form(**wish)
    )
    assert response.status_code == 200
    template.refresh_from_db()
    assert template.title == "账号已恢复使用"


def menu_form(**wishes):
    return {"parent": "", "kind": "page", "title": "帮助", "icon": "help", "link": "https://x.cn/a",
            "permission": "", "sort_order": "1", "visible": "on"} | wishes  # fmt: skip


def test_menus_may_be_added_and_hidden(office):
    browser = office("super_admin")
    assert browser.post(page("menu_add"), menu_form()).status_code == 302
    row = Menu.objects.get(title="帮助")
    browser.post(page("menu_change", row.pk), menu_form(visible=""))
    row.refresh_from_db()
    assert row.visible is False


@pytest.mark.parametrize(
    "wish",
    [
        {"link": "javascript:alert(1)"},
        {"link": "//evil.cn"},
        {"link": "/\\evil.cn"},
        {"link": "data:text/html,x"},
        {"permission": "accounts.rule_world"},
        {"permission": "everything"},
        {"parent": "self"},
        {"parent": "child"},
    ],
)
def test_a_menu_in_a_circle_or_with_a_harmful_link_is_refused(office, wish):
    browser = office("super_admin")
    row = Menu.objects.create(title="甲", kind="directory")
    child = Menu.objects.create(title="乙", parent=row)
    wish = {k: {"self": row.pk, "child": child.pk}.get(v, v) for k, v in wish.items()}

    assert browser.post(page("menu_change", row.pk), menu_form(**wish)).status_code == 200

    row.refresh_from_db()
    assert (row.title, row.parent) == ("甲", None)


def test_a_menu_with_entries_below_is_not_deleted(office):
    row = Menu.objects.filter(parent=None).first()
    office("super_admin").post(page("menu_delete", row.pk), {"post": "yes"})
    assert Menu.objects.filter(pk=row.pk).exists()
