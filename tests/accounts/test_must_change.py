"""A password that somebody else set is good for one thing: choosing another one (J-10)."""

import pytest
from django.test import Client

from accounts.models import LoginSession, UserPassword
from accounts.services.password_history import require_change
from accounts.services.registration import create_user
from accounts.services.roles import assign_role
from accounts.services.users import require_new_password
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data, refusal

NEW = "Gao-Shan-Liu-Shui-0815"


@pytest.fixture
def erin(db):
    return create_user(username="erin", password=PASSWORD, nickname="艾琳", must_change=True)


def login(password=PASSWORD) -> Api:
    api = Api()
    pair = data(api.post("/login", {"account": "erin", "password": password}))
    api.refresh = pair["refresh"]
    api.headers["Authorization"] = f"Bearer {pair['token']}"
    return api


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/users/profile"), ("put", "/users/profile"), ("get", "/devices"),
        ("get", "/menu/mine"), ("get", "/counselor"), ("post", "/appointment"), ("get", "/user"),
        ("post", "/file/upload"), ("post", "/user/phone/bind"), ("get", "/notifications"),
    ],
)  # fmt: skip
def test_nothing_else_opens_and_the_answer_says_what_does(erin, method, path):
    response = getattr(login(), method)(path)

    assert refusal(response) == (403, 11125)
    assert response.json()["data"] == {"next": "/password/change"}


def test_the_new_password_opens_everything_with_the_same_token(
    erin, django_capture_on_commit_callbacks
):
    api = login()
    body = {"old_password": PASSWORD, "new_password": NEW}

    with django_capture_on_commit_callbacks(execute=True):
        assert data(api.post("/password/change", body)) == {}

    assert data(api.get("/users/profile"))["id"] == erin.pk
    assert UserPassword.objects.get(user=erin).must_change is False
    assert data(login(NEW).get("/users/profile"))["id"] == erin.pk


def test_a_refused_change_keeps_it_shut(erin):
    api = login()

    for body in (
        {"old_password": "wrong", "new_password": NEW},
        {"old_password": PASSWORD, "new_password": PASSWORD},
    ):
        assert api.post("/password/change", body).status_code == 400
    assert refusal(api.get("/users/profile")) == (403, 11125)


def test_tokens_and_logging_out_go_on(erin):
    api = login()

    pair = data(api.post("/token/refresh", {"refresh": api.refresh}))
    assert data(api.post("/token/verify", {"token": pair["token"]})) == {}
    api.headers["Authorization"] = f"Bearer {pair['token']}"
    assert refusal(api.get("/users/profile")) == (403, 11125)  # a refreshed one is no way around
    assert data(api.post("/logout")) == {}

    assert LoginSession.objects.filter(revoked_at=None).exists() is False


def test_who_logs_in_without_that_password_is_not_concerned(erin):
    """Whoever set it cannot come by WeChat or SMS, so those logins are whole."""
    assert Api(erin).get("/users/profile").status_code == 200


def test_asking_for_a_new_password_ends_every_login(staff):
    user = UserFactory(username="erin", password=PASSWORD)
    before = Api(user)

    require_new_password(user.pk, actor=staff("admin"))

    assert before.get("/users/profile").status_code == 401
    assert refusal(login().get("/users/profile")) == (403, 11125)


def test_nobody_asks_it_of_themselves_or_of_a_super_admin_from_below(staff):
    boss, clerk = staff("super_admin"), staff("admin")
    for target, actor in [(boss, boss), (boss, clerk)]:
        with pytest.raises(Exception, match="不能"):
            require_new_password(target.pk, actor=actor)
    assert UserPassword.objects.exists() is False


def test_who_has_no_password_owes_none(staff):
    user = UserFactory()
    require_new_password(user.pk, actor=staff("admin"))
    assert UserPassword.objects.exists() is False


def test_the_back_office_leads_to_the_form_and_opens_after_it(erin):
    assign_role(erin.pk, "admin", actor=None)
    browser = Client()
    browser.post("/admin/login/", {"username": "erin", "password": PASSWORD})

    for path in ("/admin/", "/admin/accounts/user/", "/admin/second-factor/"):
        assert browser.get(path).url == "/admin/password_change/", path
    page = browser.get("/admin/password_change/")
    assert "请先修改密码" in page.content.decode()
    form = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert browser.post("/admin/password_change/", form).url == "/admin/password_change/done/"

    assert browser.get("/admin/accounts/user/").status_code == 200


def test_the_action_of_the_user_list(staff):
    user = UserFactory(username="erin", password=PASSWORD)
    browser = Client()
    browser.force_login(staff("admin"))

    body = {"action": "new_password", "_selected_action": [user.pk]}
    browser.post("/admin/accounts/user/", body)

    assert UserPassword.objects.get(user=user).must_change is True


def test_the_mark_keeps_the_history(erin):
    record = UserPassword.objects.get(user=erin)
    require_change(erin)
    again = UserPassword.objects.get(user=erin)
    assert (again.history, again.changed_at) == (record.history, record.changed_at)
