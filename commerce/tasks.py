"""Sweeps over what is due.  Each may overlap with itself: every row is looked at again under its
own lock, so one bad row stops neither its run nor the next.
"""

from celery import shared_task
from django.utils import timezone

from commerce.models import RefundStatus
from commerce.services import bills, invitations, ledger_check, order_figures, reviews, sweeps


@shared_task(name="commerce.expire_orders", ignore_result=True, time_limit=300)
def expire_orders(limit: int = 10_000) -> int:
    """Close orders whose time to pay ran out, at the provider first if that knows of them; how
    many expired.  Who is in a batch of another run is waited for, and then passed over."""
    return sweeps.close_overdue_orders(timezone.now(), limit)


@shared_task(name="commerce.query_pending_payments", ignore_result=True, time_limit=300)
def query_pending_payments(limit: int = 200) -> int:
    """Ask about attempts whose end is unknown and close those that must be; how many answered.

    Kicked when an order is cancelled.
    """
    return sweeps.ask_about_payments(limit)


@shared_task(name="commerce.deliver_paid_orders", ignore_result=True, time_limit=300)
def deliver_paid_orders(limit: int = 500) -> int:
    """Hand over what was paid when the first try failed or its process died; how many."""
    return sweeps.deliver_payments(limit)


@shared_task(name="commerce.confirm_orders", ignore_result=True, time_limit=300)
def confirm_orders(limit: int = 500) -> int:
    """Complete orders whose buyer said nothing for AUTO_CONFIRM_DAYS; how many."""
    return sweeps.confirm_orders(timezone.now(), limit)


@shared_task(name="commerce.expire_invitations", ignore_result=True, time_limit=300)
def expire_invitations(limit: int = 500) -> int:
    """End invitations of merchants that nobody answered in time; how many."""
    return invitations.expire_invitations(timezone.now(), limit)


@shared_task(name="commerce.report_shipping", ignore_result=True, time_limit=300)
def report_shipping(limit: int = 100) -> int:
    """Tell WeChat what was handed over; kicked when something was.  How many were tried."""
    return sweeps.report_shipping(limit)


@shared_task(name="commerce.send_refunds", ignore_result=True, time_limit=300)
def send_refunds(limit: int = 200) -> int:
    """Send approved refunds to the provider; kicked when one is approved.  How many were tried."""
    return sweeps.advance_refunds(RefundStatus.APPROVED, limit)


@shared_task(name="commerce.query_pending_refunds", ignore_result=True, time_limit=300)
def query_pending_refunds(limit: int = 200) -> int:
    """Ask what became of refunds under way, and finish those that succeeded; how many."""
    asked = sweeps.advance_refunds(RefundStatus.PROCESSING, limit)
    return asked + sweeps.conclude_refunds(limit)


@shared_task(name="commerce.import_bills", ignore_result=True, time_limit=3600)
def import_bills() -> int:
    """Fetch and compare the providers' bills that are due; kicked when one is wanted again."""
    return bills.import_due_bills(timezone.now())


@shared_task(name="commerce.settle_orders", ignore_result=True, time_limit=900)
def settle_orders(limit: int = 5000) -> int:
    """Settle completed orders whose waiting time is over; how many."""
    return sweeps.settle_orders(timezone.now(), limit)


@shared_task(name="commerce.check_books", ignore_result=True, time_limit=3600)
def check_books() -> int:
    """Look whether the ledger agrees with payments, refunds and orders; how many flaws."""
    return ledger_check.check_books()


@shared_task(name="commerce.roll_up", ignore_result=True, time_limit=3600)
def roll_up() -> int:
    """Keep the figures of closed days, and of those that were reopened.  Hourly; overlap is
    harmless: a day is counted under its lock, and again it is the same."""
    return order_figures.refresh_figures(now=timezone.now())


@shared_task(name="commerce.refresh_ratings", ignore_result=True, time_limit=1800)
def refresh_ratings() -> int:
    """Make merchants' ratings anew, by the parameters of today; nightly.  How many."""
    return reviews.refresh_ratings()
