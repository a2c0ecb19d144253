"""P-10: rows go when their time is over and not a moment sooner; the table knows every model."""

from datetime import timedelta

import pytest
from constance.codecs import dumps
from constance.models import Constance
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts.errors import ParameterInvalid
from accounts.models import LoginGuard, LoginLog, Notification
from accounts.services import retention
from accounts.services.parameters import change_parameters
from accounts.services.retention import purge, rules
from commerce.models import MerchantApplication
from counseling.models import Appointment, TimeSlot
from counseling.services.appointments import cancel
from tests.architecture.sources import OURS
from tests.factories.accounts import UserFactory
from tests.factories.commerce import ApplicationFactory
from tests.factories.counseling import SlotFactory, confirmed
from tests.journeys.office_world import fill


def test_P10_the_table_knows_every_model():
    ours = {model._meta.label for config in OURS for model in config.get_models()}
    known = {label for label, *_ in settings.RETENTION} | set(settings.NO_RETENTION)
    assert ours - known == set()
    assert {apps.get_model(label)._meta.label for label in known} == known


def test_P10_no_model_is_called_both():
    assert {label for label, *_ in settings.RETENTION} & set(settings.NO_RETENTION) == set()


@pytest.fixture
def world(db):
    """A row, at least, behind every rule that the demo of the back office fills."""
    fill()
    user = UserFactory()
    LoginGuard.objects.create(key="x", failures=1, last_at=timezone.now())
    Session.objects.create(session_key="s", session_data="", expire_date=timezone.now())
    Notification.objects.update(status="sent")
    return user


def test_P10_with_the_clock_moved_exactly_the_due_rows_go(world):
    """Each rule by itself: a row a second before its time stays, one a second after goes."""
    now, tried = timezone.now(), []
    for rule in rules():
        if rule.model is TimeSlot:  # not all of them at one moment; see below
            continue
        rows = rule.model._base_manager.filter(**rule.only).order_by("pk")
        row = rows.first()
        if row is None:
            continue
        others = rule.model._base_manager.exclude(pk=row.pk).count()
        edge = now - timedelta(days=rule.days)
        rule.model._base_manager.filter(**rule.only).update(**{rule.since: now + timedelta(1)})
        one = rule.model._base_manager.filter(pk=row.pk)

        one.update(**{rule.since: edge + timedelta(seconds=1)})
        purge(now)
        assert one.exists(), rule

        one.update(**{rule.since: edge - timedelta(seconds=1)})
        purge(now)
        assert not one.exists(), rule
        assert rule.model._base_manager.count() == others, rule
        tried.append(rule.model._meta.label)
    assert {"accounts.LoginLog", "accounts.PhoneCode", "accounts.Notification",
            "accounts.LoginSession", "accounts.AccountDeletion"} <= set(tried)  # fmt: skip


@pytest.mark.parametrize("status", ["accepted", "declined", "pending"])
def test_P10_an_application_goes_half_a_year_after_it_was_handled(db, status):
    now = timezone.now()
    edge = now - timedelta(days=180)
    handled = {"status": status, "handled_at": None if status == "pending" else edge}
    stays, goes = ApplicationFactory(**handled), ApplicationFactory(**handled)
    if status != "pending":
        second = timedelta(seconds=1)
        MerchantApplication.objects.filter(pk=stays.pk).update(handled_at=edge + second)
        MerchantApplication.objects.filter(pk=goes.pk).update(handled_at=edge - second)
    MerchantApplication.objects.update(created_at=now - timedelta(days=999))

    purge(now)

    left = set(MerchantApplication.objects.values_list("pk", flat=True))
    assert left == ({stays.pk, goes.pk} if status == "pending" else {stays.pk})


def slot(start, status="open") -> TimeSlot:
    return SlotFactory(start_at=start, end_at=start + timedelta(minutes=50), status=status)


@pytest.mark.parametrize("status", ["open", "closed", "held", "booked"])
def test_P10_a_slot_nobody_used_goes_after_a_year(db, status):
    now = timezone.now()
    edge = now - timedelta(days=366)
    stays = slot(edge + timedelta(seconds=1), status)
    goes = slot(edge - timedelta(seconds=1), status)

    purge(now)

    left = set(TimeSlot.objects.values_list("pk", flat=True))
    unused = status in {"open", "closed"}
    assert left == ({stays.pk} if unused else {stays.pk, goes.pk})


@pytest.mark.parametrize("status", ["open", "closed"])
def test_P10_a_slot_with_an_appointment_of_whatever_kind_stays(db, status):
    appointment = confirmed()
    cancel(appointment.pk, actor=appointment.user)
    start = timezone.now() - timedelta(days=999)
    end = start + timedelta(minutes=50)
    TimeSlot.objects.update(start_at=start, end_at=end, status=status)

    purge(timezone.now())

    assert TimeSlot.objects.get().pk == appointment.slot_id
    assert Appointment.objects.count() == 1


def test_a_notice_that_still_waits_is_kept(db):
    user, long_ago = UserFactory(), timezone.now() - timedelta(days=999)
    Notification.objects.create(user=user, channel="sms", template="x", due_at=long_ago)
    Notification.objects.update(created_at=long_ago)

    purge(timezone.now())

    assert Notification.objects.count() == 1


def log_of(days: int) -> LoginLog:
    row = LoginLog.objects.create(method="password", succeeded=True)
    LoginLog.objects.filter(pk=row.pk).update(created_at=timezone.now() - timedelta(days=days))
    return row


def test_the_keeping_time_is_a_live_parameter(db):
    change_parameters({"LOGIN_LOG_KEEP_DAYS": 400}, actor=None)
    kept, gone = log_of(399), log_of(401)

    purge(timezone.now())

    assert list(LoginLog.objects.all()) == [kept]
    assert gone.pk


def test_logs_of_logins_are_kept_for_half_a_year_whatever_the_parameter_says(db):
    with pytest.raises(ParameterInvalid):
        change_parameters({"LOGIN_LOG_KEEP_DAYS": 179}, actor=None)
    Constance.objects.create(key="LOGIN_LOG_KEEP_DAYS", value=dumps(1))
    kept = log_of(179)
    log_of(181)

    purge(timezone.now())

    assert list(LoginLog.objects.all()) == [kept]


def test_many_rows_go_in_batches(db, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        log_of(200)

    assert purge(timezone.now()) == 5
    assert purge(timezone.now()) == 0
