"""Notices by mail: to a proven address only, in plain text, given up when it is no use."""

import socketserver
import threading

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured

from accounts.models import Notification, NotificationTemplate
from accounts.services.delivery import send_pending
from accounts.services.notifications import notify
from config.env import env_email
from tests.factories.accounts import UserFactory


@pytest.fixture
def template(db):
    return NotificationTemplate.objects.create(
        code="mailed", title="预约提醒", body="{counselor} 明天等您", channels=["email"]
    )


@pytest.fixture
def person(template, settings):
    settings.EMAIL_URL, settings.DEFAULT_FROM_EMAIL = "smtp://mail.test", "notice@banxin.test"
    return UserFactory(email="xiaoman@example.com")


def sent(user, **context) -> Notification:
    """A notice after one try to send it."""
    notify(user, "mailed", **{"counselor": "王老师"} | context)
    send_pending()
    return Notification.objects.get(channel="email")


def test_a_mail_is_plain_text_and_says_how_to_end_it(person):
    assert sent(person).status == "sent"

    (message,) = mail.outbox
    assert (message.subject, message.to, message.from_email) == (
        "预约提醒",
        ["xiaoman@example.com"],
        "notice@banxin.test",
    )
    assert message.body == (
        "王老师 明天等您\n\n—— 伴心\n不想再收到此类邮件，可在“我的—通知设置”中关闭。"
    )
    assert message.content_subtype == "plain"


def test_a_mail_that_cannot_be_switched_off_does_not_say_that_it_can(person):
    NotificationTemplate.objects.filter(code="mailed").update(kind="security")
    sent(person)
    assert mail.outbox[0].body == "王老师 明天等您\n\n—— 伴心"


def test_what_comes_from_people_adds_no_header(person):
    assert sent(person, counselor="x\r\nBcc: a@b.cn").status == "sent"
    headers = mail.outbox[0].message()
    assert headers["Bcc"] is None
    assert mail.outbox[0].recipients() == ["xiaoman@example.com"]


def test_without_an_address_there_is_no_mail(person):
    note = sent(UserFactory(email=None))
    assert (note.status, note.attempts, mail.outbox) == ("undeliverable", 1, [])


def test_without_a_server_there_is_no_mail(person, settings):
    settings.EMAIL_URL = ""
    assert sent(person).status == "undeliverable"
    assert mail.outbox == []


class Refusing(socketserver.StreamRequestHandler):
    """A mail server that refuses each recipient with the server's `answer`."""

    def handle(self):
        self._say("220 mail.test")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"RCPT"):
                self._say(self.server.answer)
            elif line == b"QUIT":
                return self._say("221 bye")
            else:
                self._say("250 ok")
        return None

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def server(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address
        yield server
        server.shutdown()


def test_an_address_that_is_refused_is_undeliverable(person, server):
    server.answer = "550 no such person"
    note = sent(person)
    assert (note.status, note.error) == ("undeliverable", "SMTP 550: the address was refused")


def test_a_server_that_is_busy_is_asked_again(person, server):
    server.answer = "451 try later"
    note = sent(person)
    assert (note.status, note.attempts) == ("pending", 1)


def test_a_server_that_is_gone_is_asked_again(person, server, settings):
    server.shutdown()
    server.server_close()
    note = sent(person)
    assert (note.status, note.error) == ("pending", "ConnectionRefusedError")


def test_the_address_of_the_server(monkeypatch):
    monkeypatch.setenv("EMAIL_URL", "smtp+ssl://a%40b.cn:p%40ss@smtp.b.cn:465")
    found = env_email("EMAIL_URL")
    assert found == {
        "EMAIL_HOST_USER": "a@b.cn", "EMAIL_HOST_PASSWORD": "p@ss", "EMAIL_HOST": "smtp.b.cn",
        "EMAIL_PORT": 465, "EMAIL_USE_SSL": True,
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    }  # fmt: skip


@pytest.mark.parametrize("url", ["ftp://a", "a@b.cn", "smtp://h:port", "smtp://", "consolemail://"])
def test_another_address_stops_the_start_and_names_the_variable(monkeypatch, url):
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env_email("EMAIL_URL")
