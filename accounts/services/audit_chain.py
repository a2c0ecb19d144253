"""The hash chain over the operation log: sealed in the background, anchored outside, verified.

Requests only add rows.  One job seals what is committed, in the order of ids, each link over the
row and the link before.  The head goes to a file outside the database, so that a cut-off tail
shows too (invariants A-3, A-4, A-6).
"""

import gzip
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import AuditSeal, OperationLog
from accounts.seals import COLUMNS, link, signature
from config.db import transact

logger = logging.getLogger(__name__)

KEEP_DAYS = 180  # by law at least six months; older rows move to the archive
GENESIS = "0" * 64
BATCH = 1000
# A row whose transaction is slower than that of a later row is still found within so many ids.
WINDOW = 10_000
UNSEALED_AFTER = timedelta(minutes=10)
PURGE = "audit:purge"


@dataclass(frozen=True)
class Problem:
    """The first thing that is wrong.  seq: of the chain, None for a row outside of it."""

    what: str
    seq: int | None = None
    log_id: int | None = None

    def __str__(self):
        where = f"seq {self.seq}" if self.seq is not None else "outside the chain"
        return f"{where}: {self.what}" + (f" (row {self.log_id})" if self.log_id else "")


def seal_rows(*, now: datetime | None = None) -> int:
    """Seal every committed row that is not sealed yet, and anchor the head; how many were sealed.

    Two at once never fork the chain: seq and row are unique, the slower one gives up.
    """
    sealed = 0
    try:
        while count := _seal_batch(now or timezone.now()):
            sealed += count
    except IntegrityError:
        logger.info("another process is sealing the operation log")
    anchor_head(now=now or timezone.now())
    return sealed


@transact
def _seal_batch(now: datetime) -> int:
    head = _head()
    seq, previous = (head.seq, head.digest) if head else (0, GENESIS)
    floor = (head.log_id if head else 0) - WINDOW
    rows = _unsealed().filter(pk__gt=floor).order_by("pk").values("pk", "signature", *COLUMNS)
    links = []
    for row in rows[:BATCH]:
        seq += 1
        digest = link(seq, row["pk"], row, previous)
        links.append(
            AuditSeal(seq=seq, log_id=row["pk"], previous=previous, digest=digest, sealed_at=now)
        )
        previous = digest
    AuditSeal.objects.bulk_create(links)
    return len(links)


def _head() -> AuditSeal | None:
    return AuditSeal.objects.order_by("-seq").first()


def _unsealed():
    sealed = AuditSeal.objects.filter(log_id=OuterRef("pk"))
    return OperationLog.objects.filter(~Exists(sealed))


# -- the anchor


def anchor_head(*, now: datetime) -> bool:
    """Append the head to settings.AUDIT_ANCHOR_FILE; False when it stands there already.

    A chain shorter than its anchor is never anchored: that is the evidence of a lost tail.
    """
    head, path = _head(), Path(settings.AUDIT_ANCHOR_FILE)
    last = _last_anchor(path)
    if head is None or (last and last["seq"] == head.seq):
        return False
    if last and last["seq"] > head.seq:
        logger.critical("audit chain ends at %s but was anchored at %s", head.seq, last["seq"])
        return False
    line = {"time": now.isoformat(timespec="seconds"), "seq": head.seq, "hash": head.digest}
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, json.dumps(line).encode() + b"\n")
        os.fsync(file)
    finally:
        os.close(file)
    return True


def anchors(path: Path) -> Iterator[dict]:
    """Every readable line; one that a crash cut off is skipped."""
    if not path.exists():
        return
    with path.open() as file:
        for line in file:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict) and {"seq", "hash"} <= entry.keys():
                yield entry


def _last_anchor(path: Path) -> dict | None:
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        tail = file.read().splitlines()
    for line in reversed(tail):
        try:
            return json.loads(line)
        except ValueError:
            continue
    return None


# -- verifying


def verify(*, now: datetime | None = None) -> tuple[int, Problem | None]:
    """How many links were checked, and the first problem: rows, links and anchors."""
    anchored = {entry["seq"]: entry["hash"] for entry in anchors(Path(settings.AUDIT_ANCHOR_FILE))}
    checked, expected, previous = 0, None, GENESIS
    for seals in _batches():
        rows = _rows([seal.log_id for seal in seals])
        for seal in seals:
            if expected is None:
                expected, previous = 1, GENESIS
                if seal.seq > 1:
                    if not _purged_through(seal):
                        return checked, Problem("the beginning of the chain is missing", 1)
                    expected, previous = seal.seq, seal.previous
            problem = _problem(seal, rows, expected, previous, anchored)
            if problem:
                return checked, problem
            checked, expected, previous = checked + 1, seal.seq + 1, seal.digest
    end = max(anchored, default=0)
    if end >= (expected or 1):
        return checked, Problem(f"the tail is missing, it was anchored at {end}", expected or 1)
    return checked, _stray(now or timezone.now())


def _problem(seal, rows, expected, previous, anchored) -> Problem | None:
    row = rows.get(seal.log_id)
    if seal.seq != expected:
        return Problem("the link is missing", expected)
    if row is None:
        return Problem("the row is missing or unreadable", seal.seq, seal.log_id)
    try:
        genuine = signature(row) == row["signature"]
        digest = link(seal.seq, seal.log_id, row, previous)
    except (AttributeError, TypeError, ValueError):
        genuine, digest = False, ""
    if not genuine:
        return Problem("the row was changed or not written by us", seal.seq, seal.log_id)
    if seal.previous != previous or seal.digest != digest:
        return Problem("the row or its place was changed", seal.seq, seal.log_id)
    if anchored.get(seal.seq, seal.digest) != seal.digest:
        return Problem("the chain is another than the anchored one", seal.seq, seal.log_id)
    return None


def _batches() -> Iterator[list[AuditSeal]]:
    after = -1
    while seals := list(AuditSeal.objects.filter(seq__gt=after).order_by("seq")[:BATCH]):
        yield seals
        after = seals[-1].seq


def _rows(ids: list[int]) -> dict[int, dict]:
    """The rows by id; one whose columns cannot even be read is left out."""
    query = OperationLog.objects.order_by("pk").values("pk", "signature", *COLUMNS)
    try:
        return {row["pk"]: row for row in query.filter(pk__in=ids)}
    except (TypeError, ValueError):  # not JSON or no date any more: find out which
        if len(ids) == 1:
            return {}
        half = len(ids) // 2
        return _rows(ids[:half]) | _rows(ids[half:])


def _purged_through(first: AuditSeal) -> bool:
    """True when a genuine row says that everything before this link was purged."""
    purges = OperationLog.objects.filter(operation=PURGE, target_id=str(first.seq - 1))
    for row in purges.values("pk", "signature", *COLUMNS):
        if signature(row) == row["signature"]:
            return row["request_params"].get("hash") == first.previous
    return False


def _stray(now: datetime) -> Problem | None:
    """A row that was not written by us, or that no link covers although it is old."""
    for row in _unsealed().order_by("pk").values("pk", "signature", *COLUMNS).iterator():
        if signature(row) != row["signature"]:
            return Problem("the row was changed or not written by us", None, row["pk"])
        if row["created_at"] < now - UNSEALED_AFTER:
            return Problem("the row was never sealed", None, row["pk"])
    return None


# -- letting go of old rows


def purge_old(*, now: datetime) -> int:
    """Move sealed rows older than KEEP_DAYS to the archive, and log that; how many went.

    The row about it carries the last digest, so what stays verifies on its own.
    """
    cutoff, purged = now - timedelta(days=KEEP_DAYS), 0
    while count := _purge_batch(cutoff, now):
        purged += count
    return purged


def _purge_batch(cutoff: datetime, now: datetime) -> int:
    head = _head()
    links = AuditSeal.objects.order_by("seq").filter(seq__lt=head.seq if head else 0)
    seals = list(links[:BATCH])  # never the head: the next link needs it
    rows = _rows([seal.log_id for seal in seals])
    old = []
    for seal in seals:
        row = rows.get(seal.log_id)
        if row is None or row["created_at"] >= cutoff:  # what was tampered with stays as it is
            break
        old.append(seal)
    if not old:
        return 0
    _archive(old, rows)
    _let_go(old, cutoff)
    return len(old)


@transact
def _let_go(old: list[AuditSeal], cutoff: datetime) -> None:
    last = old[-1]
    OperationLog.objects.create(
        admin_name="系统",
        module="accounts",
        operation=PURGE,
        target_type="audit",
        target_id=str(last.seq),
        request_method="",
        request_url="",
        request_params={
            "from": old[0].seq, "through": last.seq, "hash": last.digest,
            "before": cutoff.isoformat(timespec="seconds"),
        },
        status=OperationLog.Status.SUCCESS,
    )  # fmt: skip
    logs = OperationLog.objects.filter(pk__in=[seal.log_id for seal in old])
    logs._raw_delete(logs.db)
    links = AuditSeal.objects.filter(seq__in=[seal.seq for seal in old])
    links._raw_delete(links.db)


def _archive(old: list[AuditSeal], rows: dict[int, dict]) -> None:
    """Write the rows with their links beside the anchor before they leave; again is harmless."""
    folder = Path(settings.AUDIT_ANCHOR_FILE).parent
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"archive-{old[0].seq:012}-{old[-1].seq:012}.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for seal in old:
            entry = {"seq": seal.seq, "digest": seal.digest, **rows[seal.log_id]}
            file.write(json.dumps(entry, cls=DjangoJSONEncoder, ensure_ascii=False) + "\n")
