"""How much one person may store; exact under any number of uploads at once (invariants F-4)."""

from django.conf import settings
from django.db.models import F

from media.errors import QuotaExceeded
from media.models import FileUsage


def reserve(user_id: int, *, size: int) -> None:
    """Take `size` bytes of the person's quota, inside the caller's transaction; QuotaExceeded."""
    FileUsage.objects.get_or_create(user_id=user_id)
    room = FileUsage.objects.filter(
        user_id=user_id, used_bytes__lte=settings.FILE_QUOTA_BYTES - size
    )
    if not room.update(used_bytes=F("used_bytes") + size):
        raise QuotaExceeded(quota=settings.FILE_QUOTA_BYTES)


def release(user_id: int, *, size: int) -> None:
    FileUsage.objects.filter(user_id=user_id).update(used_bytes=F("used_bytes") - size)
