"""Making the files of exports, in the background: claimed, written, stored, told of; or begun anew.

A worker that dies leaves its lease to run out; the sweep then begins the job again from the start,
at most MAX_ATTEMPTS times.  Each attempt writes a file of its own name, and whoever finds that
another took over removes its own.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from tempfile import TemporaryFile

from django.db import transaction
from django.utils import timezone

from accounts.audit import move
from accounts.models import ExportFormat, ExportJob, ExportStatus
from accounts.services.export_kinds import export_kind, may_have, reach_now
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from config import storage
from config.db import transact
from config.errors import DomainError, ServiceUnavailable
from config.tables import CSV_TYPE, XLSX_TYPE

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
LEASE = timedelta(minutes=2)  # without a sign of life
RETRY_AFTER = timedelta(seconds=30)
CONTENT_TYPES = {
    ExportFormat.CSV: CSV_TYPE,
    ExportFormat.XLSX: XLSX_TYPE,
    ExportFormat.ZIP: "application/zip",
}


class ClaimLost(Exception):
    """The job was cancelled, or another worker took it over."""


def run_due(limit: int = 20) -> int:
    """Make what waits or was left lying, oldest first; how many were begun."""
    due = ExportJob.objects.live().filter(lease_until__lte=timezone.now())
    ids = list(due.order_by("lease_until", "pk").values_list("pk", flat=True)[:limit])
    return sum(run_export(pk) for pk in ids)


def run_export(job_id: int) -> bool:
    """Make one file; False when it was not due (any more).  A second call is harmless."""
    job = _claim(job_id, now=timezone.now())
    if job is None:
        return False
    _tidy(job, attempts=range(1, job.attempts))
    try:
        _make(job)
    except Exception as error:
        if not isinstance(error, ClaimLost):
            logger.exception("export %s: attempt %s failed", job.pk, job.attempts)
            _give_up_or_wait(job, error)
        _tidy(job, attempts=[job.attempts])
    return True


def drop_expired(now: datetime) -> int:
    """Remove the files past their keeping time; how many went."""
    expired = ExportJob.objects.filter(status=ExportStatus.READY, expires_at__lte=now)
    gone = 0
    for job in expired.order_by("expires_at")[:500]:
        try:
            storage.remove(job.path)  # first: if this process dies now, the next sweep does both
        except ServiceUnavailable:
            continue
        gone += _expire(job.pk)
    return gone


@transact
def _claim(job_id: int, *, now: datetime) -> ExportJob | None:
    """Take a job that is due, as attempt number so-and-so; nobody else's until the lease ends."""
    job = ExportJob.objects.locked().live().filter(pk=job_id, lease_until__lte=now).first()
    if job is None:
        return None
    if job.status == ExportStatus.PROCESSING:  # its worker is gone
        move(job, ExportStatus.PENDING, reason="执行中断，重新开始")
    if job.attempts >= MAX_ATTEMPTS:
        transaction.on_commit(partial(_tidy, job, attempts=[job.attempts]), robust=True)
        return _fail(job, "多次执行中断，请缩小范围后重试")
    if not may_have(job):
        return _fail(job, "申请人的账号或权限已变更")
    move(
        job, ExportStatus.PROCESSING, attempts=job.attempts + 1, done=0, total=None,
        started_at=now, lease_until=now + LEASE, reach=reach_now(job),
    )  # fmt: skip
    return job


def _make(job: ExportJob) -> None:
    kind = export_kind(job.kind)
    _show(job, total=kind.count(job))
    with TemporaryFile() as file:
        kind.write(job, file, progress=lambda done: _show(job, done=done))
        size = file.tell()
        _show(job)  # storing takes a while
        file.seek(0)
        storage.write(job.path, file, content_type=CONTENT_TYPES[job.format])
    _finish(job.pk, job.attempts, size=size)


def _show(job: ExportJob, **figures: int) -> None:
    """Progress, and a sign of life; ClaimLost when the job is not ours any more."""
    ours = ExportJob.objects.filter(
        pk=job.pk, status=ExportStatus.PROCESSING, attempts=job.attempts
    )
    if not ours.update(lease_until=timezone.now() + LEASE, **figures):
        raise ClaimLost


@transact
def _finish(job_id: int, attempt: int, *, size: int) -> None:
    job = _ours(job_id, attempt)
    now = timezone.now()
    keep = getattr(export_kind(job.kind), "keep_parameter", "EXPORT_KEEP_DAYS")
    until = now + timedelta(days=parameter(keep))
    move(job, ExportStatus.READY, size=size, total=job.done, finished_at=now, expires_at=until)
    _tell(job, "export_ready", rows=job.done, until=f"{timezone.localtime(until):%m月%d日 %H:%M}")


@transact
def _give_up_or_wait(job: ExportJob, error: Exception) -> None:
    try:
        job = _ours(job.pk, job.attempts)
    except ClaimLost:
        return
    if job.attempts >= MAX_ATTEMPTS:
        # A refusal is made for people to read; anything else might print a row.
        _fail(job, str(error) if isinstance(error, DomainError) else "生成失败，请联系技术人员")
    else:
        again = timezone.now() + RETRY_AFTER * job.attempts
        move(job, ExportStatus.PENDING, reason=type(error).__name__, lease_until=again)


@transact
def _expire(job_id: int) -> bool:
    job = ExportJob.objects.locked().filter(pk=job_id, status=ExportStatus.READY).first()
    if job:
        move(job, ExportStatus.EXPIRED, reason="超过保留时间")
    return job is not None


def _ours(job_id: int, attempt: int) -> ExportJob:
    ours = ExportJob.objects.locked().filter(
        pk=job_id, status=ExportStatus.PROCESSING, attempts=attempt
    )
    job = ours.first()
    if job is None:
        raise ClaimLost
    return job


def _tidy(job: ExportJob, *, attempts: Iterable[int]) -> None:
    """Remove what attempts without success may have stored."""
    for attempt in attempts:
        try:
            storage.remove(job.path_of(attempt))
        except ServiceUnavailable:  # said so in the log
            continue


def _fail(job: ExportJob, why: str) -> None:
    move(job, ExportStatus.FAILED, reason=why, error=why[:200], finished_at=timezone.now())
    _tell(job, "export_failed", why=why)


def _tell(job: ExportJob, template: str, **words) -> None:
    what = export_kind(job.kind).label
    key = f"{template}:{job.pk}"
    notify(job.requested_by, template, dedupe_key=key, what=what, job_id=job.pk, **words)
