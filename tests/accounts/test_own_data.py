"""Everything about oneself, as a file for oneself alone (P-8)."""

import io
import json
import zipfile
from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import ExportJob, Notification
from accounts.services.export_running import drop_expired, run_due
from accounts.services.holdings import holdings
from accounts.services.personal_data import erase
from config import storage
from config.errors import NotFound
from counseling.models import ClientProfile
from tests.accounts.test_deletion_canaries import CANARIES, live, person  # noqa: F401
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.counseling import booked
from tests.helpers import Api, data, refusal


def archive(api, job: dict) -> zipfile.ZipFile:
    link = data(api.get(f"/exports/{job['id']}"))["download_url"]
    path = link.partition("/api/v1")[2]
    return zipfile.ZipFile(io.BytesIO(b"".join(api.get(path).streaming_content)))


def everything(zipped: zipfile.ZipFile) -> str:
    return "\n".join(zipped.read(name).decode() for name in zipped.namelist())


def rows(zipped, name: str) -> list[dict]:
    return json.loads(zipped.read(f"{name}.json"))["rows"]


@pytest.fixture
def job(person):  # noqa: F811
    live(person)
    booked()  # somebody else's
    job = data(Api(person).post("/user/data-export"), 202)
    run_due()
    return job


def test_P8_there_is_a_table_for_every_one_of_the_map(job, person):  # noqa: F811
    names = set(archive(Api(person), job).namelist())
    assert names == {f"{h.model._meta.label_lower}.json" for h in holdings()} | {"index.html"}


def test_P8_all_that_was_typed_is_in_it(job, person):  # noqa: F811
    text = everything(archive(Api(person), job))

    hidden = {"answer", "avatar", "why"}  # what we answered; its address is there; not asked yet
    assert {name for name, value in CANARIES.items() if value not in text} - hidden == set()
    assert "canary-avatar" in text


def test_nothing_of_others_and_no_secret_is_in_it(job, person):  # noqa: F811
    zipped = archive(Api(person), job)

    assert [row["id"] for row in rows(zipped, "accounts.user")] == [person.pk]
    assert {row["user_id"] for row in rows(zipped, "counseling.appointment")} == {person.pk}
    person.refresh_from_db()
    secrets = [person.password, person.row_key, ExportJob.objects.get().key]
    text = everything(zipped)
    assert [secret for secret in secrets if secret in text] == []


def test_the_page_reads_well(job, person):  # noqa: F811
    page = archive(Api(person), job).read("index.html").decode()

    assert "<h2>来访者（1）</h2>" in page
    assert "<td>女</td>" in page
    assert "<script" not in page


def test_what_people_typed_is_no_markup(db):
    user = UserFactory()
    ClientProfile.objects.create(
        user=user, name="<script>alert(1)</script>", birth_date=date(1990, 1, 1)
    )
    job = data(Api(user).post("/user/data-export"), 202)
    run_due()

    page = archive(Api(user), job).read("index.html").decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page


def test_it_is_told_when_it_is_ready(job, person):  # noqa: F811
    note = Notification.objects.get(user=person, template="export_ready", channel="in_app")
    assert "我的数据" in note.body


def test_once_a_day(job, person):  # noqa: F811
    refused = Api(person).post("/user/data-export")
    assert refusal(refused) == (429, 11161)
    assert refused.json()["data"]["job_id"] == job["id"]
    assert 86_000 < refused.json()["data"]["retry_after"] <= 86_400
    assert ExportJob.objects.count() == 1

    with time_machine.travel(timezone.now() + timedelta(hours=24, seconds=1), tick=False):
        data(Api(person).post("/user/data-export"), 202)


def test_it_asks_who_one_is_first(db):
    user = UserFactory(password=PASSWORD)
    assert refusal(Api(user, stepped_up=False).post("/user/data-export")) == (403, 11100)
    assert not ExportJob.objects.exists()


def test_another_person_gets_neither_the_job_nor_the_file(job, person):  # noqa: F811
    stranger = Api(UserFactory())
    link = data(Api(person).get(f"/exports/{job['id']}"))["download_url"]

    assert stranger.get(f"/exports/{job['id']}").status_code == 404
    assert stranger.get(link.partition("/api/v1")[2]).status_code in {403, 404}


def test_the_file_goes_after_seven_days(job, person):  # noqa: F811
    row = ExportJob.objects.get()
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() <= timedelta(days=7)
    assert drop_expired(row.expires_at - timedelta(seconds=1)) == 0

    assert drop_expired(row.expires_at) == 1

    assert data(Api(person).get(f"/exports/{job['id']}"))["download_url"] is None


def test_leaving_ends_the_file_too(job, person):  # noqa: F811
    path = ExportJob.objects.get().path
    erase(person)
    drop_expired(timezone.now())

    with pytest.raises(NotFound):
        b"".join(storage.read(path, 0, 1))
