"""The outbox: written with its cause, sent once, given up in the end (invariants Q)."""

from datetime import timedelta

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu import pools

from accounts.models import Channel, Notification, WeChatIdentity
from accounts.services.delivery import ABANDONED_AFTER, MAX_ATTEMPTS, send_pending
from accounts.services.notifications import notify, resend
from accounts.services.templates import render
from config.errors import IllegalTransition
from tests.accounts.notices import TEMPLATE_ID, booked, booked_template


@pytest.fixture
def template(db):
    return booked_template()


@pytest.fixture
def person(sandbox, user):
    """A persona of the sandbox who is `user` here."""
    sandbox.reset()
    persona = sandbox.persona()
    WeChatIdentity.objects.create(user=user, appid=settings.WX_APPID, openid=persona["openid"])
    return persona


def outbox() -> Notification:
    return Notification.objects.get(channel=Channel.SUBSCRIBE)


def test_one_row_per_channel_and_in_app_is_there_at_once(user, template):
    booked(user)

    rows = Notification.objects.order_by("channel").values_list(
        "channel", "status", "title", "body"
    )
    assert list(rows) == [
        ("in_app", "sent", "预约成功", "您已预约王老师，2026年11月22日 15:00"),
        ("subscribe", "pending", "", ""),
    ]


def test_a_refused_cause_leaves_no_notice(user, template):
    def cause():
        with transaction.atomic():
            booked(user)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cause()
    assert Notification.objects.exists() is False


def test_a_second_notice_with_the_same_key_is_not_written(user, template):
    for _ in range(3):
        booked(user, dedupe_key="appointment:7:booked")
    booked(user)

    assert Notification.objects.count() == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{a} 与 {b}", "1 与 "),
        ("{a", "{a"),
        ("} {} {a}", "} {} 1"),
        ("{a.__class__} {a[0]}", "{a.__class__} {a[0]}"),
        ("{a!r:>{a}}", "{a!r:>1}"),
    ],
)
def test_no_payment_fails_over_a_template(text, expected):
    assert render(text, {"a": 1}) == expected


def test_a_body_that_grows_too_long_is_cut(user, template):
    booked(user, counselor="王" * 900)
    assert len(Notification.objects.get(channel="in_app").body) == 500


def test_delivery_over_the_wire(sandbox, person, user, template):
    sandbox.subscribe(person["id"], TEMPLATE_ID)
    booked(user)

    assert send_pending() == 1

    note = outbox()
    assert (note.status, note.attempts, note.error) == ("sent", 1, "")
    message = sandbox.outbox("subscribe")[0]
    assert message["values"] == {"thing1": "王老师", "time2": "2026年11月22日 15:00"}
    assert (message["touser"], message["page"]) == (person["openid"], "pages/appointment?id=7")
    assert send_pending() == 0  # nothing goes out twice
    assert len(sandbox.outbox("subscribe")) == 1


def test_a_long_value_is_cut_before_it_is_sent(sandbox, person, user, template):
    sandbox.subscribe(person["id"], TEMPLATE_ID)
    booked(user, counselor="欧阳" * 20)

    assert send_pending() == 1
    value = sandbox.outbox("subscribe")[0]["values"]["thing1"]
    assert (len(value), value[-1]) == (20, "…")


def test_43101_is_undeliverable_and_not_tried_again(person, user, template):
    booked(user)

    assert send_pending() == 0

    note = outbox()
    assert (note.status, note.attempts) == ("undeliverable", 1)
    assert "43101" in note.error
    assert send_pending() == 0
    assert outbox().attempts == 1


def test_somebody_without_an_openid_is_undeliverable(user, template):
    booked(user)
    send_pending()
    assert outbox().status == "undeliverable"


def test_a_temporary_failure_backs_off_and_ends_as_failed(sandbox, person, user, template):
    sandbox.subscribe(person["id"], TEMPLATE_ID)
    sandbox.fault("status:502", "wx", "subscribe_send", times=None)
    booked(user)
    waits = []
    for _ in range(MAX_ATTEMPTS):
        send_pending()
        note = outbox()
        waits.append(round((note.due_at - timezone.now()).total_seconds()))
        assert send_pending() == 0  # not due yet
        Notification.objects.filter(pk=note.pk).update(due_at=timezone.now())

    assert waits == [5, 15, 60, 300, 1800, 1800]
    note = outbox()
    assert (note.status, note.attempts) == ("failed", MAX_ATTEMPTS)
    assert sandbox.outbox("subscribe") == []


def test_a_template_wechat_refuses_is_permanent(sandbox, person, user, template):
    sandbox.fault("error:40037", "wx", "subscribe_send")
    booked(user)
    send_pending()
    assert (outbox().status, outbox().attempts) == ("failed", 1)


def test_a_value_of_the_wrong_kind_is_permanent_and_never_sent(sandbox, person, user, template):
    sandbox.subscribe(person["id"], TEMPLATE_ID)
    booked(user, at="明天")
    send_pending()
    assert (outbox().status, outbox().error) == (
        "failed",
        "time2: the value has not the form of a time",
    )


def test_Q3_one_row_that_cannot_be_sent_stops_no_other(sandbox, person, user, template, caplog):
    sandbox.subscribe(person["id"], TEMPLATE_ID)
    Notification.objects.create(
        user=user, channel="carrier-pigeon", template="booked", due_at=timezone.now()
    )
    Notification.objects.create(
        user=user, channel="subscribe", template="gone", due_at=timezone.now()
    )
    booked(user)

    assert send_pending() == 1

    rows = Notification.objects.exclude(channel="in_app").order_by("pk")
    assert [row.status for row in rows] == ["pending", "pending", "sent"]
    assert len([r for r in caplog.records if r.name == "accounts.services.delivery"]) == 2


def test_Q1_what_a_dead_worker_held_is_taken_up_again(sandbox, person, user, template):
    sandbox.subscribe(person["id"], TEMPLATE_ID)
    booked(user)
    row = Notification.objects.filter(channel="subscribe")
    row.update(status="sending", attempts=1, due_at=timezone.now())

    assert send_pending() == 0  # perhaps it still lives
    row.update(due_at=timezone.now() - ABANDONED_AFTER - timedelta(seconds=1))
    assert send_pending() == 1
    assert outbox().attempts == 2


def test_what_kills_its_worker_every_time_is_given_up(user, template):
    booked(user)
    Notification.objects.filter(channel="subscribe").update(
        status="sending", attempts=MAX_ATTEMPTS, due_at=timezone.now() - timedelta(hours=1)
    )
    assert send_pending() == 0
    assert outbox().status == "failed"


def test_a_late_worker_does_not_undo_what_the_next_one_did(user, template):
    """The twin of a race: our claim was taken over while we were sending."""
    booked(user)
    note = outbox()
    Notification.objects.filter(pk=note.pk).update(attempts=3, status="sent")

    send_pending()

    assert (outbox().status, outbox().attempts) == ("sent", 3)


@pytest.fixture
def broker_down(monkeypatch):
    """Nobody listens where messages go.  A pool once closed stays so: the next test has its own."""
    with monkeypatch.context() as patch:
        patch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
        forget_connections()
        yield
    forget_connections()


def forget_connections() -> None:
    """To the broker: as a forked child does."""
    pools.reset()
    current_app._after_fork()


def test_Q4_a_broker_that_is_down_does_not_break_the_cause(
    user, template, django_capture_on_commit_callbacks, broker_down, caplog
):
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        booked(user)

    assert len(callbacks) == 1
    assert "on_commit" in caplog.text  # it did fail, and said so
    assert "Connection refused" in caplog.text
    assert outbox().status == "pending"


def test_in_app_alone_kicks_no_task(user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks:
        notify(user, "account_enabled")
    assert callbacks == []


def test_resending_is_for_what_failed(user, template):
    booked(user)
    note = outbox()
    with pytest.raises(IllegalTransition):
        resend(note.pk, actor=user)
    Notification.objects.filter(pk=note.pk).update(status="failed", attempts=6)

    resend(note.pk, actor=user)

    assert (outbox().status, outbox().attempts) == ("pending", 0)


def test_the_outbox_is_found_by_an_index(user):
    plan = Notification.objects.filter(status="pending", due_at__lte=timezone.now()).explain()
    assert "notification_outbox" in plan or connection.vendor == "postgresql"
