"""The page of the log files, and cleaning up now."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import OperationLog


@pytest.fixture
def folder(settings, tmp_path):
    settings.LOG_DIR = str(tmp_path)
    for name, size in {"access-2020-01-01.log": 2048, "error-2020-01-02.1.log": 10}.items():
        (tmp_path / name).write_bytes(b"x" * size)
    (tmp_path / "access-2999-02-30.log").touch()  # no day
    (tmp_path / "web.log").touch()
    return tmp_path


def office(staff, role):
    browser = Client()
    browser.force_login(staff(role))
    return browser


def test_the_page_says_how_many_how_large_how_old(folder, staff):
    page = office(staff, "super_admin").get(reverse("admin:accounts_operationlog_files"))

    text = page.content.decode()
    assert "共 2 个文件、2.0" in text
    assert "access-2020-01-01.log" in text
    assert "web.log" not in text
    assert {kind["title"]: kind["count"] for kind in page.context["kinds"]} == {
        "访问": 1, "慢请求": 0, "错误": 1, "安全事件": 0,
    }  # fmt: skip


def test_old_files_go_at_once_and_that_is_logged(folder, staff):
    browser = office(staff, "super_admin")

    answer = browser.post(reverse("admin:accounts_operationlog_files"), follow=True)

    assert "已清理 2 个文件" in answer.content.decode()
    assert sorted(path.name for path in folder.iterdir()) == ["access-2999-02-30.log", "web.log"]
    assert OperationLog.objects.get().operation == "operationlog:clean_files"


def test_who_may_read_logs_may_look_and_not_clean(folder, staff):
    browser = office(staff, "admin")

    page = browser.get(reverse("admin:accounts_operationlog_files"))
    assert (page.status_code, "立即清理" in page.content.decode()) == (200, False)
    assert browser.post(reverse("admin:accounts_operationlog_files")).status_code == 403
    assert len(list(folder.iterdir())) == 4


@pytest.mark.parametrize("role", ["finance", "content_manager"])
def test_nobody_else_gets_in(folder, staff, role):
    page = office(staff, role).get(reverse("admin:accounts_operationlog_files"))
    assert page.status_code == 403
