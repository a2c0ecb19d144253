"""The way out of promotional mail that needs no login: a signed link, one click (RFC 8058)."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as project
from django.core import mail, signing
from django.test import Client

from accounts.models import Notification, NotificationPreference, NotificationTemplate
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from accounts.services.unsubscribe import unsubscribe_link
from tests.factories.accounts import UserFactory

PATH = "/api/v1/notifications/unsubscribe"


@pytest.fixture
def person(db, settings):
    settings.EMAIL_URL = "smtp://mail.test"
    for code, kind in (("spring", "marketing"), ("autumn", "marketing"), ("booked", "service")):
        NotificationTemplate.objects.create(
            code=code, title="活动", body="春天来了", channels=["in_app", "email"], kind=kind
        )
    return UserFactory(email="xiaoman@example.com")


def send(user, template):
    notify(user, template)
    send_pending()
    return Notification.objects.filter(channel="email", template=template).latest("pk").status


def link_in(message) -> str:
    return re.fullmatch(r"<(.+)>", message.message()["List-Unsubscribe"])[1]


def post(link):
    """As a mail program does: no cookie, no page seen before."""
    query, form = parse_qs(urlsplit(link).query), "application/x-www-form-urlencoded"
    browser = Client(enforce_csrf_checks=True)
    return browser.post(PATH, "List-Unsubscribe=One-Click", form, query_params=query)


def test_promotion_says_how_to_end_it_in_its_header_and_its_text(person):
    assert send(person, "spring") == "sent"

    (message,) = mail.outbox
    link = link_in(message)
    assert message.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith(f"{project.PUBLIC_URL}{PATH}?token=")
    assert link in message.body
    assert "example.com" not in link


def test_other_mail_has_no_such_header(person):
    send(person, "booked")
    assert "List-Unsubscribe" not in mail.outbox[0].message()


def test_looking_only_asks(person):
    send(person, "spring")
    token = parse_qs(urlsplit(link_in(mail.outbox[0])).query)["token"][0]

    page = Client().get(PATH, {"token": token})

    assert (page.status_code, page["Referrer-Policy"]) == (200, "no-referrer")
    assert "确认退订" in page.content.decode()
    assert "xiaoman" not in page.content.decode()
    assert NotificationPreference.objects.exists() is False


def test_one_click_ends_all_promotion_by_mail_and_nothing_else(person):
    send(person, "spring")
    other = UserFactory(email="other@example.com")

    answers = [post(link_in(mail.outbox[0])) for _ in range(2)]

    assert [a.status_code for a in answers] == [200, 200]
    assert "已退订" in answers[0].content.decode()
    assert send(person, "spring") == "skipped"
    assert send(person, "autumn") == "skipped"
    assert send(person, "booked") == "sent"
    assert send(other, "spring") == "sent"
    in_app = Notification.objects.filter(user=person, channel="in_app", status="sent")
    assert in_app.count() == 4  # the message centre has everything


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\x00", "é", "x" * 5000])
def test_a_link_of_nobody_changes_nothing(db, token):
    for answer in (Client().get(PATH, {"token": token}), post(f"x?token={token}")):
        assert answer.status_code == 404
        assert "退订链接无效" in answer.content.decode()
    assert NotificationPreference.objects.exists() is False


def test_what_is_signed_for_something_else_is_no_link(person):
    link = f"x?token={signing.dumps(person.pk, salt='something else')}"
    assert post(link).status_code == 404


def test_a_link_outlives_no_account(person):
    link = unsubscribe_link(person)
    person.delete()
    assert post(link).status_code == 404
