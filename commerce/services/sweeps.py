"""What of money and orders beat runs: find what is due, take one step with each."""

from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from commerce.gateways.base import gateway_for
from commerce.models import (
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
    ReportStatus,
    ShippingReport,
)
from commerce.services.confirming import (
    confirm_by_itself,
    remind_to_confirm,
    to_confirm,
    to_remind,
)
from commerce.services.expiry import Lines, close_attempt, close_overdue, expire_untried
from commerce.services.ledger import release_order
from commerce.services.payments import deliver, due_at, take_answer
from commerce.services.refund_sending import advance_refund
from commerce.services.refunds import conclude_refund
from commerce.services.wechat_shipping import advance_report
from config.sweeping import each

# Seconds between questions about an attempt its client may still pay (WeChat Pay's advice) …
PENDING_STEPS = (5, 15, 30, 60, 180, 600, 1800)
# … and about one we are closing: every minute for an hour, then every ten minutes.
CLOSING_STEPS = (5, 10, 20, 30, *[60] * 60, 600)
RETRY = timedelta(seconds=30)
# So many orders a run are closed at a provider, a question or two each.
ONE_BY_ONE = 500


def close_overdue_orders(now: datetime, limit: int) -> int:
    """Expire what ran out unpaid, oldest first; how many did.

    Those nobody began to pay in batches, the others one by one: at the provider first.
    """
    overdue = Order.objects.overdue(now).order_by("expires_at").values_list("pk", flat=True)
    done, others = expire_untried(list(overdue[:limit]), now=now)
    return done + each(others[:ONE_BY_ONE], close_overdue, now=now, lines=Lines())


def ask_about_payments(limit: int) -> int:
    """Query what may have been paid without our hearing of it, close what must be closed."""
    lines = Lines()
    due = Payment.objects.open().filter(next_query_at__lte=timezone.now())
    return each(_first(due, "next_query_at", limit), _ask_about, lines=lines)


def deliver_payments(limit: int) -> int:
    """Deliver what was paid but not handed over: a crash or a failure came between."""
    due = Payment.objects.filter(status=PaymentStatus.SUCCEEDED, next_query_at__lte=timezone.now())
    return each(_first(due, "next_query_at", limit), _deliver)


def advance_refunds(status: RefundStatus, limit: int) -> int:
    """Send what is approved (APPROVED) or ask what became of what was sent (PROCESSING)."""
    lines = Lines()
    due = Refund.objects.filter(status=status, next_try_at__lte=timezone.now())
    due = _first(due.select_related("payment"), "next_try_at", limit)
    return each(due, advance_refund, lines=lines)


def conclude_refunds(limit: int) -> int:
    """Finish refunds whose money is back but whose order was not told."""
    due = Refund.objects.filter(status=RefundStatus.SUCCEEDED, next_try_at__lte=timezone.now())
    return each(_first(due, "next_try_at", limit), _conclude)


def settle_orders(now: datetime, limit: int) -> int:
    """Settle what was completed long enough ago, oldest first; how many were."""
    due = Order.objects.filter(status=OrderStatus.COMPLETED, settles_at__lte=now, on_hold=False)
    due = due.order_by("settles_at").values_list("pk", flat=True)
    return each(due[:limit], release_order, now=now)


def confirm_orders(now: datetime, limit: int) -> int:
    """Complete what was handed over long enough ago, remind buyers before; how many completed."""
    soon = to_remind(now).order_by("remind_at").values_list("pk", flat=True)
    each(soon[:limit], remind_to_confirm, now=now)
    due = to_confirm(now).order_by("confirm_by").values_list("pk", flat=True)
    return each(due[:limit], confirm_by_itself, now=now)


def report_shipping(limit: int) -> int:
    """Upload shipping information that is due, oldest first; how many were tried."""
    due = ShippingReport.objects.filter(
        status=ReportStatus.PENDING, next_try_at__lte=timezone.now()
    )
    return each(_first(due, "next_try_at", limit), advance_report)


def _ask_about(payment: Payment, lines: Lines) -> bool:
    """One question, claimed first so that two workers do not ask the same."""
    if lines.dead(payment.method):
        return False
    now, closing = timezone.now(), payment.status == PaymentStatus.CLOSING
    steps = CLOSING_STEPS if closing else PENDING_STEPS
    row = Payment.objects.filter(pk=payment.pk, status=payment.status, queries=payment.queries)
    if not row.update(queries=F("queries") + 1, next_query_at=due_at(now, payment.queries, steps)):
        return False
    if closing:
        return close_attempt(payment, lines=lines)
    state = take_answer(gateway_for(payment.method), payment)
    lines.heard(payment.method, state is not None)
    if state is None:  # silence is no answer: ask again soon
        soon = Payment.objects.filter(pk=payment.pk, next_query_at__gt=now + RETRY)
        soon.exclude(status=PaymentStatus.SUCCEEDED).update(next_query_at=now + RETRY)
    return True


def _deliver(payment: Payment) -> bool:
    """A failing one comes back in half a minute and does not stand in front of the others."""
    _later(Payment.objects.filter(pk=payment.pk), "next_query_at")
    deliver(payment)
    return True


def _conclude(refund: Refund) -> bool:
    _later(Refund.objects.filter(pk=refund.pk), "next_try_at")
    conclude_refund(refund)
    return True


def _later(row: QuerySet, field: str) -> None:
    row.exclude(**{field: None}).update(**{field: timezone.now() + RETRY})


def _first(due: QuerySet, field: str, limit: int) -> QuerySet:
    return due.order_by(field, "pk")[:limit]
