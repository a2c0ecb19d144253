"""Log files: one line per event whatever is in it, no secrets, kept and deleted by rule (P-6)."""

import json
import logging
from datetime import date

import pytest

from config import access
from config.logs import (
    DailyFile,
    JsonFormatter,
    delete_old_logs,
    json_line,
    options,
    scrub,
    security_event,
)
from tests.helpers import Api

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
INJECTIONS = [
    pre + mid + post
    for pre in ("x", "", "日志")
    for mid in (
        "\n", "\r\n", "\r", "\x1b[31m", "\x1b]0;x\x07", "\x00", "\x0b", "\x0c", "\x85", "\u2028",
        "\u2029", "\x9b31m", "\u202e", "\ud800", "\\n", '"}\n{"level":"INFO"',
    )
    for post in ("GET / 200", "\n\n")
]  # fmt: skip


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    settings.LOG_DIR = str(tmp_path)
    monkeypatch.setattr(access, "ACCESS", DailyFile("access"))
    monkeypatch.setattr(access, "SLOW", DailyFile("slow"))
    return tmp_path


def lines(folder, kind) -> list[dict]:
    found = []
    for path in sorted(folder.glob(f"{kind}-*.log")):
        found += [json.loads(line) for line in path.read_text().splitlines()]
    return found


def record(message, **extra):
    made = logging.makeLogRecord({"msg": message, "name": "banxin", "levelname": "ERROR", **extra})
    return JsonFormatter().format(made)


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_P6_nothing_makes_a_second_line_or_commands_a_terminal(text):
    for line in (json_line({"path": text}), record(text), record("x", detail={"name": text})):
        assert line.endswith("\n")
        assert len(line.splitlines()) == 1
        assert all(char.isprintable() for char in line[:-1])
        json.loads(line)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"refresh {JWT}", JWT),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("password=hunter2&x=1", "hunter2"),
        ('{"password": "hunt er2", "n": 1}', "hunt er2"),
        ("new_password: 'hunter2'", "hunter2"),
        ("code=081234", "081234"),
        ("openid=oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
        ("session_key: tiihtNczf5v6AKRyjwEUhQ==", "tiihtNczf5v6AKRyjwEUhQ=="),
        ("to 13812345678 failed", "13812345678"),
        ("to +8613812345678 failed", "13812345678"),
        ("id 11010519491231002X", "11010519491231002X"),
        ("mail alice@example.com", "alice@example.com"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "MIIE"),
    ],
)
def test_P6_secrets_and_personal_data_are_hidden(text, hidden):
    assert hidden not in scrub(text)
    assert hidden not in record(text)
    assert hidden not in record("x", detail={"note": text})


def test_P6_what_is_no_secret_stays():
    text = "order ORD20261121ABCDEFGHJKMNP paid 100.00, user 7, status_code 200, 10.0.0.1"
    assert scrub(text) == text


def test_the_trace_of_an_error_is_scrubbed_too():
    try:
        raise ValueError("Key (phone)=13812345678 exists; password=hunter2")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)

    entry = json.loads(record("lost", exc_info=info))

    assert "ValueError" in entry["trace"]
    assert "13812345678" not in entry["trace"]
    assert "hunter2" not in entry["trace"]


def test_each_request_is_one_line_with_its_id_and_without_its_query(folder, api, user):
    api.get("/users/profile?phone=13812345678&q=canary", X_Request_ID="request-42")

    (line,) = lines(folder, "access")
    assert {n: line[n] for n in ("request_id", "method", "path", "status", "user", "ip")} == {
        "request_id": "request-42", "method": "GET", "path": "/api/v1/users/profile",
        "status": 200, "user": user.pk, "ip": "127.0.0.1",
    }  # fmt: skip
    assert 0 < line["ms"] < 10_000
    assert "canary" not in str(line)


def test_whoever_is_not_known_is_nobody(folder, db):
    Api().get("/users/profile")

    (line,) = lines(folder, "access")
    assert (line["status"], line["user"]) == (401, None)


def test_slow_requests_are_in_a_log_of_their_own(folder, api, monkeypatch):
    api.get("/users/profile")
    assert lines(folder, "slow") == []

    monkeypatch.setattr(options, "slow_ms", 0)
    monkeypatch.setattr(options, "access", False)
    api.get("/users/profile")

    assert len(lines(folder, "slow")) == 1
    assert len(lines(folder, "access")) == 1


def test_the_access_log_costs_no_statement(folder, api, django_assert_num_queries):
    api.get("/users/profile")
    with django_assert_num_queries(0):
        api.get("/health")


def test_a_disk_that_takes_nothing_breaks_no_request(settings, tmp_path, api, folder):
    (tmp_path / "file").touch()
    settings.LOG_DIR = str(tmp_path / "file" / "below")

    assert api.get("/users/profile").status_code == 200


def test_a_full_file_is_followed_by_the_next(folder, monkeypatch):
    monkeypatch.setattr(options, "max_bytes", 100)
    for n in range(3):
        file = DailyFile("error")
        file.write("x" * 99 + f"{n}\n")
        file.close()

    assert [path.stat().st_size for path in folder.glob("error-*.log")] == [101] * 3


def test_files_go_after_their_time_and_others_stay(folder):
    names = [
        "access-2026-01-01.log", "error-2026-01-01.1.log", "access-2026-11-20.log", "web.log",
        "notes-2020-01-01.log", "access-2026-05-25.log",
    ]  # fmt: skip
    for name in names:
        (folder / name).touch()

    assert delete_old_logs(today=date(2026, 11, 21), keep_days=180) == 2

    assert sorted(path.name for path in folder.iterdir()) == sorted(names[2:])


def test_a_security_event_is_a_line_of_the_security_log(folder, monkeypatch):
    handler = next(h for h in logging.getLogger("banxin.security").handlers if hasattr(h, "file"))
    monkeypatch.setattr(handler, "file", DailyFile("security"))

    security_event("token_reused", user=7, ip="10.0.0.1", note="password=hunter2")

    (line,) = lines(folder, "security")
    assert (line["message"], line["level"]) == ("token_reused", "WARNING")
    assert line["detail"] == {"user": 7, "ip": "10.0.0.1", "note": "password=***"}
