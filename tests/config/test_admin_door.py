"""The way into the back office and out of it: logins, tokens, the password."""

import pytest
from constance.models import Constance
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import PASSWORD
from tests.helpers import Api

pytestmark = pytest.mark.django_db


# The way in


def test_admin_without_a_slash_leads_to_the_login():
    response = Client().get("/admin", follow=True)
    assert response.redirect_chain == [("/admin/", 302), ("/admin/login/?next=/admin/", 302)]


def test_the_right_password_leads_to_the_dashboard(staff):
    staff("finance", username="laozhou")

    response = Client().post("/admin/login/", {"username": "laozhou", "password": PASSWORD})

    assert (response.status_code, response.url) == (302, "/admin/")


@pytest.mark.parametrize("username", ["laozhou", "nobody", "counselor"])
def test_every_refusal_at_the_door_reads_the_same(staff, username):
    """Wrong password, unknown account and a counselor, who is no staff."""
    staff("finance", username="laozhou")
    staff("counselor", username="counselor")
    password = PASSWORD if username == "counselor" else "wrong"

    response = Client().post("/admin/login/", {"username": username, "password": password})

    assert response.status_code == 200
    assert "账号或密码错误，或没有进入后台的权限" in response.content.decode()


def test_J12_a_bearer_token_does_not_open_the_back_office(api):
    response = api.client.get("/admin/", headers=api.headers)
    assert (response.status_code, response.url) == (302, "/admin/login/?next=/admin/")


def test_J12_a_session_of_the_back_office_is_nobody_to_the_api(office):
    response = office("super_admin").get("/api/v1/user/profile")
    assert response.status_code == 401


def test_J12_a_form_without_its_token_changes_nothing(staff):
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff("super_admin"))
    page = reverse("admin:constance_config_changelist")

    response = client.post(page, {"MAX_UNPAID_HOLDS": 9})

    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()
    assert Constance.objects.filter(key="MAX_UNPAID_HOLDS").exists() is False


def test_the_policy_lets_no_inline_script_run_and_nothing_come_from_elsewhere(office):
    policy = office("super_admin").get("/admin/").headers["Content-Security-Policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["script-src"] == "'self' 'unsafe-eval'"
    assert directives["default-src"] == "'self'"
    assert directives["img-src"] == "'self' data:"
    assert directives["frame-ancestors"] == "'none'"


def test_the_favicon_is_ours():
    response = Client().get("/favicon.ico")
    assert response.url == "/static/back_office/favicon.svg"


def change_password(client, old):
    new = {"new_password1": "another-good-one", "new_password2": "another-good-one"}
    return client.post("/admin/password_change/", {"old_password": old, **new})


def test_a_new_password_ends_the_logins_elsewhere_and_not_this_one(staff):
    user, client = staff("finance"), Client()
    client.force_login(user)
    phone = Api(user)

    assert change_password(client, PASSWORD).url == "/admin/password_change/done/"

    assert phone.get("/user/profile").status_code == 401
    assert client.get("/admin/").status_code == 200
    user.refresh_from_db()
    assert user.check_password("another-good-one")


def test_a_new_password_needs_the_old_one(staff):
    user, client = staff("finance"), Client()
    client.force_login(user)

    assert "你的旧密码不正确" in change_password(client, "wrong").content.decode()

    user.refresh_from_db()
    assert user.check_password(PASSWORD)


# Refusals


def test_a_page_without_permission_is_refused_in_chinese(office):
    response = office("finance").get(reverse("admin:constance_config_changelist"))
    assert response.status_code == 403
    assert "您没有查看此页面或执行此操作的权限" in response.content.decode()


def test_an_unknown_page_is_refused_in_chinese_and_the_api_stays_json(office):
    client = office("finance")
    assert "页面不存在" in client.get("/admin/nothing/here/").content.decode()
    assert client.get("/nothing").json()["code"] == 10404
