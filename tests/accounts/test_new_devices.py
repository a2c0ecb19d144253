"""A login from somewhere new is told to the account's owner."""

from datetime import timedelta

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.errors import BadCredentials
from accounts.models import LoginLog, Notification, NotificationTemplate, User
from accounts.services import new_devices
from accounts.services.login_log import Device, log_attempt
from accounts.tasks import notice_new_devices
from tests.factories.accounts import PASSWORD, UserFactory
from tests.helpers import Api, data

PHONE = Device(ip_address="203.0.113.7", user_agent="MicroMessenger/8.0.50", device_name="小米 15",
               platform="android")  # fmt: skip


@pytest.fixture
def alice(db):
    return UserFactory(username="alice", password=PASSWORD)


def came(user, **changes) -> list[str]:
    """Somebody logs in, the job runs; the notices that made, in the app."""
    before = set(Notification.objects.values_list("pk", flat=True))
    device = Device(**(vars(PHONE) | changes))
    log_attempt(user, "password", "al***ce", device)
    notice_new_devices()
    notes = Notification.objects.exclude(pk__in=before).filter(channel="in_app")
    return list(notes.values_list("template", flat=True))


def test_the_first_login_ever_makes_no_notice_and_the_same_device_neither(alice):
    assert came(alice) == []
    assert came(alice) == []
    assert came(alice, user_agent="MicroMessenger/8.0.51") == []  # an update is no new device


@pytest.mark.parametrize(
    "changes", [{"device_name": "iPhone 17"}, {"platform": "ios"}, {"device_name": "小米 16"}]
)
def test_a_new_device_is_told_once(alice, changes):
    came(alice)

    assert came(alice, **changes) == ["login_new_device"]
    assert came(alice, **changes) == []


def test_browsers_without_a_name_differ_by_what_they_are_and_not_by_version(alice):
    came(alice, device_name="", user_agent="Mozilla/5.0 Chrome/150.0")

    assert came(alice, device_name="", user_agent="Mozilla/5.0 Chrome/151.2") == []
    assert came(alice, device_name="", user_agent="Mozilla/5.0 Firefox/151.2") == [
        "login_new_device"
    ]


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("203.0.113.7", "203.0.113.250", []),
        ("203.0.113.7", "203.0.114.7", ["login_new_place"]),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1", []),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", ["login_new_place"]),
        ("203.0.113.7", "2001:db8:1:2::7", ["login_new_place"]),
    ],
)
def test_a_place_is_a_24_or_a_64(alice, first, second, told):
    came(alice, ip_address=first)
    assert came(alice, ip_address=second) == told
    assert came(alice, ip_address=second) == []


def test_new_places_are_told_once_a_day(alice):
    came(alice)

    assert came(alice, ip_address="198.51.100.1") == ["login_new_place"]
    assert came(alice, ip_address="192.0.2.1") == []


def test_the_notice_says_when_with_what_and_from_where_and_hides_half_the_address(alice):
    came(alice)
    came(alice, device_name="iPhone 17", ip_address="198.51.100.23")

    note = Notification.objects.get(channel="in_app")
    assert note.user == alice
    assert "iPhone 17" in note.body
    assert "198.51.100.*" in note.body
    assert "198.51.100.23" not in f"{note.body}{note.context}"
    at = LoginLog.objects.latest("pk").created_at
    assert f"{timezone.localtime(at):%Y年%m月%d日 %H:%M}" in note.body
    kinds = NotificationTemplate.objects.filter(code__startswith="login_new")
    assert set(kinds.values_list("kind", flat=True)) == {"security"}


def test_refused_attempts_and_other_people_make_nothing_known(alice):
    came(alice)
    log_attempt(UserFactory(), "password", "", Device(device_name="iPhone 17"))
    failed = Device(ip_address="198.51.100.23", device_name="iPhone 17", platform="android")
    log_attempt(alice, "password", "", failed, BadCredentials())

    assert came(alice, device_name="iPhone 17") == ["login_new_device"]


def test_it_is_seen_through_every_way_in(alice):
    """/login with the header that clients send; the job afterwards."""
    for name in ("%E4%B9%A6%E6%88%BF", "%E5%8A%9E%E5%85%AC%E5%AE%A4"):
        body = {"account": "alice", "password": PASSWORD}
        data(Api().post("/login", body, X_Device_Name=name))
        notice_new_devices()

    assert "办公室" in Notification.objects.get(channel="in_app").body


def test_two_jobs_tell_once(alice):
    came(alice)
    log_attempt(alice, "password", "", Device(device_name="iPhone 17"))
    pk = LoginLog.objects.latest("pk").pk

    assert [new_devices._examine(pk), new_devices._examine(pk)] == [True, False]


def test_one_that_fails_stops_none_of_the_others(alice, monkeypatch):
    bob = UserFactory()
    came(alice)
    came(bob)
    log_attempt(alice, "password", "", Device(device_name="new"))
    log_attempt(bob, "password", "", Device(device_name="new"))
    examine = new_devices._template
    monkeypatch.setattr(
        new_devices,
        "_template",
        lambda login: 1 / 0 if login.user_id == alice.pk else examine(login),
    )

    assert notice_new_devices() == 1
    assert Notification.objects.filter(user=bob, channel="in_app").count() == 1
    monkeypatch.undo()
    assert notice_new_devices() == 1
    assert Notification.objects.filter(user=alice, channel="in_app").count() == 1


def test_an_old_account_whose_history_is_gone_counts_as_new_everywhere(alice):
    User.objects.update(created_at=timezone.now() - timedelta(days=181))
    assert came(alice) == ["login_new_device"]


def test_the_login_itself_pays_one_insert(alice):
    from django.db import connection

    with CaptureQueriesContext(connection) as queries:
        log_attempt(alice, "wechat", "", PHONE)
    assert len(queries) == 1
