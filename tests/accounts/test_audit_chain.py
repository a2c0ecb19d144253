"""The operation log is append-only, chained, anchored, and any tampering is found (A-2…A-6)."""

import gzip
import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from accounts.models import AppendOnlyError, AuditSeal, OperationLog
from accounts.seals import COLUMNS
from accounts.services import audit_chain
from accounts.services.audit_chain import anchors, purge_old, seal_rows, verify
from accounts.tasks import seal_operations
from tests.accounts.chain import LOG, SEALS, put, raw, rewrite, seqs, sql, write

pytestmark = pytest.mark.usefixtures("anchor")


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
