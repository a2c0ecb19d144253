"""The operation log's pages: analysis by person, module and hour; export as CSV, logged."""

import csv
import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import OperationLog
from accounts.services.audit_stats import Share, analyse

LIST = reverse("admin:accounts_operationlog_changelist")
ANALYSIS = "/admin/accounts/operationlog/analysis/"
NOON = datetime(2026, 11, 21, 4, 30, tzinfo=UTC)  # 12:30 in Shanghai


@pytest.fixture
def write(db, time_machine):
    def one(at=NOON, **fields):
        time_machine.move_to(at, tick=False)
        wanted = {
            "admin_name": "鲍勃", "module": "accounts", "operation": "user:disable",
            "request_method": "POST", "request_url": "/x", "status": "success",
        }  # fmt: skip
        return OperationLog.objects.create(**wanted | fields)

    return one


def test_the_figures_are_exact(write):
    write(NOON - timedelta(days=40))
    write(NOON - timedelta(days=1), status="failed")
    write(NOON - timedelta(hours=13), module="commerce", operation="refund:approve")
    write(NOON, admin_name="爱丽丝", module="commerce", operation="refund:approve")
    write(NOON)

    found = analyse(now=NOON, days=7)

    assert list(found.days.values) == [0, 0, 0, 0, 0, 2, 2]
    assert list(found.failed_days.values) == [0, 0, 0, 0, 0, 1, 0]
    assert found.people == [Share("鲍勃", 3, 1), Share("爱丽丝", 1, 0)]
    assert found.modules == [Share("accounts", 2, 1), Share("commerce", 2, 0)]
    assert found.operations == [Share("refund:approve", 2, 0), Share("user:disable", 2, 1)]
    assert {hour: n for hour, n in enumerate(found.hours) if n} == {12: 3, 23: 1}


def test_the_analysis_costs_six_statements_however_much_there_is(write, django_assert_num_queries):
    for n in range(30):
        write(NOON - timedelta(hours=n), admin_name=f"同事{n}")

    with django_assert_num_queries(6):
        analyse(now=NOON, days=30)


def test_the_page_shows_charts_and_tables(write, office):
    write()

    page = office("admin").get(ANALYSIS, {"days": "7"})

    text = page.content.decode()
    assert page.status_code == 200
    assert text.count('class="chart"') == 4
    assert all(word in text for word in ("鲍勃", "user:disable", "按时段（北京时间）", "近 7 天"))


def test_a_span_that_is_not_offered_is_thirty_days(office):
    page = office("admin").get(ANALYSIS, {"days": "100000"})
    assert page.context["days"] == 30


@pytest.mark.parametrize("role", ["finance", "content_manager", "customer_service"])
def test_who_may_not_see_the_log_sees_no_analysis(office, role):
    assert office(role).get(ANALYSIS).status_code == 403


def test_the_export_has_every_column_and_no_formulas(write, office):
    attack = '=HYPERLINK("http://x.cn","x")'
    log = write(user_agent=attack, admin_name="+1", error_message="@x", request_params={"a": "中"})
    browser = office("admin")

    answer = browser.post(LIST, {"action": "export_csv", "_selected_action": [log.pk]})

    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    head, row = csv.reader(StringIO(answer.content.decode("utf-8-sig")))
    assert len(head) == len(row) == 17
    cells = dict(zip(head, row, strict=True))
    assert (cells["浏览器标识"], cells["操作人名称"]) == (f"'{attack}", "'+1")
    assert (cells["错误信息"], cells["时间"]) == ("'@x", "2026-11-21 12:30:00+08:00")
    assert json.loads(cells["请求参数"]) == {"a": "中"}
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_A1_an_export_leaves_its_row(write, office):
    log = write()

    office("admin").post(LIST, {"action": "export_csv", "_selected_action": [log.pk]})

    row = OperationLog.objects.order_by("pk").last()
    assert (row.operation, row.target_type, row.target_id, row.status) == (
        "data:export", "operationlog", str(log.pk), "success",
    )  # fmt: skip


def test_nobody_exports_without_the_permission(write, office, staff):
    from django.contrib.auth.models import Permission

    log = write()
    browser = Client()
    reader = staff("finance")
    reader.user_permissions.add(Permission.objects.get(codename="view_operationlog"))
    browser.force_login(reader)

    answer = browser.post(LIST, {"action": "export_csv", "_selected_action": [log.pk]})

    assert "text/csv" not in answer.headers.get("Content-Type", "")
    assert "鲍勃,accounts" not in answer.content.decode()
