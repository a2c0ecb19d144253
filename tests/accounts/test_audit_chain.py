"""The operation log is append-only, chained, anchored, and any tampering is found (A-2…A-6)."""

import gzip
import json
import random
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import AppendOnlyError, AuditSeal, OperationLog
from accounts.seals import COLUMNS
from accounts.services import audit_chain
from accounts.services.audit_chain import anchors, purge_old, seal_rows, verify
from accounts.tasks import seal_operations

LOG, SEALS = OperationLog._meta.db_table, AuditSeal._meta.db_table
ROUNDS = 100


@pytest.fixture(autouse=True)
def anchor(db, settings, tmp_path):
    """Where the head is anchored."""
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "audit" / "anchor.log")
    return tmp_path / "audit" / "anchor.log"


def write(n=1, **fields):
    wanted = {
        "admin_name": "鲍勃", "module": "accounts", "operation": "user:disable", "target_id": "7",
        "target_type": "user", "request_method": "POST", "request_url": "/api/v1/user/7/disable",
        "request_params": {"reason": "骚扰", "n": [1, None, True]}, "ip_address": "10.0.0.1",
        "user_agent": "Firefox", "status": "success", "execution_time": 12, "request_id": "r-1",
        "changes": [{"object": "accounts.user#7", "fields": {"status": ["active", "disabled"]}}],
    } | fields  # fmt: skip
    return [OperationLog.objects.create(**wanted) for _ in range(n)]


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else None


def raw(table, key, pk) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {key} = %s", [pk])
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


def put(table, row):
    values = [json.dumps(v) if isinstance(v, dict | list) else v for v in row.values()]
    marks = ", ".join(["%s"] * len(values))
    sql(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *values)


def rewrite(table, key, pk, **changes):
    """Change a row behind the application's back, and behind that of the triggers."""
    row = raw(table, key, pk)
    sql(f"DELETE FROM {table} WHERE {key} = %s", pk)
    put(table, row | changes)


def seqs() -> list[int]:
    return list(AuditSeal.objects.values_list("seq", flat=True))


def test_A4_every_row_gets_the_next_number_and_hangs_on_the_one_before():
    logs = write(5)

    assert seal_rows() == 5
    assert seal_rows() == 0
    logs += write(2)
    assert seal_operations() == 2

    links = list(AuditSeal.objects.values_list("seq", "log_id", "previous", "digest"))
    assert [(seq, log) for seq, log, _, _ in links] == [
        (n, log.pk) for n, log in enumerate(logs, 1)
    ]
    digests = [link[3] for link in links]
    assert [link[2] for link in links] == ["0" * 64, *digests[:-1]]
    assert verify() == (7, None)


def test_A4_a_row_that_commits_late_is_sealed_all_the_same():
    late, early = write(2)
    row = raw(LOG, "id", late.pk)
    sql(f"DELETE FROM {LOG} WHERE id = %s", late.pk)
    seal_rows()
    put(LOG, row)

    seal_rows()

    assert list(AuditSeal.objects.values_list("log_id", flat=True)) == [early.pk, late.pk]
    assert verify() == (2, None)


def test_A4_a_sealer_that_looked_too_early_writes_nothing(monkeypatch):
    """The deterministic twin of tests/races: the head it saw is not the head any more."""
    write(3)
    early = audit_chain._head()
    seal_rows()
    write(2)
    head = audit_chain._head
    monkeypatch.setattr(audit_chain, "_head", lambda: early)
    with pytest.raises(IntegrityError):
        audit_chain._seal_batch(timezone.now())
    monkeypatch.setattr(audit_chain, "_head", head)

    assert seqs() == [1, 2, 3]
    assert seal_rows() == 2
    assert verify() == (5, None)


def test_A3_the_head_is_anchored_outside_the_database(anchor):
    now = timezone.now()
    write(2)
    seal_rows(now=now)
    seal_rows(now=now)
    write(1)
    seal_rows(now=now)

    lines = list(anchors(anchor))
    heads = dict(AuditSeal.objects.values_list("seq", "digest"))
    assert [(line["seq"], line["hash"]) for line in lines] == [(2, heads[2]), (3, heads[3])]
    assert lines[0]["time"] == now.isoformat(timespec="seconds")


def test_a_line_cut_off_by_a_crash_is_skipped(anchor):
    write(1)
    seal_rows()
    with anchor.open("a") as file:
        file.write('{"time": "2026-')

    assert verify() == (1, None)


def test_the_command_says_so_and_fails_on_the_first_flaw():
    write(4)
    seal_rows()
    said = StringIO()
    call_command("verify_audit", stdout=said)
    assert said.getvalue() == "4 links intact\n"

    rewrite(LOG, "id", AuditSeal.objects.get(seq=3).log_id, target_id="8")

    with pytest.raises(CommandError, match="seq 3: the row was changed") as error:
        call_command("verify_audit")
    assert error.value.returncode == 1


@pytest.mark.parametrize("column", [column for column in COLUMNS if column != "admin_id"])
def test_A3_each_column_is_under_the_seal(column):
    write(3)
    seal_rows()
    changed = {
        "request_params": '{"reason": "骚扰", "n": [1, null, false]}', "changes": "[]",
        "execution_time": 13, "ip_address": "10.0.0.2",
        "created_at": timezone.now() - timedelta(days=1),
    }.get(column, "x")  # fmt: skip
    pk = AuditSeal.objects.get(seq=2).log_id
    rewrite(LOG, "id", pk, **{column: changed})

    checked, problem = verify()
    assert (checked, problem.seq, problem.log_id) == (1, 2, pk)


def test_A3_somebody_else_is_not_put_in_place_of_the_actor(user, staff):
    write(2, admin=user)
    seal_rows()
    rewrite(LOG, "id", AuditSeal.objects.get(seq=1).log_id, admin_id=staff("finance").pk)

    assert verify()[1].seq == 1


# -- 100 random tamperings


def flip(rng, seq):
    """One character of one column of one row."""
    pk = AuditSeal.objects.get(seq=seq).log_id
    column = rng.choice(
        ["admin_name", "module", "operation", "target_id", "request_url", "user_agent", "signature"]
    )
    text = raw(LOG, "id", pk)[column]
    at = rng.randrange(len(text))
    other = rng.choice([c for c in "abcXYZ089" if c != text[at]])
    rewrite(LOG, "id", pk, **{column: text[:at] + other + text[at + 1 :]})
    return seq


def flip_link(rng, seq):
    column = rng.choice(["digest", "previous"])
    text = raw(SEALS, "seq", seq)[column]
    at = rng.randrange(64)
    rewrite(SEALS, "seq", seq, **{column: text[:at] + "g" + text[at + 1 :]})
    return seq


def delete_row(rng, seq):
    sql(f"DELETE FROM {LOG} WHERE id = %s", AuditSeal.objects.get(seq=seq).log_id)
    return seq


def delete_both(rng, seq):
    """In the middle, without a trace in either table."""
    seq = min(seq, 29)
    delete_row(rng, seq)
    sql(f"DELETE FROM {SEALS} WHERE seq = %s", seq)
    return seq


def delete_tail(rng, seq):
    sql(f"DELETE FROM {LOG} WHERE id >= %s", AuditSeal.objects.get(seq=seq).log_id)
    sql(f"DELETE FROM {SEALS} WHERE seq >= %s", seq)
    return seq


def delete_beginning(rng, seq):
    seq = min(seq, 29)
    sql(f"DELETE FROM {LOG} WHERE id <= %s", AuditSeal.objects.get(seq=seq).log_id)
    sql(f"DELETE FROM {SEALS} WHERE seq <= %s", seq)
    return 1


def reorder(rng, seq):
    """Two rows change places: what each says stays, when it was said does not."""
    one, two = sorted(rng.sample(range(1, 31), 2))
    ids = [AuditSeal.objects.get(seq=n).log_id for n in (one, two)]
    rows = [raw(LOG, "id", pk) for pk in ids]
    for pk in ids:
        sql(f"DELETE FROM {LOG} WHERE id = %s", pk)
    for pk, row in zip(ids, reversed(rows), strict=True):
        put(LOG, row | {"id": pk})
    return one


def renumber(rng, seq):
    """Two links change their rows."""
    one, two = sorted(rng.sample(range(1, 31), 2))
    links = [raw(SEALS, "seq", n) for n in (one, two)]
    sql(f"DELETE FROM {SEALS} WHERE seq IN (%s, %s)", one, two)
    put(SEALS, links[0] | {"log_id": links[1]["log_id"]})
    put(SEALS, links[1] | {"log_id": links[0]["log_id"]})
    return one


def insert(rng, seq):
    """A row that never happened, copied from one that did, at the end of the log."""
    row = raw(LOG, "id", AuditSeal.objects.get(seq=seq).log_id)
    put(LOG, row | {"id": row["id"] + 5000, "operation": "role:grant"})
    if rng.random() < 0.5:
        audit_chain._seal_batch(timezone.now())  # our own job links it
        return 31
    return None


def insert_link(rng, seq):
    row = raw(LOG, "id", AuditSeal.objects.get(seq=seq).log_id)
    put(LOG, row | {"id": row["id"] + 5000})
    link = raw(SEALS, "seq", 30)
    put(SEALS, link | {"seq": 31, "log_id": row["id"] + 5000, "previous": link["digest"]})
    return 31


def recompute(rng, seq):
    """Everything from seq on written anew, with hashes that need no key."""
    from hashlib import sha256

    pk = AuditSeal.objects.get(seq=seq).log_id
    forged = sha256(f"{pk}".encode()).hexdigest()
    rewrite(LOG, "id", pk, target_id="999", signature=forged)
    previous = raw(SEALS, "seq", seq)["previous"]
    for link in [raw(SEALS, "seq", n) for n in range(seq, 31)]:
        digest = sha256(f"{link['log_id']}{previous}".encode()).hexdigest()
        rewrite(SEALS, "seq", link["seq"], previous=previous, digest=digest)
        previous = digest
    return seq


KINDS = [
    flip, flip_link, delete_row, delete_both, delete_tail, delete_beginning, reorder, renumber,
    insert, insert_link, recompute,
]  # fmt: skip


def test_A3_a_hundred_random_tamperings_are_found_and_placed():
    write(30)
    seal_rows()
    rng, missed = random.Random(20261121), []

    for n in range(ROUNDS):
        kind, seq = KINDS[n % len(KINDS)], rng.randint(1, 30)
        mark = transaction.savepoint()
        expected = kind(rng, seq)
        _, problem = verify()
        if problem is None or problem.seq != expected:
            missed.append((n, kind.__name__, seq, expected, str(problem)))
        transaction.savepoint_rollback(mark)

    assert missed == []
    assert verify() == (30, None)


def test_A3_another_key_seals_another_chain(settings):
    write(2)
    seal_rows()
    settings.AUDIT_KEY = "another-audit-key-that-is-long-enough-to-seal"

    assert verify()[1].seq == 1


def test_A3_an_emptied_database_is_found_by_its_anchor():
    write(3)
    seal_rows()
    sql(f"DELETE FROM {LOG}")
    sql(f"DELETE FROM {SEALS}")

    assert str(verify()[1]) == "seq 1: the tail is missing, it was anchored at 3"


def test_A3_a_row_nobody_seals_is_found_after_ten_minutes():
    write(1)

    assert verify() == (0, None)
    _, problem = verify(now=timezone.now() + timedelta(minutes=11))
    assert (problem.seq, problem.what) == (None, "the row was never sealed")


# -- append-only


def test_A2_code_cannot_change_or_delete_rows():
    log, _ = write(2)
    rows, one = OperationLog.objects.all(), OperationLog.objects.filter(pk=log.pk)
    attempts = [
        log.save, log.delete, rows.delete, one.delete,
        lambda: one.update(status="failed"),
        lambda: OperationLog.objects.update_or_create(pk=log.pk, defaults={"status": "failed"}),
        lambda: OperationLog.objects.bulk_update([log], ["status"]),
    ]  # fmt: skip

    for attempt in attempts:
        with pytest.raises(AppendOnlyError):
            attempt()
    assert OperationLog.objects.filter(status="success").count() == 2


@pytest.mark.parametrize("column", ["status", "admin_name", "created_at", "signature", "id"])
def test_A2_the_database_refuses_to_change_rows(column):
    log, _ = write(2)
    value = {"created_at": timezone.now(), "id": 10**6}.get(column, "x")

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"UPDATE {LOG} SET {column} = %s WHERE id = %s", value, log.pk)
    seal_rows()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        sql(f"UPDATE {SEALS} SET digest = 'x'")
    assert verify() == (2, None)


# -- letting go


def aged(time_machine, days, n):
    time_machine.move_to(timezone.now() - timedelta(days=days), tick=False)
    logs = write(n)
    time_machine.move_to(timezone.now() + timedelta(days=days), tick=False)
    return logs


def test_A6_rows_leave_after_half_a_year_and_what_stays_verifies(time_machine, anchor):
    old = aged(time_machine, 181, 3)
    kept = aged(time_machine, 179, 2)
    seal_rows()

    assert purge_old(now=timezone.now()) == 3

    assert set(
        OperationLog.objects.exclude(operation="audit:purge").values_list("pk", flat=True)
    ) == {log.pk for log in kept}
    row = OperationLog.objects.get(operation="audit:purge")
    assert (row.target_id, row.request_params["from"], row.request_params["through"]) == ("3", 1, 3)
    assert verify() == (2, None)
    seal_rows()
    assert verify() == (3, None)
    archive = anchor.parent / "archive-000000000001-000000000003.jsonl.gz"
    lines = gzip.decompress(archive.read_bytes()).splitlines()
    assert [json.loads(line)["pk"] for line in lines] == [log.pk for log in old]
    assert purge_old(now=timezone.now()) == 0


def test_A6_a_purge_that_nobody_logged_is_tampering(time_machine):
    aged(time_machine, 181, 3)
    write(2)
    seal_rows()
    purge_old(now=timezone.now())
    sql(f"DELETE FROM {LOG} WHERE operation = 'audit:purge'")

    assert verify()[1].what == "the beginning of the chain is missing"


def test_A6_nothing_leaves_early_and_never_the_last_link(time_machine):
    aged(time_machine, 400, 2)
    seal_rows()

    assert audit_chain.KEEP_DAYS >= 180
    assert purge_old(now=timezone.now()) == 1
    write(1)
    seal_rows()
    assert verify() == (3, None)
    assert seqs() == [2, 3, 4]


def test_A6_what_was_tampered_with_is_not_archived_away(time_machine):
    aged(time_machine, 181, 3)
    write(1)
    seal_rows()
    sql(f"DELETE FROM {LOG} WHERE id = %s", AuditSeal.objects.get(seq=1).log_id)

    assert purge_old(now=timezone.now()) == 0
    assert verify()[1].seq == 1
