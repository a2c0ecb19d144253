"""What people rightly give us is in clear nowhere: P-5 over tables, logs, cache, answers, files.

tests/accounts/test_canaries.py types the same kind of thing where it does not belong.
"""

import pickle
import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.models import ExportJob, IdempotencyRecord, SecondFactor, User
from accounts.services import second_factor
from accounts.services.export_running import run_due
from accounts.services.parameters import change_parameters
from accounts.services.roles import assign_role
from config.sealing import blind_index
from tests.accounts.test_canaries import folder  # noqa: F401
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.counseling import booker, completed, consent, offer
from tests.factories.second_factor import app_code
from tests.helpers import Api, data
from tests.stores import use_folder

# Reasons of staff are for people to read; each has its columns.
REASONS = {
    ("accounts_statuschange", "reason"), ("accounts_operationlog", "request_params"),
}  # fmt: skip


class Typed:
    """What was typed, by name; and all answers that were refusals."""

    def __init__(self):
        self.values, self.refusals = {}, []

    def word(self, name: str) -> str:
        return self.values.setdefault(name, f"Canary{secrets.token_hex(8)}")

    def phone(self, name: str) -> str:
        return self.values.setdefault(name, f"139{secrets.randbelow(10**8):08}")

    def email(self, name: str) -> str:
        return self.values.setdefault(name, f"canary{secrets.token_hex(6)}@example.com")

    def refused(self, response) -> None:
        assert response.status_code >= 400, response.content
        self.refusals.append(response.content.decode())


@pytest.fixture
def typed(db):
    return Typed()


def profile(typed, n: str = "") -> dict:
    return {
        "name": typed.word(f"client{n}"), "relation": "child", "birth_date": "2015-03-01",
        "phone": typed.phone(f"client phone{n}"), "guardian_consent": True,
        "emergency_name": typed.word(f"emergency{n}"), "guardian_name": typed.word(f"guardian{n}"),
        "emergency_phone": typed.phone(f"emergency phone{n}"),
        "guardian_phone": typed.phone(f"guardian phone{n}"),
    }  # fmt: skip


def by_a_client(typed) -> None:
    user = UserFactory(phone=typed.phone("phone"), email=typed.email("email"))
    api, key = Api(user), secrets.token_hex(8)
    made = data(api.post("/client-profile", profile(typed), key=key), 201)
    data(api.patch(f"/client-profile/{made['id']}", profile(typed, " changed")))
    data(api.get("/client-profile"))
    typed.refused(api.post("/client-profile", profile(typed, " refused") | {"birth_date": "x"}))
    typed.refused(Api(UserFactory()).patch(f"/client-profile/{made['id']}", profile(typed)))
    typed.refused(Api().post("/login", {"account": typed.phone("phone"), "password": "wrong"}))
    typed.refused(
        api.post("/password/change", {"old_password": typed.word("old"), "new_password": "short"})
    )


def by_a_booker(typed) -> None:
    client = booker()
    slot, service = offer()
    consent(client.user)
    body = {
        "slot_id": slot.pk, "service_id": service.pk, "client_id": client.pk,
        "note": typed.word("note"),
    }  # fmt: skip
    key = "a-key-of-a-booking"
    answer = Api(client.user).post("/appointment", body, key=key)
    data(answer, 201)
    assert Api(client.user).post("/appointment", body, key=key).content == answer.content


def by_a_counselor(typed, staff) -> None:
    appointment = completed(start_at=timezone.now() - timedelta(hours=2))
    user = appointment.counselor.user
    assign_role(user.pk, "counselor", actor=None)
    counselor, root, second = Api(user), Api(staff("super_admin")), Api(staff("super_admin"))
    body = {"appointment_id": appointment.pk, "note": typed.word("session note")}
    made = data(counselor.post("/session-note", body, key=secrets.token_hex(8)), 201)
    path = f"/session-note/{made['id']}"
    data(counselor.put(path, {"note": typed.word("session note changed")}))
    data(counselor.get(path))
    too_long = typed.word("session note refused") * 1000
    typed.refused(counselor.put(path, {"note": too_long}))
    typed.refused(root.get(path))
    ask = {"appointment_id": appointment.pk, "reason": "投诉核查"}
    access = f"/note-access/{data(root.post('/note-access', ask), 201)['id']}"
    data(second.post(f"{access}/approve"))
    data(root.get(f"{access}/notes"))


def by_a_seller(typed) -> None:
    contact = {
        "business_name": "小满农场", "contact_person": typed.word("contact"),
        "contact_phone": typed.phone("contact phone"), "description": "",
    }  # fmt: skip
    api = Api(UserFactory())
    register = {"merchant_type": "farm_owner", "business_license": "91310000", "address": "崇明"}
    data(api.post("/merchants/register", contact | register), 201)
    typed.refused(api.post("/merchants/register", contact | register))
    wish = contact | {
        "contact_person": typed.word("applicant"), "contact_phone": typed.phone("applicant phone"),
        "email": typed.email("applicant email"),
    }  # fmt: skip
    data(Api().post("/website/merchant/apply", wish), 201)
    typed.refused(Api().post("/website/merchant/apply", wish | {"contact_phone": "1"}))


def by_staff(typed, root) -> None:
    api = Api(root)
    password = typed.word("first password")
    new = {"username": "newcomer", "password": password, "nickname": "新人"}
    made = data(api.post("/user", new), 201)
    data(Api().post("/login", {"account": "newcomer", "password": password}))
    data(api.post(f"/user/{made['id']}/disable", {"reason": typed.word("reason")}))
    typed.refused(Api().post("/login", {"account": "newcomer", "password": password}))
    change_parameters({"SMS_REPORT_TOKEN": typed.word("token") * 2}, actor=root)
    for name in ("phone", "email"):
        wish = {"filters": {"search": typed.values[name]}, "columns": ["id", "phone", "email"]}
        data(api.post("/user/export", wish), 202)
        data(api.get("/user", {"search": typed.values[name]}))
    run_due()
    data(api.get("/exports"))


def by_an_app_owner(typed, staff) -> None:
    carol = staff("finance", username="carol")
    second_factor.begin_enrolment(carol, password=PASSWORD)
    secret = SecondFactor.objects.get(user=carol).pending_secret
    codes = second_factor.confirm_enrolment(carol, app_code(secret=secret))
    typed.values |= {"totp": secret} | {f"recovery {n}": code for n, code in enumerate(codes)}
    login = {"account": "carol", "password": PASSWORD, "otp": codes[0]}
    data(Api().post("/login", login))
    typed.refused(Api().post("/login", login))


def in_tables(values: dict[str, str]) -> set[tuple[str, str, str]]:
    """(table, column, what) as the database has it."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for column, cell in zip(names, row, strict=True):
                    text = readable(cell)
                    found |= {(table, column, n) for n, v in values.items() if v in text}
    return found


def readable(cell) -> str:
    kept = bytes(cell).decode(errors="replace") if isinstance(cell, bytes | memoryview) else cell
    return str(kept)


def in_cache() -> str:
    return repr([(key, pickle.loads(value)) for key, value in cache._cache.items()])


def in_files(place: Path) -> str:
    paths = [path for path in place.rglob("*") if path.is_file()]
    assert paths
    return "\n".join(path.read_bytes().decode(errors="replace") for path in paths)


@pytest.fixture
def everything(typed, staff, settings, tmp_path_factory, folder):  # noqa: F811
    store = tmp_path_factory.mktemp("store")
    use_folder(settings, store)
    root = staff("super_admin")
    by_a_client(typed)
    by_a_booker(typed)
    by_a_counselor(typed, staff)
    by_a_seller(typed)
    by_an_app_owner(typed, staff)
    by_staff(typed, root)
    return {"logs": folder, "store": store}


def test_P5_what_was_typed_stands_in_no_column_in_clear(typed, everything):
    hits = in_tables(typed.values)

    assert {hit for hit in hits if hit[2] != "reason"} == set()
    assert {hit[:2] for hit in hits} == REASONS
    assert len(typed.values) >= 30


def test_P5_what_was_typed_is_in_no_log_cache_refusal_or_export(typed, everything, caplog):
    assert ExportJob.objects.filter(status="ready").count() == 2
    places = {
        "logs": in_files(everything["logs"]),
        "console": caplog.text,
        "cache": in_cache(),
        "refusals": "\n".join(typed.refusals),
        "exports": in_files(everything["store"]),
    }

    assert len(typed.refusals) == 10
    assert [
        f"{name} in {place}"
        for place, text in places.items()
        for name, value in typed.values.items()
        if value in text
    ] == []


def test_P5_who_may_read_it_reads_it(typed, everything):
    """The negative control: it is there, sealed; so the search would have met it."""
    opened = set()
    for model in apps.get_models():
        names = [f.name for f in model._meta.local_fields if isinstance(f, EncryptedTextField)]
        rows = model._base_manager.values_list(*names) if names else []
        opened |= {n for n, v in typed.values.items() if any(v in str(row) for row in rows)}

    assert opened >= {
        "phone", "email", "client changed", "guardian changed", "note", "contact", "totp",
        "applicant email", "token", "emergency phone changed",
    }  # fmt: skip


def test_P5_a_first_answer_is_sealed_for_its_row(typed):
    by_a_booker(typed)
    record = IdempotencyRecord.objects.get()
    other = IdempotencyRecord.objects.create(
        user=record.user, route="x", key="12345678", fingerprint="f", started_at=record.started_at
    )

    with connection.cursor() as cursor:
        cursor.execute("SELECT answer FROM accounts_idempotencyrecord WHERE id = %s", [record.pk])
        stored = cursor.fetchone()[0]
        cursor.execute(
            "UPDATE accounts_idempotencyrecord SET answer = %s WHERE id = %s", [stored, other.pk]
        )
    other.refresh_from_db()

    assert stored.startswith("test:")
    assert record.answer.startswith('{"code":0')
    assert other.answer == "无法解密"


def test_P5_what_was_searched_for_is_sealed_and_cannot_be_guessed(typed, staff):
    api, number = Api(staff("admin")), typed.phone("phone")
    wish = {"filters": {"search": number}}

    job = data(api.post("/user/export", wish), 202)

    row = ExportJob.objects.get()
    assert job["filters"] == row.filters == {"search": number}
    assert in_tables(typed.values) == set()
    assert len(row.fingerprint) == len(blind_index("export", "x"))


def test_P5_an_export_whose_filters_are_lost_makes_no_file(staff):
    """Without them it would be one of everybody."""
    api = Api(staff("admin"))
    data(api.post("/user/export", {"filters": {"search": "nobody"}}), 202)
    ExportJob.objects.update(sealed_filters="", attempts=2)

    run_due()

    job = ExportJob.objects.get()
    assert (job.status, job.filters, job.size) == ("failed", None, None)
    assert job.error == "导出的筛选条件、列或格式有误"
    assert User.objects.count() == 1
