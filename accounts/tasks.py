from celery import shared_task
from django.utils import timezone

from accounts.services import new_devices
from accounts.services.api_keys import warn_of_expiring
from accounts.services.audit_chain import purge_old, seal_rows
from accounts.services.deletion import finish_due
from accounts.services.delivery import send_pending
from accounts.services.export_running import drop_expired, run_due
from accounts.services.live_logs import clean_logs
from accounts.services.retention import purge
from accounts.services.rollups import refresh_figures
from accounts.services.segments import refresh_segments


@shared_task(name="accounts.deliver_notifications", ignore_result=True, time_limit=300)
def deliver_notifications() -> int:
    """Empty the outbox; kicked by notify() and, for what got lost, by beat.

    Overlap is harmless: each row is claimed first.
    """
    return send_pending()


@shared_task(name="accounts.finish_deletions", ignore_result=True, time_limit=1800)
def finish_deletions() -> int:
    """Delete the accounts whose cooling-off is over.  Hourly; overlap is harmless: the row's lock
    decides."""
    return finish_due(timezone.now())


@shared_task(name="accounts.notice_new_devices", ignore_result=True, time_limit=120)
def notice_new_devices() -> int:
    """Tell people of logins from somewhere new.  Overlap is harmless: each row is claimed first."""
    return new_devices.notice_new_devices()


@shared_task(name="accounts.purge_expired", ignore_result=True, time_limit=1800)
def purge_expired() -> int:
    """Drop the rows whose time is over, as settings.RETENTION has it.  Nightly; see there."""
    return purge(timezone.now())


@shared_task(name="accounts.seal_operations", ignore_result=True, time_limit=120)
def seal_operations() -> int:
    """Seal new rows of the operation log and anchor the head.  Overlap is harmless: see there."""
    return seal_rows()


@shared_task(name="accounts.purge_operations", ignore_result=True, time_limit=1800)
def purge_operations() -> int:
    """Move operation log rows past their keeping time to the archive.  Nightly."""
    return purge_old(now=timezone.now())


@shared_task(name="accounts.purge_logs", ignore_result=True, time_limit=300)
def purge_logs() -> int:
    """Delete log files past their keeping time, on the machine this runs on.  Nightly."""
    return clean_logs(today=timezone.localdate())


@shared_task(name="accounts.run_exports", ignore_result=True, time_limit=3600)
def run_exports() -> int:
    """Make the files that were asked for; kicked by request_export() and by beat.

    Overlap is harmless: each job is claimed first.  One that this ends at its time limit, or that
    dies with its worker, is begun anew when its lease is over.
    """
    return run_due()


@shared_task(name="accounts.drop_exports", ignore_result=True, time_limit=600)
def drop_exports() -> int:
    """Remove exported files past their keeping time.  Hourly; overlap is harmless."""
    return drop_expired(timezone.now())


@shared_task(name="accounts.roll_up", ignore_result=True, time_limit=3600)
def roll_up() -> int:
    """Keep the figures of days that are over.  Hourly, so that a night without a worker is made up
    for; a second call does nothing, and two at once write the same."""
    return refresh_figures(now=timezone.now())


@shared_task(name="accounts.segment_people", ignore_result=True, time_limit=3600)
def segment_people() -> int:
    """Say of everybody which segment they are in.  Nightly; overlap writes the same twice."""
    return refresh_segments(now=timezone.now())


@shared_task(name="accounts.warn_of_expiring_keys", ignore_result=True, time_limit=300)
def warn_of_expiring_keys() -> int:
    """Tell the owners of API keys that end soon.  Daily; overlap is harmless: once per key."""
    return warn_of_expiring(now=timezone.now())
