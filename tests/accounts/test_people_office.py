"""The back office's pages of people: exports, tags, and everything about one person."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.admin.users import UserAdmin
from accounts.models import ExportJob, LoginSession, OperationLog, UserTag
from accounts.services.export_running import run_due
from config.admin.step_up import KEPT
from tests.accounts.test_user_filters import ordered
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal

EXPORT = "/admin/accounts/user/export/"


@pytest.fixture
def office(staff):
    def log_in(role: str):
        client = Client()
        client.user = staff(role)
        client.force_login(client.user)
        session = client.session
        from datetime import UTC, datetime

        confirmed = {"at": datetime.now(UTC).timestamp()}
        session[KEPT] = confirmed | {"hash": client.user.get_session_auth_hash()}
        session.save()
        return client

    return log_in


@pytest.fixture
def bob(db):
    return UserFactory(username="bob", nickname="鲍勃", phone="13800138000")


def job_page(client, job) -> str:
    page = reverse("admin:accounts_exportjob_change", args=[job.pk])
    return client.get(page).content.decode()


def test_an_export_is_asked_for_with_the_filters_of_the_list(office, bob):
    admin = office("admin")

    page = admin.get(
        EXPORT, headers={"Referer": "http://x/admin/accounts/user/?q=鲍&has_orders=false"}
    )
    assert 'value="鲍"' in page.content.decode()
    wish = {"filter_search": "鲍", "filter_has_orders": "false", "columns": ["id", "phone"]}
    answer = admin.post(EXPORT, wish | {"format": "xlsx"})

    job = ExportJob.objects.get()
    assert answer["Location"] == reverse("admin:accounts_exportjob_change", args=[job.pk])
    assert (job.filters, job.columns, job.format, job.unmasked) == (
        {"search": "鲍", "has_orders": "false"}, ["id", "phone"], "xlsx", False,
    )  # fmt: skip
    assert "有订单：否；搜索：鲍" in job_page(admin, job)
    log = OperationLog.objects.get(request_method="POST", request_url=EXPORT)
    assert (log.operation, log.status) == ("data:export", "success")


def test_unmasked_is_offered_to_those_alone_who_may(office, bob):
    admin, root = office("admin"), office("super_admin")
    wish = {"columns": ["phone"], "format": "csv", "unmasked": "on", "reason": "回访"}

    assert "不脱敏" not in admin.get(EXPORT).content.decode()
    admin.post(EXPORT, wish)
    assert [job.unmasked for job in ExportJob.objects.all()] == [False]

    assert "不脱敏" in root.get(EXPORT).content.decode()
    root.post(EXPORT, wish | {"reason": ""})
    assert ExportJob.objects.count() == 1
    root.post(EXPORT, wish)
    assert ExportJob.objects.filter(unmasked=True, reason="回访").count() == 1


@pytest.mark.parametrize("role", ["finance", "content_manager", "customer_service"])
def test_others_do_not_export_people(office, role):
    client = office(role)
    assert client.get(EXPORT).status_code in {302, 403}
    client.post(EXPORT, {"columns": ["id"], "format": "csv"})
    assert not ExportJob.objects.exists()


def test_the_password_is_asked_for_first(office):
    admin = office("admin")
    session = admin.session
    del session[KEPT]
    session.save()

    page = admin.post(EXPORT, {"columns": ["id"], "format": "csv"})

    assert "confirm_password" in page.content.decode()
    assert not ExportJob.objects.exists()


def test_a_file_is_fetched_by_whoever_asked_and_nobody_else(office, bob):
    admin, root = office("admin"), office("super_admin")
    admin.post(EXPORT, {"columns": ["id"], "format": "csv"})
    job = ExportJob.objects.get()
    address = reverse("admin:accounts_exportjob_download", args=[job.pk])

    waiting = admin.get(address)
    assert waiting["Location"] == reverse("admin:accounts_exportjob_changelist")
    run_due()
    assert "下载" in job_page(admin, job)
    link = admin.get(address)["Location"]
    assert link.startswith(f"/api/v1/exports/{job.pk}/download?token=")
    assert Client().get(link).status_code == 200
    assert "token" not in root.get(address)["Location"]


def test_tags_are_put_on_and_taken_off_many(office, bob):
    admin, other = office("admin"), UserFactory()
    tag = UserTag.objects.create(name="老客户")
    page, chosen = reverse("admin:accounts_user_changelist"), [bob.pk, other.pk]

    admin.post(page, {"action": "put_tag", "tag": tag.pk, "_selected_action": chosen})
    assert set(tag.users.values_list("pk", flat=True)) == set(chosen)
    assert "鲍勃" in admin.get(page, {"tag": tag.pk}).content.decode()

    admin.post(page, {"action": "take_tag", "tag": tag.pk, "_selected_action": [bob.pk]})
    assert list(tag.users.all()) == [other]
    admin.post(page, {"action": "put_tag", "tag": "", "_selected_action": chosen})
    assert tag.taggings.count() == 1


def test_many_are_disabled_at_once_and_the_reason_is_kept(office, bob):
    from accounts.models import StatusChange

    admin, other = office("admin"), UserFactory()
    wish = {"action": "disable", "reason": "批量滥用", "_selected_action": [bob.pk, other.pk]}
    admin.post(reverse("admin:accounts_user_changelist"), wish)

    moves = StatusChange.objects.filter(model="accounts.user", new="disabled")
    assert {(move.object_pk, move.reason) for move in moves} == {
        (bob.pk, "批量滥用"), (other.pk, "批量滥用"),
    }  # fmt: skip


def chosen_to_export(browser, *people):
    wish = {"action": "export_chosen", "_selected_action": [user.pk for user in people]}
    return browser.post(reverse("admin:accounts_user_changelist"), wish)


def test_the_ticked_people_and_nobody_else_are_exported(office, bob):
    admin, carol = office("admin"), UserFactory()
    UserFactory.create_batch(3)

    answer = chosen_to_export(admin, bob, carol)

    job = ExportJob.objects.get()
    assert answer["Location"] == reverse("admin:accounts_exportjob_change", args=[job.pk])
    assert (job.filters, job.unmasked) == ({"ids": f"{bob.pk},{carol.pk}"}, False)
    run_due()
    job.refresh_from_db()
    assert (job.status, job.total, job.done) == ("ready", 2, 2)
    assert f"编号：{bob.pk},{carol.pk}" in job_page(admin, job)
    log = OperationLog.objects.get(request_method="POST", operation="data:export")
    assert (log.operation, log.status) == ("data:export", "success")


def test_ticking_takes_the_password_and_the_right_to_export(office, bob):
    admin, service = office("admin"), office("customer_service")
    session = admin.session
    del session[KEPT]
    session.save()

    assert "confirm_password" in chosen_to_export(admin, bob).content.decode()
    chosen_to_export(service, bob)

    assert not ExportJob.objects.exists()


def test_more_than_a_hundred_are_sent_to_the_page_with_filters(office):
    admin = office("admin")
    people = UserFactory.create_batch(101)

    chosen_to_export(admin, *people)
    assert not ExportJob.objects.exists()

    chosen_to_export(admin, *people[:100])
    assert ExportJob.objects.get().filters["ids"].count(",") == 99


@pytest.mark.parametrize("ids", ["", "1,", "x", "1;2", "-1", "1" * 19, ",".join("1" * 101)])
def test_ids_of_people_are_numbers_joined_by_commas(staff, bob, ids):
    response = Api(staff("admin")).get("/user", {"ids": ids})

    if ids:
        assert refusal(response) == (400, 10400)
    else:  # not asked for
        assert data(response)["pagination"]["total"] == 2


def test_ids_narrow_the_list(staff, bob):
    UserFactory()
    page = data(Api(staff("admin")).get("/user", {"ids": f"{bob.pk},999999"}))
    assert [person["id"] for person in page["list"]] == [bob.pk]


def seen(user, **ago) -> None:
    Api(user)
    moment = timezone.now() - timedelta(**ago)
    LoginSession.objects.filter(user=user).update(last_seen_at=moment)


def listed(browser, **query) -> list[int]:
    page = browser.get(reverse("admin:accounts_user_changelist"), query)
    return [user.pk for user in page.context["cl"].result_list]


def test_people_are_ordered_and_narrowed_by_their_last_activity(office, bob):
    root = office("super_admin")  # never in by the API
    carol, dave = UserFactory(), UserFactory()
    seen(bob, hours=1)
    seen(carol, days=5)
    seen(dave, days=40)
    column = UserAdmin.list_display.index("last_active") + 1

    assert listed(root, o=f"-{column}") == [bob.pk, carol.pk, dave.pk, root.user.pk]
    assert listed(root, o=str(column))[::-1] == [bob.pk, carol.pk, dave.pk, root.user.pk]
    assert listed(root, active="1") == [bob.pk]
    assert sorted(listed(root, active="7")) == sorted([bob.pk, carol.pk])
    assert sorted(listed(root, active="idle")) == sorted([dave.pk, root.user.pk])
    assert len(listed(root, active="whenever")) == 4


def test_a_used_tag_stays_in_the_office_too(office, bob):
    admin, tag = office("admin"), UserTag.objects.create(name="老客户")
    tag.taggings.create(user=bob)

    admin.post(reverse("admin:accounts_usertag_delete", args=[tag.pk]), {"post": "yes"})

    assert UserTag.objects.filter(pk=tag.pk).exists()


def _remembered(sql: str) -> bool:
    """What a process reads anew every half a second, however many rows there are."""
    return "constance" in sql or ("accounts_organisation" in sql and "JOIN" not in sql)


def test_everything_about_a_person_in_a_constant_number_of_statements(office, bob):
    root = office("super_admin")
    page = reverse("admin:accounts_user_change", args=[bob.pk])
    costs = []
    for orders in (1, 9):
        for _ in range(orders):
            ordered(bob)
        Api(bob)
        root.get(page)
        with CaptureQueriesContext(connection) as asked:
            words = root.get(page).content.decode()
        costs.append(sum(not _remembered(query["sql"]) for query in asked))

    assert "订单（10）" in words
    assert words.count("ORD2") == 5  # the latest
    assert f"?user__id__exact={bob.pk}" in words
    assert "登录设备（2）" in words
    assert "13800138000" not in words
    assert costs[0] == costs[1]


def test_a_section_is_for_those_alone_who_may_see_its_rows(staff, bob):
    ordered(bob)
    admin, root = Api(staff("admin")), Api(staff("super_admin"))

    def related(api):
        found = data(api.get(f"/user/{bob.pk}"))["related"]
        return {row["key"]: row["total"] for row in found}

    assert related(root)["orders"] == related(admin)["orders"] == 1
    assert "client_profiles" in related(root)
    assert "client_profiles" not in related(admin)
