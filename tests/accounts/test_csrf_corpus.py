"""J-12: forty ways to have somebody's browser post to the back office; none changes anything."""

import secrets

import pytest
from constance.models import Constance
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from tests.factories.accounts import UserFactory
from tests.helpers import Api, confirm

ELSEWHERE = "https://evil.example"
NAME = "csrfmiddlewaretoken"


@pytest.fixture
def root(staff):
    return staff("super_admin", nickname="超管")


def browser_of(user) -> Client:
    """Logged in, confirmed, with the cookie that a form gives."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    confirm(browser, user)
    browser.get(reverse("admin:accounts_user_add"))
    return browser


def token_of(browser) -> str:
    return browser.cookies[settings.CSRF_COOKIE_NAME].value


FORMS = {
    "a parameter": ("admin:constance_config_changelist", lambda bob: {"MAX_UNPAID_HOLDS": 9}),
    "disabling": (
        "admin:accounts_user_changelist",
        lambda bob: {"action": "disable", "_selected_action": [bob.pk]},
    ),
    "a person": (
        "admin:accounts_user_add",
        lambda bob: {"username": "newcomer", "nickname": "x", "password": "Bu-Rong-Yi-88"},
    ),
    "a role": ("admin:accounts_role_add", lambda bob: {"code": "helper", "name": "助理"}),
}


def no_cookie(browser, body):
    body[NAME] = token_of(browser)
    del browser.cookies[settings.CSRF_COOKIE_NAME]


def of_another_browser(browser, body):
    body[NAME] = token_of(browser_of(UserFactory(is_staff=True, is_superuser=True)))


def with_a_token(**headers):
    def forge(browser, body):
        body[NAME] = token_of(browser)
        return headers

    return forge


def with_a_bearer(browser, body):
    user = User.objects.get(nickname="超管")
    return {"Authorization": f"Bearer {Api(user).access}"}


FORGERIES = {
    "nothing": lambda browser, body: None,
    "an empty token": lambda browser, body: body.update({NAME: ""}),
    "a token of no browser": lambda browser, body: body.update({NAME: secrets.token_hex(16)}),
    "half a token": lambda browser, body: body.update({NAME: token_of(browser)[:16]}),
    "a token in a header of another name": lambda browser, body: {"X-CSRF": token_of(browser)},
    "a token of another browser": of_another_browser,
    "no cookie": no_cookie,
    "another origin": with_a_token(Origin=ELSEWHERE),
    "no origin to speak of": with_a_token(Origin="null"),
    "a bearer token": with_a_bearer,
}


def state(bob) -> tuple:
    saved = Constance.objects.filter(key="MAX_UNPAID_HOLDS").exists()
    people = User.objects.filter(username="newcomer").exists()
    roles = Role.objects.filter(code="helper").exists()
    return saved, User.objects.get(pk=bob.pk).status, people, roles


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_J12_a_forged_form_changes_nothing(root, forgery, form):
    bob, browser = UserFactory(), browser_of(root)
    page, fields = FORMS[form]
    body = fields(bob)

    headers = FORGERIES[forgery](browser, body)
    response = browser.post(reverse(page), body, headers=headers)

    assert response.status_code == 403
    assert state(bob) == (False, "active", False, False)


def test_J12_there_are_forty_and_the_honest_one_works(root):
    assert len(FORMS) * len(FORGERIES) == 40
    bob, browser = UserFactory(), browser_of(root)
    page, fields = FORMS["disabling"]

    browser.post(reverse(page), fields(bob) | {NAME: token_of(browser)})

    assert state(bob) == (False, "disabled", False, False)
