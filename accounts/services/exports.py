"""Asking for an export, looking after it, fetching its file; export_running makes the file."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import move
from accounts.errors import ExportInvalid, ExportLinkInvalid, ReasonRequired, TooManyExports
from accounts.models import ExportJob, ExportStatus, User
from accounts.services.export_kinds import Export, export_kind, may_have
from accounts.tasks import run_exports
from config import storage
from config.changes import note_change
from config.db import transact
from config.errors import Forbidden, NotFound
from config.sealing import blind_index

LINK_SECONDS = 600
MAX_LIVE = 3  # of one person at a time
_SALT = "accounts.export.download"


@transact
def request_export(
    user: User,
    kind: str,
    *,
    filters: Mapping[str, Any] | None = None,
    columns: Sequence[str] = (),
    format: str = "",
    unmasked: bool = False,
    reason: str = "",
) -> ExportJob:
    """Ask for a file of `kind` (settings.EXPORTS); no columns, no format: the usual ones.

    The same wish while it is under way gives the job there is.  Raises Forbidden, ExportInvalid,
    ReasonRequired (unmasked data without one) and TooManyExports.
    """
    export = export_kind(kind)
    if not export.allows(user, unmasked=unmasked):
        raise Forbidden
    if unmasked and not reason.strip():
        raise ReasonRequired
    wish = {
        "kind": kind,
        "filters": export.check(filters or {}, user=user),
        "columns": _columns(export, columns),
        "format": _format(export, format),
        "unmasked": unmasked,
    }
    fingerprint = blind_index("export", json.dumps(wish, sort_keys=True))
    User.objects.locked().get(pk=user.pk)  # two wishes of one person queue here
    live = ExportJob.objects.visible_to(user).live()
    if job := live.filter(fingerprint=fingerprint).first():
        return job
    if live.count() >= MAX_LIVE:
        raise TooManyExports
    return _open(user, wish, fingerprint=fingerprint, reason=reason.strip())


def _open(user: User, wish: dict[str, Any], *, fingerprint: str, reason: str) -> ExportJob:
    job = ExportJob(
        requested_by=user,
        key=secrets.token_urlsafe(32),
        reason=reason,
        fingerprint=fingerprint,
        lease_until=timezone.now(),
        **wish,
    )
    job.save(force_insert=True)
    note_change(job, {name: (None, _short(value)) for name, value in wish.items()})
    transaction.on_commit(run_exports.delay, robust=True)
    return job


def cancel_export(job_id: int, *, user: User) -> ExportJob:
    """Stop one that is under way, or drop the file of one that is ready.

    NotFound for another's; IllegalTransition when there is nothing left to stop or to drop.
    """
    job = _stop(job_id, user)
    storage.remove(job.path)
    return job


@transact
def _stop(job_id: int, user: User) -> ExportJob:
    job = ExportJob.objects.visible_to(user).locked().filter(pk=job_id).first()
    if job is None:
        raise NotFound
    if job.status == ExportStatus.READY:
        move(job, ExportStatus.EXPIRED, actor=user, reason="本人删除")
    else:
        move(job, ExportStatus.CANCELLED, actor=user, finished_at=timezone.now())
    return job


def download_path(job: ExportJob) -> str | None:
    """Where its requester fetches the file for LINK_SECONDS; None while there is none."""
    if job.status != ExportStatus.READY or job.expires_at <= timezone.now():
        return None
    token = signing.dumps([job.pk, job.requested_by_id], salt=_SALT)
    return f"/api/v1/exports/{job.pk}/download?token={quote(token, safe='')}"


def download_url(job: ExportJob) -> str | None:
    path = download_path(job)
    return path and settings.PUBLIC_URL + path


def open_download(job_id: int, token: str, *, visitor: User) -> ExportJob:
    """The job whose file a link leads to, its download counted; ExportLinkInvalid.

    visitor: who asks, if anybody is logged in: then it must be whom the link was made for.
    Whether that person may still have the file is looked up again.
    """
    try:
        linked_id, user_id = signing.loads(token, salt=_SALT, max_age=LINK_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        raise ExportLinkInvalid from None
    if linked_id != job_id or (visitor.is_authenticated and visitor.pk != user_id):
        raise ExportLinkInvalid
    ready = ExportJob.objects.filter(status=ExportStatus.READY, expires_at__gt=timezone.now())
    job = ready.select_related("requested_by").filter(pk=job_id, requested_by=user_id).first()
    if job is None or not may_have(job):
        raise ExportLinkInvalid
    ExportJob.objects.filter(pk=job.pk).update(downloads=F("downloads") + 1)
    return job


def file_name(job: ExportJob) -> str:
    """用户-20261121-0930.csv"""
    made = timezone.localtime(job.finished_at or job.created_at)
    return f"{export_kind(job.kind).label}-{made:%Y%m%d-%H%M}.{job.format}"


def _columns(export: Export, wanted: Sequence[str]) -> list[str]:
    """In the order the kind has them, each once."""
    if unknown := set(wanted) - export.columns.keys():
        raise ExportInvalid(columns=[_("没有这一列：%s") % name for name in sorted(unknown)])
    return [name for name in export.columns if name in wanted or not wanted]


def _format(export: Export, wanted: str) -> str:
    if wanted and wanted not in export.formats:
        raise ExportInvalid(format=[_("不支持该格式")])
    return str(wanted or export.formats[0])


def _short(value: Any) -> Any:
    return value if isinstance(value, str | bool) else json.dumps(value, ensure_ascii=False)
