"""Segments of people, and the back office's page of figures about them."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import OperationLog, User, UserSegment
from accounts.services.rollups import refresh_figures
from accounts.services.segments import refresh_segments, segment_counts, segment_of
from tests.accounts.crowd import NOW, crowd
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data

pytestmark = pytest.mark.django_db


# -- segments


@pytest.mark.parametrize(
    ("facts", "segment"),
    [
        ({"paid_orders": 3, "paid": 90}, "loyal"),
        ({"paid_orders": 2, "paid": 0}, "paying"),
        ({"paid_orders": 9, "paid": 91}, "lapsed"),
        ({"registered": 30}, "new"),
        ({"registered": 31, "active": 30}, "active"),
        ({"registered": 31, "active": 31}, "dormant"),
        ({"registered": 31}, "dormant"),
    ],
)
def test_each_person_is_in_one_segment(facts, segment):
    def ago(name):
        return NOW - timedelta(days=facts[name]) if name in facts else None

    active = ago("active")
    assert segment_of(
        registered_at=ago("registered") or NOW - timedelta(days=400),
        last_active_on=active and active.date(),
        paid_orders=facts.get("paid_orders", 0),
        last_paid_at=ago("paid"),
        now=NOW,
    ) == segment  # fmt: skip


def test_segments_are_made_anew_and_forget_closed_accounts():
    new, gone = UserFactory(), UserFactory()
    now = timezone.now()
    assert refresh_segments(now=now) == 2
    assert segment_counts()[0] == {"new": 2}

    User.objects.filter(pk=gone.pk).update(status="deleted")
    refresh_segments(now=now + timedelta(days=60))

    assert list(UserSegment.objects.values_list("user", "segment")) == [(new.pk, "dormant")]


PAGE = "/admin/accounts/user/analysis/"


@time_machine.travel(NOW, tick=False)
def test_the_page_shows_the_same_figures_and_leads_to_the_people(office):
    crowd(people=12)
    refresh_figures(now=NOW)
    refresh_segments(now=NOW)

    response = office("admin").get(PAGE, {"from": "2026-10-01", "to": "2026-11-20"})

    text = response.content.decode()
    stats = response.context["stats"]
    assert (str(stats.first), str(stats.last)) == ("2026-10-01", "2026-11-20")
    assert sum(stats.registered) > 0
    assert "?segment=new" in text
    assert "留存" in text


def test_a_span_that_makes_no_sense_shows_the_last_thirty_days_and_says_so(office):
    response = office("admin").get(PAGE, {"from": "2026-11-30", "to": "2026-11-01"})

    assert "不能晚于结束日期" in response.content.decode()
    assert len(response.context["stats"].starts) == 30


@pytest.mark.parametrize(
    ("role", "page", "export"),
    [("admin", 200, 200), ("finance", 200, 403), ("customer_service", 403, 403)],
)
def test_looking_needs_data_view_and_taking_along_data_export(office, role, page, export):
    client = office(role)

    assert client.get(PAGE).status_code == page
    response = client.post(f"{PAGE}export/", {"by": "week"})
    assert response.status_code == export

    log = OperationLog.objects.get()
    assert (log.operation, log.status) == (
        "data:export", "success" if export == 200 else "failed",
    )  # fmt: skip
    if export == 200:
        assert response.content.decode().startswith("\ufeff日期,新增用户,活跃用户,登录次数")


def test_the_list_of_people_filters_by_segment(staff):
    refresh_segments(now=timezone.now())
    api = Api(staff("admin"))
    UserFactory()

    assert data(api.get("/user", {"segment": "new"}))["pagination"]["total"] == 0
    refresh_segments(now=timezone.now())
    assert data(api.get("/user", {"segment": "new"}))["pagination"]["total"] == 2
