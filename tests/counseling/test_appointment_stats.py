"""Figures of sessions: what became of them, when and with whom; who is told how much (P-7)."""

from datetime import UTC as _UTC
from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction

from accounts.models import Organisation, User
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from commerce.models import Order
from config.days import SHANGHAI
from config.measures import DAY
from content.models import DiseaseTag
from counseling.models import Appointment, CounselorVisits, Review
from counseling.services import visits
from counseling.services.appointment_stats import appointment_stats
from counseling.stats import bookings, sessions
from tests.factories.accounts import UserFactory
from tests.factories.counseling import CounselorFactory, ServiceFactory, SlotFactory, booked, booker
from tests.helpers import Api, data, exported, refusal

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 3, tzinfo=_UTC)  # a Friday, 11:00 in Shanghai
TODAY = date(2026, 11, 20)
MONDAY = date(2026, 11, 16)
SPAN = {"from": "2026-11-16", "to": "2026-11-20"}
OVER = {"completed", "no_show"}


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def session(
    status="completed", day=MONDAY, hour=10, *, service=None, client=None, made=MONDAY, paid=True
) -> Appointment:
    """One that began then, with what became of it."""
    service = service or ServiceFactory()
    slot = SlotFactory(counselor=service.counselor)
    row = booked(client or booker(), slot=slot, service=service)
    start = at(day, hour)
    Appointment.objects.filter(pk=row.pk).update(
        start_at=start, end_at=start + timedelta(minutes=50), status=status
    )
    Order.objects.filter(items__appointment=row).update(
        created_at=at(made, 9),
        paid_at=at(made, 9) if paid else None,
        completed_at=at(day, hour + 1) if status in OVER else None,
    )
    return row


def a_week(service) -> None:
    """Seven that counted, and two nobody paid for."""
    client = booker()
    for hour in (10, 10, 14):
        session("completed", MONDAY, hour, service=service, client=client)
    session("no_show", MONDAY + DAY, 9, service=service, client=client)
    session("cancelled", MONDAY + DAY, 9, service=service, client=client)
    session("refunded", MONDAY + 2 * DAY, 20, service=service, client=client)
    session("confirmed", TODAY, 20, service=service, client=client, made=TODAY)
    session("cancelled", TODAY, 21, service=service, client=client, made=TODAY, paid=False)
    session("expired", TODAY, 22, service=service, client=client, made=TODAY, paid=False)


@time_machine.travel(NOW, tick=False)
def test_over_http(staff):
    service = ServiceFactory()
    a_week(service)
    CounselorVisits.objects.create(counselor=service.counselor, day=MONDAY, number=40)

    found = data(Api(staff("admin")).get("/stat/appointment", SPAN))

    assert (found["exact"], found["starts"][0], len(found["starts"])) == (True, "2026-11-16", 5)
    assert found["totals"] == {
        "booked": 9, "sessions": 5, "completed": 3, "no_show": 1, "cancelled": 2,
    }  # fmt: skip
    assert found["rates"] == {"completion": 0.5, "cancellation": 0.2857, "no_show": 0.25}
    assert [row["booked"] for row in found["series"]] == [6, 0, 0, 0, 3]
    assert [row["sessions"] for row in found["series"]] == [3, 1, 0, 0, 1]
    assert [row["cancelled"] for row in found["series"]] == [0, 1, 1, 0, 0]
    hot = {(day, hour): n for day, hours in enumerate(found["heat"])
           for hour, n in enumerate(hours) if n}  # fmt: skip
    assert hot == {(0, 10): 2, (0, 14): 1, (1, 9): 1, (4, 20): 1}
    assert [(row["name"], row["title"], row["sessions"]) for row in found["types"]] == [
        ("individual:video", "个人咨询·视频", 5)
    ]
    assert found["counselors"] == [
        {
            "name": str(service.counselor_id), "title": service.counselor.name, "sessions": 5,
            "completed": 3, "no_show": 1, "cancelled": 2, "hours": 3.3,
        }
    ]  # fmt: skip
    assert [(step["name"], step["number"]) for step in found["funnel"]] == [
        ("viewed", 40), ("booked", 9), ("paid", 7), ("attended", 3),
    ]  # fmt: skip
    weeks = data(Api(staff("admin")).get("/stat/appointment", SPAN | {"by": "week"}))
    assert (weeks["starts"], weeks["series"]) == (["2026-11-16"], [found["totals"]])


@time_machine.travel(NOW, tick=False)
def test_how_much_of_the_time_was_used(staff):
    """Booked of what was not closed; minutes for who may see the sessions themselves."""
    counselor, other = CounselorFactory(), CounselorFactory()
    of_both = [(counselor, MONDAY, hour, "booked") for hour in range(8, 13)] + [
        (counselor, MONDAY, 14, "open"), (counselor, TODAY, 9, "held"),
        (counselor, TODAY, 10, "closed"), (counselor, MONDAY - DAY, 10, "booked"),
        (other, MONDAY, 9, "booked"), (other, TODAY, 9, "open"),
    ]  # fmt: skip
    for whose, day, hour, status in of_both:
        start = at(day, hour)
        SlotFactory(
            counselor=whose, start_at=start, end_at=start + timedelta(minutes=50), status=status
        )
    admin, finance, own = Api(staff("admin")), Api(staff("finance")), Api(counselor.user)

    def used(api, **more):
        return data(api.get("/stat/appointment", SPAN | more))["utilisation"]

    assert used(admin) == {
        "open_minutes": 100, "held_minutes": 50, "booked_minutes": 300, "closed_minutes": 50,
        "share": 0.6667,
    }  # fmt: skip
    assert used(own) == used(admin, counselor=counselor.pk) == {
        "open_minutes": 50, "held_minutes": 50, "booked_minutes": 250, "closed_minutes": 50,
        "share": 0.7143,
    }  # fmt: skip
    hidden = dict.fromkeys(("open_minutes", "held_minutes", "booked_minutes", "closed_minutes"))
    assert used(finance) == hidden | {"share": 0.5556}  # five of nine
    assert used(finance, counselor=other.pk) == hidden | {"share": None}


@time_machine.travel(NOW, tick=False)
def test_satisfaction_is_the_mean_of_the_reviews_that_are_shown(staff):
    service = ServiceFactory()
    for hour, (rating, status) in enumerate(
        [(5, "visible")] * 4 + [(2, "visible"), (1, "hidden")], start=8
    ):
        row = session(service=service, hour=hour)
        Review.objects.create(
            appointment=row, counselor=row.counselor, user=row.user, rating=rating, status=status,
            comment="好",
        )  # fmt: skip
    admin, finance = Api(staff("admin")), Api(staff("finance"))

    assert data(admin.get("/stat/appointment", SPAN))["satisfaction"] == {"reviews": 5, "mean": 4.4}
    assert data(finance.get("/stat/appointment", SPAN))["satisfaction"]["reviews"] == 5

    Review.objects.filter(rating=2).update(status="hidden")
    told = data(finance.get("/stat/appointment", SPAN))["satisfaction"]
    assert told == {"reviews": None, "mean": None}


@time_machine.travel(NOW, tick=False)
def test_one_kind_mode_or_counselor_alone():
    couple = ServiceFactory(kind="couple", mode="voice")
    session(service=couple)
    session(hour=15)

    def sessions_of(**choice):
        stats = appointment_stats(
            first=MONDAY, last=TODAY, by="day", viewer=None, now=NOW, **choice
        )
        return stats.totals.sessions

    assert sessions_of() == 2
    assert sessions_of(kind="couple") == sessions_of(mode="voice") == 1
    assert sessions_of(counselor=couple.counselor_id) == 1
    assert sessions_of(counselor=couple.counselor_id, kind="individual") == 0


@time_machine.travel(NOW, tick=False)
def test_a_counselor_sees_their_own_and_nobody_elses(user, api):
    mine = ServiceFactory(counselor=CounselorFactory(user=user))
    other = ServiceFactory()
    session(service=mine)
    session(service=other, hour=15)
    for service, number in ((mine, 7), (other, 90)):
        CounselorVisits.objects.create(counselor=service.counselor, day=MONDAY, number=number)

    found = data(api.get("/stat/appointment", SPAN))

    assert (found["exact"], found["totals"]["sessions"]) == (True, 1)
    assert [row["name"] for row in found["counselors"]] == [str(mine.counselor_id)]
    assert found["funnel"][0]["number"] == 7
    theirs = data(api.get("/stat/appointment", SPAN | {"counselor": other.counselor_id}))
    assert (theirs["totals"]["sessions"], theirs["funnel"][0]["number"]) == (0, 0)


def test_who_has_neither_right_nor_practice_is_refused(staff, api):
    for client in (api, Api(staff("customer_service"))):
        assert refusal(client.get("/stat/appointment")) == (403, 10403)
    assert Api().get("/stat/appointment").status_code == 401
    wrong = Api(staff("admin")).get("/stat/appointment", {"mode": "letter"})
    assert (refusal(wrong), list(wrong.json()["data"])) == ((400, 10400), ["mode"])


# -- P-7


def numbers_of(found) -> set:
    """Every count of the answer."""
    told = {row[name] for row in [found["totals"], *found["series"]] for name in row}
    told |= {n for hours in found["heat"] for n in hours}
    told |= {row[name] for part in ("types", "counselors") for row in found[part]
             for name in ("sessions", "completed", "no_show", "cancelled", "hours")}  # fmt: skip
    return told | {step["number"] for part in ("funnel", "tags") for step in found[part]}


@time_machine.travel(NOW, tick=False)
def test_P7_who_may_only_see_figures_learns_no_small_number_from_any_two_filters(staff):
    service, other = ServiceFactory(), ServiceFactory(kind="couple")
    client = booker()
    for number in range(7):
        session(service=service, client=client, hour=8 + number, day=MONDAY + (number % 2) * DAY)
    session("no_show", service=other, client=client, hour=20)
    api = Api(staff("finance"))

    answers = [
        data(api.get("/stat/appointment", SPAN | choice))
        for choice in (
            {}, {"kind": "couple"}, {"kind": "individual"}, {"counselor": other.counselor_id},
            {"to": "2026-11-16"}, {"by": "month"}, {"mode": "video"},
        )
    ]  # fmt: skip

    told = set().union(*map(numbers_of, answers)) - {None}
    assert told == {0, 5}
    assert not any(found["exact"] for found in answers)
    assert answers[0]["totals"] == {
        "booked": 5, "sessions": 5, "completed": 5, "no_show": None, "cancelled": 0,
    }  # fmt: skip
    assert answers[0]["rates"]["no_show"] is None


@time_machine.travel(NOW, tick=False)
def test_P7_nobody_is_told_of_few_people_by_what_they_suffer_from(staff):
    service = ServiceFactory()
    tags = [DiseaseTag.objects.create(name=name) for name in ("失眠", "丧亲")]
    service.counselor.specialties.add(tags[0])
    rare = ServiceFactory()
    rare.counselor.specialties.add(tags[1])
    for number in range(6):
        session(service=service, hour=8 + number)
    client = booker()
    for number in range(6):  # one person, six times
        session(service=rare, client=client, hour=8 + number)

    found = data(Api(staff("admin")).get("/stat/appointment", SPAN))

    assert found["totals"]["sessions"] == 12
    assert [(tag["title"], tag["number"]) for tag in found["tags"]] == [("失眠", 5), ("丧亲", None)]


@time_machine.travel(NOW, tick=False)
def test_a_role_that_reaches_its_organisation_sees_its_counselors_figures():
    place = Organisation.objects.create(name="北区")
    save_role(
        "local", name="本地", permissions=["data:view"], data_scope="organisation", actor=None
    )
    viewer = UserFactory(organisation=place)
    assign_role(viewer.pk, "local", actor=None)
    mine, other = ServiceFactory(), ServiceFactory()
    User.objects.filter(pk=mine.counselor.user_id).update(organisation=place)
    client = booker()
    for hour in range(8, 14):
        session(service=mine, client=client, hour=hour)
        session(service=other, client=client, hour=hour)

    stats = appointment_stats(first=MONDAY, last=TODAY, by="day", viewer=viewer, now=NOW)

    assert (stats.exact, stats.totals.sessions) == (False, 5)
    assert [share.name for share in stats.counselors] == [str(mine.counselor_id)]


def test_the_dashboard_counts_the_same():
    with time_machine.travel(NOW, tick=False):
        a_week(ServiceFactory())
        stats = appointment_stats(
            first=TODAY - 13 * DAY, last=TODAY, by="day", viewer=None, now=NOW
        )

    assert list(bookings(NOW).values) == [row.booked for row in stats.series]
    assert list(sessions(NOW).values) == [row.sessions for row in stats.series]


def test_questions_do_not_grow_with_the_rows(django_assert_max_num_queries):
    service = ServiceFactory()
    for hour in range(8, 12):
        session(service=service, hour=hour)

    with django_assert_max_num_queries(9):
        appointment_stats(first=MONDAY, last=TODAY, by="day", viewer=None, now=NOW)


# -- looks at a counselor's page


def test_looks_are_written_now_and_then_and_never_while_somebody_waits(
    api, django_assert_num_queries
):
    counselor, other = CounselorFactory(), CounselorFactory()
    visits.write_all()
    CounselorVisits.objects.all().delete()
    api.get(f"/counselor/{counselor.pk}")

    with django_assert_num_queries(2):
        api.get(f"/counselor/{counselor.pk}")
    api.get(f"/counselor/{other.pk}")
    assert api.get("/counselor/999999").status_code == 404
    assert not CounselorVisits.objects.exists()

    assert visits.write_all() == 3
    api.get(f"/counselor/{counselor.pk}")
    assert visits.write_all() == 1
    assert visits.write_all() == 0

    rows = CounselorVisits.objects.order_by("pk").values_list("counselor", "number")
    assert list(rows) == [(counselor.pk, 3), (other.pk, 1)]


def test_looks_that_could_not_be_written_are_written_later(api):
    counselor = CounselorFactory()
    visits.write_all()
    api.get(f"/counselor/{counselor.pk}")

    def away(*args):
        raise OperationalError("gone away")

    with (
        pytest.raises(OperationalError),
        transaction.atomic(),
        connection.execute_wrapper(away),
    ):
        visits.write_all()

    assert visits.write_all() == 1


# -- the page and the file


PAGE = "/admin/counseling/appointment/analysis/"


@time_machine.travel(NOW, tick=False)
def test_the_page_shows_the_figures_of_the_answer(office):
    service = ServiceFactory()
    a_week(service)

    client = office("admin")
    text = client.get(PAGE, SPAN | {"counselor": service.counselor_id}).content.decode()

    assert f'<option value="{service.counselor_id}" selected>' in text
    assert 'title="周一 10 时：2"' in text
    assert "完成率" in text
    assert "少于 5 的数字不显示，其余" not in text
    assert "少于 5 的数字不显示，其余" in office("finance").get(PAGE).content.decode()
    assert office("customer_service").get(PAGE).status_code == 403
    taken = client.post(f"{PAGE}export/", SPAN).content.decode()
    assert "合计,9,5,3,1,2" in taken.splitlines()


@time_machine.travel(NOW, tick=False)
def test_the_file_has_the_figures_of_the_answer(staff):
    a_week(ServiceFactory())

    wish = SPAN | {"mode": "video"}
    job, rows = exported(Api(staff("admin")), "/stat/appointment/export", wish)

    assert job["filters"] == SPAN | {"by": "day", "mode": "video"}
    assert ["2026-11-16", "6", "3", "3", "0", "0"] in rows
    assert ["合计", "9", "5", "3", "1", "2"] in rows
    assert ["完成率", "50.0%"] in rows
