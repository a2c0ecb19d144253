from celery import shared_task

from farm.services import agreements, claims, reminding


@shared_task(name="farm.print_agreements", ignore_result=True, time_limit=280)
def print_agreements() -> int:
    """Print agreements that wait.  Overlap is harmless: the first to write a file has made it."""
    return agreements.print_waiting()


@shared_task(name="farm.end_claims", ignore_result=True, time_limit=280)
def end_claims() -> int:
    """End claims whose term is over.  Each is looked at under its lock."""
    return claims.end_due()


@shared_task(name="farm.remind_of_ends", ignore_result=True, time_limit=280)
def remind_of_ends() -> int:
    """Tell claimants that their claim ends soon.  Daily; a second time tells nobody again."""
    return reminding.remind_of_ends()


@shared_task(name="farm.remind_of_updates", ignore_result=True, time_limit=280)
def remind_of_updates() -> int:
    """Tell merchants which animals had no news for long.  Daily; once per silence."""
    return reminding.remind_of_updates()
