"""Figures about people: kept ones equal counted ones, whatever the day, the part and the period."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from accounts.models import ActiveDay, Organisation, RefreshToken, StatFigure, User
from accounts.services.rollups import (
    all_measures,
    counted,
    counted_by,
    recompute_figures,
    refresh_figures,
)
from accounts.services.user_stats import discreet, feature_use, user_stats
from accounts.tasks import roll_up
from config.days import SHANGHAI
from config.measures import bucket_end, buckets
from counseling.models import ClientProfile
from tests.accounts.crowd import NOW, TODAY, at, crowd, login, person
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


def live(measure, first, last):
    return {key: n for key, n in measure.counts(first, last).items() if n}


def test_what_is_kept_is_what_counting_again_gives():
    crowd()
    first = TODAY - timedelta(days=75)
    before = {name: live(m, first, TODAY) for name, m in all_measures().items()}

    with time_machine.travel(NOW, tick=False):
        assert refresh_figures(now=NOW) > 0

    for name, measure in all_measures().items():
        kept = {k: n for k, n in counted(measure, first, TODAY, now=NOW).items() if n}
        if name.startswith("retained"):  # activity was noted meanwhile
            assert kept == live(measure, first, TODAY), name
            assert sum(kept.values()) > 0
        else:
            assert kept == before[name], name


def test_weeks_and_months_count_a_person_once():
    crowd()
    measure = all_measures()["active"]
    first, last = date(2026, 9, 1), date(2026, 11, 30)
    want = {
        period: {
            start: len(active_between(start, bucket_end(start, period)))
            for start in buckets(first, last, period)
        }
        for period in ("week", "month")
    }
    assert max(want["month"].values()) > 0

    for _ in range(2):  # counted, then kept
        for period, numbers in want.items():
            found = counted_by(measure, first, last, period, now=NOW)
            assert {start: found.get((start, ""), 0) for start in numbers} == numbers
        refresh_figures(now=NOW)


def active_between(first: date, last: date) -> set[int]:
    moments = RefreshToken.objects.values_list("session__user", "issued_at")
    return {pk for pk, moment in moments if first <= moment.astimezone(SHANGHAI).date() <= last}


def test_the_day_is_shanghais():
    user = person(date(2026, 11, 10))
    User.objects.filter(pk=user.pk).update(created_at=datetime(2026, 11, 9, 16, tzinfo=UTC))

    found = all_measures()["registered"].counts(date(2026, 11, 1), TODAY)

    assert found == {(date(2026, 11, 10), ""): 1}


def test_rolling_up_again_changes_nothing_and_late_nights_are_made_up_for():
    crowd()
    refresh_figures(now=NOW - timedelta(days=4))
    refresh_figures(now=NOW)
    rows = list(StatFigure.objects.order_by("pk").values())

    assert refresh_figures(now=NOW) == 0

    assert list(StatFigure.objects.order_by("pk").values()) == rows
    whole = StatFigure.objects.filter(measure="registered", period="day", part="")
    days = list(whole.order_by("start").values_list("start", flat=True))
    assert days[-1] == TODAY - timedelta(days=1)
    assert len(days) == (days[-1] - days[0]).days + 1


def test_recomputing_repairs_what_was_changed_by_hand():
    crowd()
    refresh_figures(now=NOW)
    wanted = list(StatFigure.objects.order_by("measure", "start", "part").values_list("value"))
    StatFigure.objects.filter(period="day").update(value=99)

    recompute_figures(TODAY - timedelta(days=80), TODAY, now=NOW)

    odd = StatFigure.objects.filter(value=99, period="day").exclude(measure="platforms")
    assert not odd.exists()
    assert len(wanted) == StatFigure.objects.count()


def test_activity_outlives_its_tokens():
    user = person(date(2026, 10, 1))
    login(user, at(date(2026, 10, 2)))
    refresh_figures(now=NOW)

    RefreshToken.objects.all().delete()

    assert list(ActiveDay.objects.values_list("user", "day")) == [(user.pk, date(2026, 10, 2))]
    assert all_measures()["retained_1"].counts(date(2026, 10, 1), date(2026, 10, 1)) == {
        (date(2026, 10, 1), ""): 1
    }


@time_machine.travel(NOW, tick=False)
def test_over_http(staff):
    old = person(date(2026, 11, 10))
    login(old, at(date(2026, 11, 11)))
    login(old, at(TODAY, 9), method="password", platform="")
    User.objects.exclude(pk=old.pk).update(created_at=at(date(2026, 1, 1)))
    viewer = staff("finance")
    User.objects.filter(pk=viewer.pk).update(created_at=at(date(2026, 1, 1)))
    roll_up()

    found = data(
        Api(viewer).get("/stat/user", {"from": "2026-11-10", "to": "2026-11-12", "by": "day"})
    )

    assert found["starts"] == ["2026-11-10", "2026-11-11", "2026-11-12"]
    assert (found["from"], found["to"], found["by"]) == ("2026-11-10", "2026-11-12", "day")
    assert found["registered"] == [1, 0, 0]
    assert found["active"] == [0, 1, 0]
    assert found["logins"] == [0, 1, 0]
    assert found["logins_by_method"] == {"wechat": [0, 1, 0]}
    assert found["logins_by_platform"] == {"ios": [0, 1, 0]}
    assert found["retention"] == {
        "d1": [1.0, None, None], "d7": [0.0, None, None], "d30": [None, None, None],
    }  # fmt: skip
    assert found["funnel"][0] == {"name": "registered", "title": "注册", "number": 1}


@time_machine.travel(NOW, tick=False)
def test_today_is_counted_when_asked(staff):
    person(TODAY)
    viewer = staff("finance")
    User.objects.filter(pk=viewer.pk).update(created_at=at(date(2026, 1, 1)))
    roll_up()

    api = Api(viewer)  # a login of today
    found = data(api.get("/stat/user"))

    assert (found["from"], found["to"]) == ("2026-10-22", "2026-11-20")
    assert found["registered"][-1] == 1
    assert found["active"][-1] == 1


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-11-21", "to": "2026-11-22"}, "to"),
        ({"from": "2026-11-12", "to": "2026-11-11"}, "from"),
        ({"from": "2025-11-19"}, "from"),
        ({"from": "2023-11-01", "by": "week"}, "from"),
        ({"from": "yesterday"}, "from"),
        ({"by": "hour"}, "by"),
    ],
)
def test_a_span_that_makes_no_sense_is_refused_by_field(staff, query, field):
    response = Api(staff("finance")).get("/stat/user", query)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]


def test_the_permission_is_asked_for(staff, api):
    for client in (api, Api(staff("customer_service"))):
        assert client.get("/stat/user").status_code == 403


@time_machine.travel(NOW, tick=False)
def test_a_viewer_sees_figures_of_those_their_role_reaches(staff):
    from accounts.services.role_editing import save_role
    from accounts.services.roles import assign_role

    place = Organisation.objects.create(name="北区")
    mine = person(date(2026, 11, 10), organisation_id=place.pk)
    other = person(date(2026, 11, 10))
    for user in (mine, other):
        login(user, at(date(2026, 11, 11)))
    save_role(
        "local", name="本地", permissions=["data:view"], data_scope="organisation", actor=None
    )
    assign_role(mine.pk, "local", actor=None)
    refresh_figures(now=NOW)

    def registered(viewer):
        stats = user_stats(first=date(2026, 11, 10), last=date(2026, 11, 11), by="day",
                           viewer=viewer, now=NOW)  # fmt: skip
        return stats.registered, stats.active

    assert registered(User.objects.get(pk=mine.pk)) == ([1, 0], [0, 1])
    assert registered(staff("finance")) == ([2, 0], [0, 2])


# -- P-7


def test_P7_small_numbers_of_health_are_not_told_nor_made_out_of_two_answers():
    shown = {number: discreet(number) for number in range(200)}

    assert [shown[n] for n in (0, 1, 4, 5, 9, 10)] == [0, None, None, 5, 5, 10]
    told = sorted({n for n in shown.values() if n is not None})
    assert {b - a for a in told for b in told if b > a} & {1, 2, 3, 4} == set()


def test_P7_the_funnel_and_features_hide_small_counts_of_counseling():
    for number in range(7):
        user = person(date(2026, 11, 1))
        if number < 4:
            ClientProfile.objects.create(user=user, name="x", birth_date=date(1990, 1, 1))
    ClientProfile.objects.update(created_at=at(date(2026, 11, 2)))
    span = {"first": date(2026, 11, 1), "last": TODAY, "viewer": None, "now": NOW}

    steps = {step.name: step.number for step in user_stats(by="day", **span).funnel}
    assert steps["registered"] == 7
    assert steps["client_profiles"] is None
    uses = {step.name: step.number for step in feature_use(**span)}
    assert uses["client_profiles"] is None

    for pk in User.objects.order_by("pk").values_list("pk", flat=True)[4:7]:
        ClientProfile.objects.create(user_id=pk, name="x", birth_date=date(1990, 1, 1))
    ClientProfile.objects.update(created_at=at(date(2026, 11, 2)))
    steps = {step.name: step.number for step in user_stats(by="day", **span).funnel}
    assert steps["client_profiles"] == 5


def test_a_step_counts_within_thirty_days_of_registering():
    for days in (0, 29, 30, 31):
        user = person(date(2026, 9, 1))
        ClientProfile.objects.create(user=user, name="x", birth_date=date(1990, 1, 1))
        moment = at(date(2026, 9, 1)) + timedelta(days=days)
        ClientProfile.objects.filter(user=user).update(created_at=moment)

    found = all_measures()["funnel_client_profiles"].counts(date(2026, 9, 1), date(2026, 9, 1))

    assert found == {(date(2026, 9, 1), ""): 2}


# -- the page


def office(user):
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client
