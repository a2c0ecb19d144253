"""Sealers and writers at once: one chain, no gaps (invariants A-4)."""

import pytest

from accounts.models import AuditSeal, OperationLog
from accounts.services.audit_chain import seal_rows, verify
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
WRITERS, SEALERS, ROWS = 8, 4, 40


@pytest.mark.parametrize("_round", range(3))
def test_A4_the_chain_never_forks_and_has_no_gaps(_round, settings, tmp_path):
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchor.log")

    def write():
        for n in range(ROWS):
            OperationLog.objects.create(
                module="accounts", operation="user:update", target_id=str(n), request_method="PUT",
                request_url="/x", status="success",
            )  # fmt: skip

    def seal():
        for _ in range(10):
            seal_rows()

    outcomes = together(WRITERS + SEALERS, lambda i: (write if i < WRITERS else seal)())

    assert outcomes == [None] * (WRITERS + SEALERS)
    seal_rows()
    total = WRITERS * ROWS
    assert list(AuditSeal.objects.values_list("seq", flat=True)) == list(range(1, total + 1))
    assert verify() == (total, None)
