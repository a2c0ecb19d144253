"""Files that are there: deleting them, and sweeping up what got lost."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from celery import signature
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import move
from accounts.models import User, UserStatus
from config import storage
from config.db import transact
from config.errors import DomainError, NotFound
from media.errors import FileInUse
from media.models import OF_THE_BUSINESS, File, FileStatus, Purpose, Variant, Visibility
from media.services.links import public_path
from media.services.quota import release

logger = logging.getLogger(__name__)

UPLOAD_HOURS = 1  # longer than any request lives


@transact
def delete_file(file_id: int, *, actor: User) -> None:
    """Delete a file that nothing uses (FileInUse); its bytes go after the commit."""
    file = File.objects.locked().ready().filter(pk=file_id).first()
    if file is None:
        raise NotFound
    if is_used(file):
        raise FileInUse
    let_go(file, actor=actor, reason="删除")


def is_used(file: File) -> bool:
    """By a row that points at it, whoever's; or worn."""
    for link in File._meta.related_objects:
        if link.related_model._base_manager.filter(**{link.field.name: file.pk}).exists():
            return True
    if file.purpose != Purpose.AVATAR:
        return False
    worn = public_path(file, Variant.MAIN)
    return User.objects.filter(pk=file.owner_id, avatar__endswith=worn).exists()


def show_to(visibility: Visibility, file_ids: Iterable[int]) -> None:
    """Who looks at these from now on; in the transaction that shows or hides what they are of."""
    rows = File.objects.filter(pk__in=list(file_ids))
    rows.update(visibility=visibility, updated_at=timezone.now())


def let_go(file: File, *, actor: User | None = None, reason: str) -> None:
    """Mark a locked file as deleted and give its bytes back, inside the caller's transaction."""
    move(file, FileStatus.DELETED, actor=actor, reason=reason)
    release(file.owner_id, size=file.stored_bytes)
    purging = signature("media.purge_file", args=[file.pk])  # by name: the task knows this module
    transaction.on_commit(purging.delay, robust=True)


@transact
def discard(file_id: int, *, reason: str) -> bool:
    """Take a file away whatever uses it; False when that happened already."""
    file = File.objects.locked().exclude(status=FileStatus.DELETED).filter(pk=file_id).first()
    if file is None:
        return False
    let_go(file, reason=reason)
    return True


def purge(file_id: int) -> bool:
    """Remove a deleted file's bytes, then its row.  A second call is harmless."""
    file = File.objects.filter(pk=file_id, status=FileStatus.DELETED).first()
    if file is None:
        return False
    for variant in Variant.values:
        storage.remove(file.path(variant))
    return bool(File.objects.filter(pk=file_id, status=FileStatus.DELETED).delete()[0])


def sweep(now: datetime) -> int:
    """Finish what was cut short; how many files went.

    Uploads that never ended, files of people who are gone, bytes of deleted files.  One that
    fails stays for the next time.
    """
    lost = Q(status=FileStatus.UPLOADING, created_at__lt=now - timedelta(hours=UPLOAD_HOURS))
    left_behind = Q(status=FileStatus.READY, owner__status=UserStatus.DELETED)
    left_behind &= ~Q(purpose__in=OF_THE_BUSINESS)
    for pk in File.objects.filter(lost | left_behind).order_by("pk").values_list("pk", flat=True):
        _try(discard, pk, reason="清理")
    deleted = File.objects.filter(status=FileStatus.DELETED).order_by("pk")
    return sum(bool(_try(purge, pk)) for pk in list(deleted.values_list("pk", flat=True)))


def _try(step, pk: int, **kwargs):
    try:
        return step(pk, **kwargs)
    except DomainError as error:
        logger.warning("file %s: %s not done: %s", pk, step.__name__, error)
        return None
