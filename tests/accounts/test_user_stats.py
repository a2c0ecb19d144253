"""Figures about people: kept ones equal counted ones, whatever the day, the part and the period."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import (
    ActiveDay,
    LoginLog,
    LoginSession,
    Organisation,
    RefreshToken,
    StatFigure,
    User,
    UserSegment,
)
from accounts.services.rollups import (
    all_measures,
    counted,
    counted_by,
    recompute_figures,
    refresh_figures,
)
from accounts.services.segments import refresh_segments, segment_counts, segment_of
from accounts.services.user_stats import discreet, feature_use, user_stats
from accounts.tasks import roll_up
from config.days import SHANGHAI
from config.measures import bucket_end, buckets
from counseling.models import ClientProfile
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, tzinfo=SHANGHAI)
TODAY = date(2026, 11, 20)


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def person(day: date, **fields) -> User:
    user = UserFactory(**fields)
    User.objects.filter(pk=user.pk).update(created_at=at(day))
    user.refresh_from_db()
    return user


def login(user: User, moment: datetime, *, method="wechat", platform="ios") -> None:
    log = LoginLog.objects.create(user=user, method=method, succeeded=True)
    LoginLog.objects.filter(pk=log.pk).update(created_at=moment)
    sid = f"{user.pk}-{moment.timestamp()}"
    expires = moment + timedelta(days=30)
    session = LoginSession.objects.create(
        sid=sid, user=user, method=method, platform=platform, expires_at=expires
    )
    LoginSession.objects.filter(pk=session.pk).update(created_at=moment)
    RefreshToken.objects.create(jti=sid, session=session, issued_at=moment, expires_at=expires)


def crowd(seed: int = 7, people: int = 25, days: int = 75) -> None:
    """The same for the same seed: people who came, came back, or went."""
    pick = random.Random(seed)
    first = TODAY - timedelta(days=days)
    for _ in range(people):
        came = first + timedelta(days=pick.randrange(days + 1))
        user = person(came)
        for _ in range(pick.randrange(5)):
            day = came + timedelta(days=pick.choice([0, 1, 1, 2, 7, 7, 9, 30]))
            if day <= TODAY:
                login(user, at(day, pick.randrange(24), pick.randrange(60)),
                      method=pick.choice(["password", "wechat"]),
                      platform=pick.choice(["ios", "", "android"]))  # fmt: skip
        if pick.random() < 0.5:
            profile = ClientProfile.objects.create(user=user, name="x", birth_date=came)
            late = came + timedelta(days=pick.choice([0, 3, 29, 30, 31]))
            ClientProfile.objects.filter(pk=profile.pk).update(created_at=at(late, 10, 0))


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


# -- the page


def office(user):
    from django.test import Client

    client = Client()
    client.force_login(user)
    return client


PAGE = "/admin/accounts/user/analysis/"


def test_the_page_shows_the_same_figures_and_leads_to_the_people(staff):
    crowd(people=12)
    refresh_figures(now=timezone.now())
    refresh_segments(now=timezone.now())

    response = office(staff("admin")).get(PAGE, {"from": "2026-10-01", "to": "2026-11-20"})

    text = response.content.decode()
    stats = response.context["stats"]
    assert (str(stats.first), str(stats.last)) == ("2026-10-01", "2026-11-20")
    assert sum(stats.registered) > 0
    assert "?segment=new" in text
    assert "留存" in text


def test_a_span_that_makes_no_sense_shows_the_last_thirty_days_and_says_so(staff):
    response = office(staff("admin")).get(PAGE, {"from": "2026-11-30", "to": "2026-11-01"})

    assert "不能晚于结束日期" in response.content.decode()
    assert len(response.context["stats"].starts) == 30


@pytest.mark.parametrize(
    ("role", "page", "export"),
    [("admin", 200, 200), ("finance", 200, 403), ("customer_service", 403, 403)],
)
def test_looking_needs_data_view_and_taking_along_data_export(staff, role, page, export):
    from accounts.models import OperationLog

    client = office(staff(role))

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
