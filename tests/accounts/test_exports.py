"""Files made in the background: asked for, made, fetched by whoever asked and nobody else."""

import csv
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from accounts.models import ExportJob, Notification, OperationLog, StatusChange, User
from accounts.services import export_kinds, export_running
from accounts.services.export_running import LEASE, drop_expired, run_due, run_export
from accounts.services.exports import download_path, request_export
from accounts.services.roles import remove_role
from accounts.services.users import disable_user
from config.errors import Forbidden
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

WISH = {"columns": ["id", "nickname", "phone", "email"], "filters": {"search": "鲍"}}


@pytest.fixture
def admin(staff):
    return Api(staff("admin", nickname="运营"))


@pytest.fixture
def root(staff):
    return Api(staff("super_admin", nickname="超管"))


@pytest.fixture
def bob(db):
    return UserFactory(nickname="鲍勃", phone="13800138000", email="bob@x.cn")


def ready(api, **wish) -> dict:
    """Asked for, made; the job as its requester sees it."""
    job = data(api.post("/user/export", WISH | wish), 202)
    run_due()
    return data(api.get(f"/exports/{job['id']}"))


def fetched(url: str, api=None):
    client = api or Api()
    return client.client.get(url[url.index("/api/v1") :], headers=client.headers)


def content(response) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content)


def rows(response) -> list[list[str]]:
    return list(csv.reader(content(response).decode("utf-8-sig").splitlines()))


def test_a_job_is_asked_for_made_and_fetched(admin, bob, store):
    asked = data(admin.post("/user/export", WISH), 202)
    assert (asked["status"], asked["progress"], asked["download_url"]) == ("pending", 0, None)
    assert asked["filters"] == {"search": "鲍"}

    assert run_due() == 1
    job = data(admin.get(f"/exports/{asked['id']}"))

    assert (job["status"], job["done"], job["total"], job["progress"]) == ("ready", 1, 1, 100)
    answer = fetched(job["download_url"])
    assert rows(answer) == [
        ["ID", "昵称", "手机号", "邮箱"],
        [str(bob.pk), "鲍勃", "138****8000", "b***@x.cn"],
    ]
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-store"
    assert len(store()) == 1
    notice = Notification.objects.get(user=admin.user, template="export_ready")
    assert "「用户」导出已完成，共 1 行" in notice.body


def test_a_workbook_has_the_same_rows(admin, bob, tmp_path):
    job = ready(admin, format="xlsx")
    path = tmp_path / "a.xlsx"
    path.write_bytes(content(fetched(job["download_url"])))

    assert [list(row) for row in load_workbook(path).active.values] == [
        ["ID", "昵称", "手机号", "邮箱"],
        [bob.pk, "鲍勃", "138****8000", "b***@x.cn"],
    ]


def test_what_people_call_themselves_is_no_formula(admin, bob):
    User.objects.filter(pk=bob.pk).update(nickname="=HYPERLINK(1)")

    job = ready(admin, filters={"search": "=HYPER"})

    assert rows(fetched(job["download_url"]))[1][1] == "'=HYPERLINK(1)"


@pytest.mark.parametrize(
    "wish",
    [
        {"filters": {"statsu": "active"}},
        {"filters": {"status": "gone"}},
        {"columns": ["password"]},
        {"format": "zip"},
    ],
)
def test_a_wish_that_means_nothing_is_refused(admin, wish):
    assert refusal(admin.post("/user/export", wish)) == (400, 11140)
    assert not ExportJob.objects.exists()


def test_unmasked_data_needs_a_permission_and_a_reason(admin, root, bob):
    unmasked = WISH | {"unmasked": True}

    assert refusal(admin.post("/user/export", unmasked | {"reason": "回访"})) == (403, 10403)
    assert refusal(root.post("/user/export", unmasked)) == (422, 11141)
    assert refusal(root.post("/user/export", unmasked | {"reason": "  "})) == (422, 11141)
    assert not ExportJob.objects.exists()

    job = ready(root, unmasked=True, reason="回访")
    assert rows(fetched(job["download_url"]))[1][2:] == ["13800138000", "bob@x.cn"]
    log = OperationLog.objects.filter(admin=root.user, status="success").latest("pk")
    assert log.operation == "data:export"


@pytest.mark.django_db(transaction=True)  # changes are noted when they commit
def test_asking_and_fetching_are_in_the_operation_log(admin, bob):
    job = ready(admin)
    fetched(job["download_url"])

    asked, taken = OperationLog.objects.filter(admin=admin.user).order_by("pk")
    assert (asked.operation, asked.request_method) == ("data:export", "POST")
    assert asked.changes[0]["fields"]["kind"] == [None, "user"]
    assert (taken.operation, taken.request_method) == ("data:export", "GET")
    assert (taken.target_type, taken.target_id) == ("export_job", str(job["id"]))
    assert "token=***" in taken.request_url
    assert ExportJob.objects.get().downloads == 1


def test_a_link_is_for_one_person_one_job_ten_minutes(admin, root, bob):
    mine, other = ready(admin, columns=["id"]), ready(root)
    with time_machine.travel(timezone.now() - timedelta(seconds=601)):
        old = download_path(ExportJob.objects.get(pk=mine["id"]))

    assert refusal(fetched(old)) == (403, 11143)
    assert refusal(fetched(mine["download_url"], root)) == (403, 11143)
    token = mine["download_url"].partition("?")[2]
    for path in (f"{other['id']}/download?{token}", f"{mine['id']}/download?token=x"):
        assert refusal(fetched(f"/api/v1/exports/{path}")) == (403, 11143)
    assert refusal(root.get(f"/exports/{mine['id']}")) == (404, 10404)
    assert fetched(mine["download_url"], admin).status_code == 200


def test_who_may_not_export_any_more_gets_no_file(admin, bob):
    job = ready(admin)
    waiting = data(admin.post("/user/export", WISH | {"format": "xlsx"}), 202)
    remove_role(admin.user.pk, "admin", actor=None)

    run_due()

    assert refusal(fetched(job["download_url"])) == (403, 11143)
    late = ExportJob.objects.get(pk=waiting["id"])
    assert (late.status, late.error) == ("failed", "申请人的账号或权限已变更")


def test_a_disabled_person_gets_no_file(admin, bob):
    job = ready(admin)
    disable_user(admin.user.pk, actor=None)

    assert refusal(fetched(job["download_url"])) == (403, 11143)


def test_the_right_to_export_is_not_the_right_to_see(staff):
    """A role of one's own with data:export alone: there is nothing it may take along."""
    person = staff("finance")
    person.groups.first().permissions.add(Permission.objects.get(codename="export_data"))

    with pytest.raises(Forbidden):
        request_export(User.objects.get(pk=person.pk), "user")
    assert not ExportJob.objects.exists()


def test_the_same_wish_again_is_the_same_job_while_it_is_under_way(admin, bob):
    first, again = (data(admin.post("/user/export", WISH), 202) for _ in range(2))
    assert first["id"] == again["id"]

    run_due()
    assert data(admin.post("/user/export", WISH), 202)["id"] != first["id"]


def test_three_at_a_time(admin):
    for column in ("id", "username", "nickname"):
        data(admin.post("/user/export", {"columns": [column]}), 202)

    assert refusal(admin.post("/user/export", {"columns": ["phone"]})) == (409, 11142)
    assert ExportJob.objects.count() == 3


def test_cancelling_stops_it_and_deleting_removes_the_file(admin, bob, store):
    waiting = data(admin.post("/user/export", WISH), 202)
    data(admin.delete(f"/exports/{waiting['id']}"))
    assert run_due() == 0

    job = ready(admin)
    data(admin.delete(f"/exports/{job['id']}"))

    assert store() == []
    assert [j["status"] for j in data(admin.get("/exports"))["list"]] == ["expired", "cancelled"]
    assert refusal(admin.delete(f"/exports/{job['id']}")) == (409, 10409)


def test_files_go_after_their_days(admin, bob, store):
    job = ready(admin)
    expires = ExportJob.objects.get().expires_at
    assert timedelta(days=2, hours=23) < expires - timezone.now() <= timedelta(days=3)

    assert drop_expired(expires - timedelta(seconds=1)) == 0
    assert drop_expired(expires) == 1

    assert store() == []
    assert data(admin.get(f"/exports/{job['id']}"))["status"] == "expired"
    assert refusal(fetched(job["download_url"])) == (403, 11143)


def claimed(admin) -> ExportJob:
    """A job whose worker was killed in the middle of it."""
    pk = data(admin.post("/user/export", WISH), 202)["id"]
    return export_running._claim(pk, now=timezone.now())


def test_a_job_whose_worker_died_is_begun_anew(admin, bob, store):
    from config import storage

    job = claimed(admin)
    storage.write(job.path, b"half", content_type="text/csv")
    assert run_due() == 0  # it may still live

    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
        assert run_due() == 1

    job.refresh_from_db()
    assert (job.status, job.attempts) == ("ready", 2)
    assert store() == [job.path]
    moves = StatusChange.objects.filter(object_pk=job.pk, model="accounts.exportjob")
    assert [move.new for move in moves.order_by("pk")] == [
        "processing", "pending", "processing", "ready",
    ]  # fmt: skip


def test_a_job_that_kills_its_worker_every_time_is_given_up(admin, bob, store):
    job = claimed(admin)
    ExportJob.objects.filter(pk=job.pk).update(attempts=3)

    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
        assert not run_export(job.pk)

    job.refresh_from_db()
    assert (job.status, job.error) == ("failed", "多次执行中断，请缩小范围后重试")
    assert Notification.objects.filter(template="export_failed").count() == 1


def test_a_worker_that_was_taken_for_dead_leaves_no_file(admin, bob, store):
    slow = claimed(admin)
    with time_machine.travel(timezone.now() + LEASE + timedelta(seconds=1)):
        run_due()

    with pytest.raises(export_running.ClaimLost):
        export_running._make(slow)

    assert store() == [ExportJob.objects.get().path]
    assert ExportJob.objects.get().status == "ready"


def test_a_store_that_is_down_is_tried_again_and_then_given_up(admin, bob, monkeypatch):
    def down(*args, **kwargs):
        raise OSError("no route")

    monkeypatch.setattr("config.storage.default_storage.save", down, raising=False)
    pk = data(admin.post("/user/export", WISH), 202)["id"]

    at = timezone.now()
    for _ in range(5):
        with time_machine.travel(at):
            run_due()
        at += timedelta(minutes=5)

    job = ExportJob.objects.get(pk=pk)
    assert (job.status, job.attempts, job.error) == ("failed", 3, "服务暂时不可用，请稍后重试")


def test_more_rows_are_more_batches_and_nothing_else(admin, monkeypatch):
    monkeypatch.setattr(export_kinds, "BATCH", 10)
    wish = {"columns": ["id", "roles"], "filters": {"search": "批量"}}
    costs = []
    for rows in (5, 15, 25):
        UserFactory.create_batch(5 if rows == 5 else 10, nickname="批量")
        pk = data(admin.post("/user/export", wish), 202)["id"]
        job = export_running._claim(pk, now=timezone.now())
        with CaptureQueriesContext(connection) as asked:
            export_running._make(job)
        costs.append(len(asked))
        job.refresh_from_db()
        assert (job.done, job.total) == (rows, rows)

    assert costs[2] - costs[1] == 4  # the batch, its groups and tags, its sign of life
