from celery import shared_task

from counseling.services.affected import resolve_due
from counseling.services.appointments import complete_past as complete_past_appointments
from counseling.services.qualifications import remind_of_expiry as remind_of_qualifications
from counseling.services.reminding import remind as remind_of_sessions
from counseling.services.reviews import refresh_ratings as refresh_all_ratings
from counseling.services.schedule import open_slots as open_all_slots


@shared_task(name="counseling.open_slots", ignore_result=True, time_limit=1800)
def open_slots() -> int:
    """Make the slots of weekly templates for the coming weeks; hourly.  Overlap is harmless."""
    return open_all_slots()


@shared_task(name="counseling.complete_past", ignore_result=True, time_limit=280)
def complete_past() -> int:
    """Complete sessions that are over; every five minutes.  Each is looked at under its lock."""
    return complete_past_appointments()


@shared_task(name="counseling.remind", ignore_result=True, time_limit=280)
def remind() -> int:
    """Remind of sessions a day and an hour ahead; every sweep.  Each once per start and lead."""
    return remind_of_sessions()


@shared_task(name="counseling.resolve_affected", ignore_result=True, time_limit=280)
def resolve_affected() -> int:
    """Cancel sessions hit by leave that nobody handled in time; each under its order's lock."""
    return resolve_due()


@shared_task(name="counseling.refresh_ratings", ignore_result=True, time_limit=1800)
def refresh_ratings() -> int:
    """Count ratings anew, by the parameters of today; nightly."""
    return refresh_all_ratings()


@shared_task(name="counseling.remind_of_expiry", ignore_result=True, time_limit=280)
def remind_of_expiry() -> int:
    """Tell people that a qualification ends soon.  Daily; a second time tells nobody again."""
    return remind_of_qualifications()
