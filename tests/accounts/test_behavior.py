"""What one person did in the last 90 days, in `/user/{id}` and on their page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import LoginLog
from accounts.services.behavior import behavior_of
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from commerce.models import Order
from counseling.models import Appointment
from tests.factories.accounts import UserFactory
from tests.factories.counseling import booked, booker
from tests.helpers import Api, data

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)  # in Shanghai
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _friday():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def client():
    """Somebody who booked today."""
    return booker(user=UserFactory(nickname="鲍勃"))


@pytest.fixture
def bob(client):
    return client.user


def logged_in(user, *moments, method="wechat", device="iPhone 15", succeeded=True, **more):
    for moment in moments:
        row = LoginLog.objects.create(
            user=user, method=method, device_name=device, succeeded=succeeded, **more
        )
        LoginLog.objects.filter(pk=row.pk).update(created_at=moment)


def behavior(api, user) -> dict:
    return data(api.get(f"/user/{user.pk}"))["behavior"]


def series(found) -> dict[str, dict[int, int]]:
    """What is not zero, by how many days ago."""
    return {
        line["key"]: {89 - at: number for at, number in enumerate(line["values"]) if number}
        for line in found["series"]
    }


def test_logins_orders_and_appointments_stand_on_the_days_of_shanghai(staff, client, bob):
    midnight = datetime(2026, 11, 19, 16, tzinfo=UTC)  # of the 20th
    first = datetime(2026, 8, 22, 16, tzinfo=UTC)  # of 23 August: 90 days with today
    logged_in(bob, midnight, midnight - timedelta(seconds=1), first, first - timedelta(seconds=1))
    logged_in(bob, NOON, succeeded=False)
    logged_in(UserFactory(), NOON)
    booked(client)
    Order.objects.update(created_at=NOON - timedelta(days=3))
    Appointment.objects.update(created_at=NOON - timedelta(days=2))

    found = behavior(Api(staff("super_admin")), bob)

    assert (found["from"], found["to"]) == ("2026-08-23", "2026-11-20")
    assert {len(line["values"]) for line in found["series"]} == {90}
    assert series(found) == {
        "logins": {0: 1, 1: 1, 89: 1},
        "orders": {3: 1},
        "appointments": {2: 1},
    }


def test_ways_in_and_devices_most_first(staff, bob):
    logged_in(bob, *[NOON] * 3)
    logged_in(bob, NOON, NOON, method="password", device="", platform="web")
    logged_in(bob, NOON, method="phone", device="")

    found = behavior(Api(staff("super_admin")), bob)

    assert list(found["logins_by_method"].items()) == [
        ("wechat", 3), ("password", 2), ("phone", 1),
    ]  # fmt: skip
    assert list(found["logins_by_device"].items()) == [("iPhone 15", 3), ("web", 2), ("", 1)]


def test_ten_devices_at_most(staff, bob):
    for n in range(12):
        logged_in(bob, NOON, device=f"设备{n:02}")

    found = behavior(Api(staff("super_admin")), bob)

    assert list(found["logins_by_device"]) == [f"设备{n:02}" for n in range(10)]


def test_a_reader_sees_what_their_role_lets_them(staff, client, bob):
    logged_in(bob, NOON)
    booked(client)
    save_role("hr", name="人员", permissions=["user:manage"], data_scope="all", actor=None)
    reader = UserFactory()
    assign_role(reader.pk, code="hr", actor=None)

    assert list(series(behavior(Api(reader), bob))) == ["logins"]
    assert set(series(behavior(Api(staff("super_admin")), bob))) == {
        "logins", "orders", "appointments",
    }  # fmt: skip


def test_much_behavior_costs_as_many_statements_as_little(staff, bob):
    root, costs = staff("super_admin"), []
    asks = ("accounts_loginlog", "commerce_order", "counseling_appointment")
    for days in (1, 40):
        logged_in(bob, *[NOON - timedelta(days=n) for n in range(days)])
        with CaptureQueriesContext(connection) as asked:
            behavior_of(bob, viewer=root, now=NOON)
        sources = [query["sql"].partition(" FROM ")[2].split()[0].strip('"`') for query in asked]
        costs.append(sorted(table for table in sources if table in asks))

    assert costs == [sorted(asks)] * 2


def page(user, bob) -> str:
    browser = Client()
    browser.force_login(user)
    return browser.get(reverse("admin:accounts_user_change", args=[bob.pk])).content.decode()


def test_the_page_of_a_person_draws_it_in_words(staff, client, bob):
    logged_in(bob, *[NOON] * 2)
    booked(client)

    words = page(staff("super_admin"), bob)

    assert "近 90 天的行为（" in words
    assert "登录 2，订单 1，预约 1" in words
    assert 'class="chart"' in words
    assert "11月20日" in words
    assert "iPhone 15" in words
    assert "微信" in words


def test_nobody_sees_a_chart_of_nothing_they_may_see(bob):
    reader = UserFactory(is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_user"))

    assert "天的行为" not in page(reader, bob)
