"""A hundred random tamperings with the operation log, and each is found (A-3)."""

import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditSeal
from accounts.services import audit_chain
from accounts.services.audit_chain import seal_rows, verify
from tests.accounts.chain import LOG, SEALS, put, raw, rewrite, sql, write

ROUNDS = 100

pytestmark = pytest.mark.usefixtures("anchor")


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
