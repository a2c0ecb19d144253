"""POST /stat/user/export: the figures of /stat/user as a file, made in the background."""

import csv
import io
from datetime import UTC, date, datetime

import pytest
import time_machine
from openpyxl import load_workbook

from accounts.models import ExportJob, OperationLog, Organisation, User
from accounts.services.export_running import run_due
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role, remove_role
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

PATH = "/stat/user/export"
WEEK = {"from": "2026-11-09", "to": "2026-11-12"}


@pytest.fixture(autouse=True)
def _friday():
    with time_machine.travel(datetime(2026, 11, 20, 3, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def admin(staff):
    return Api(staff("admin"))


def registered(day: date, number: int, **fields) -> None:
    moment = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    people = UserFactory.create_batch(number, **fields)
    User.objects.filter(pk__in=[user.pk for user in people]).update(created_at=moment)


def made(api, **wish) -> dict:
    job = data(api.post(PATH, wish), 202)
    run_due()
    return data(api.get(f"/exports/{job['id']}"))


def content(api, job) -> bytes:
    url = job["download_url"]
    return b"".join(api.get(url[url.index("/api/v1") + 7 :]).streaming_content)


def table(api, job) -> list[list[str]]:
    return list(csv.reader(content(api, job).decode("utf-8-sig").splitlines()))


def test_the_file_has_the_figures_of_the_answer(admin):
    registered(date(2026, 11, 10), 2)
    registered(date(2026, 11, 12), 1)

    job = made(admin, **WEEK)

    assert (job["kind"], job["label"], job["status"]) == ("user_stats", "用户统计", "ready")
    assert job["filters"] == WEEK | {"by": "day"}
    rows = table(admin, job)
    assert (job["total"], job["done"]) == (len(rows) - 1, len(rows) - 1)
    assert rows[0][:4] == ["日期", "新增用户", "活跃用户", "登录次数"]
    shown = data(admin.get("/stat/user", WEEK))
    assert [row[:2] for row in rows[1:5]] == [
        ["2026-11-09", "0"], ["2026-11-10", "2"], ["2026-11-11", "0"], ["2026-11-12", "1"],
    ]  # fmt: skip
    assert [int(row[1]) for row in rows[1:5]] == shown["registered"]
    assert rows[6] == ["注册", "3"]


def test_a_spreadsheet_by_weeks(admin):
    registered(date(2026, 11, 12), 3)

    job = made(admin, **WEEK, by="week", format="xlsx")

    sheet = load_workbook(io.BytesIO(content(admin, job))).active
    first, second, *_ = sheet.iter_rows(values_only=True)
    assert (first[0], second[:2]) == ("日期", ("2026-11-09", 3))


def test_without_days_it_is_the_last_thirty_as_they_are_now(admin):
    job = data(admin.post(PATH, {}), 202)
    assert job["filters"] == {"from": "2026-10-22", "to": "2026-11-20", "by": "day"}


def test_it_reaches_as_far_as_its_requesters_role(staff):
    place = Organisation.objects.create(name="北区")
    registered(date(2026, 11, 10), 1, organisation_id=place.pk)
    registered(date(2026, 11, 10), 4)
    save_role(
        "local", name="本地", permissions=["data:view", "data:export"],
        data_scope="organisation", actor=None,
    )  # fmt: skip
    viewer = UserFactory(organisation=place)
    assign_role(viewer.pk, code="local", actor=None)
    api = Api(viewer)

    rows = table(api, made(api, **WEEK))

    assert rows[2][:2] == ["2026-11-10", "1"]


def test_who_may_not_see_the_figures_gets_no_file(staff, api):
    refused = [(403, 10403)] * 3
    save_role("taker", name="导出", permissions=["data:export"], data_scope="all", actor=None)
    taker = UserFactory()
    assign_role(taker.pk, code="taker", actor=None)

    found = [refusal(who.post(PATH, WEEK)) for who in (api, Api(staff("finance")), Api(taker))]

    assert found == refused
    assert not ExportJob.objects.exists()


def test_it_takes_a_step_up_and_a_line_in_the_operation_log(staff):
    user = staff("admin")

    refused = Api(user, stepped_up=False).post(PATH, WEEK)
    assert refusal(refused) == (403, 11100)
    data(Api(user).post(PATH, WEEK), 202)

    rows = OperationLog.objects.filter(request_url="/api/v1/stat/user/export").order_by("pk")
    assert list(rows.values_list("operation", "status")) == [
        ("data:export", "failed"), ("data:export", "success"),
    ]  # fmt: skip


def test_a_right_that_was_lost_meanwhile_fetches_nothing(staff):
    user = staff("admin")
    api = Api(user)
    job = made(api, **WEEK)

    remove_role(user.pk, code="admin", actor=None)

    url = job["download_url"]
    assert Api().get(url[url.index("/api/v1") + 7 :]).status_code == 403


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"from": "2026-11-12", "to": "2026-11-11"}, "from"),
        ({"to": "2026-11-21"}, "to"),
        ({"by": "hour"}, "by"),
        ({"format": "zip"}, "format"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_by_field(admin, wish, field):
    response = admin.post(PATH, wish)

    assert refusal(response) == (400, 10400)
    assert list(response.json()["data"]) == [field]
    assert not ExportJob.objects.exists()
