from celery import shared_task
from django.utils import timezone

from media.services import files


@shared_task(name="media.purge_file", ignore_result=True, time_limit=60)
def purge_file(file_id: int) -> bool:
    """Remove a deleted file's bytes; what fails is left to the sweep."""
    return files.purge(file_id)


@shared_task(name="media.sweep_orphans", ignore_result=True, time_limit=1800)
def sweep_orphans() -> int:
    """Finish uploads and deletions that were cut short.  Nightly; overlap is harmless."""
    return files.sweep(timezone.now())
