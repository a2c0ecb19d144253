"""Closing overdue orders: at the provider first, then here, so that nobody pays for nothing."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.services.parameters import parameter
from commerce.errors import FactsMismatch
from commerce.gateways.base import GatewayError, GatewayUnknown, TradeState, gateway_for
from commerce.models import Order, Payment
from commerce.services.orders import expire_order, expire_orders, stop_attempts
from commerce.services.payments import mark_closed, take_answer
from config.db import transact

logger = logging.getLogger(__name__)


# Rows locked at once, for a third of a second; more gain little (performance, section 4).
BATCH = 500


def expire_untried(order_ids: Sequence[int], *, now: datetime) -> tuple[int, list[int]]:
    """Expire orders nobody began to pay, BATCH at a time: there is nothing to close at a provider.

    (how many, the others): those with an attempt, and whole batches with something wrong in them,
    are left for close_overdue(), where one failure stops no other.
    """
    done, others = 0, []
    for start in range(0, len(order_ids), BATCH):
        batch = order_ids[start : start + BATCH]
        try:
            expired = set(expire_orders(batch, now=now, untried=True))
        except Exception:
            logger.exception("expiring %d orders at once failed", len(batch))
            expired = set()
        done += len(expired)
        others += [pk for pk in batch if pk not in expired]
    return done, others


class Lines:
    """Which providers answer in this run: after three silences one is not asked again.

    Otherwise one dead provider, at ten seconds a question, stops every sweep.
    """

    PATIENCE = 3

    def __init__(self):
        self._silences: dict[str, int] = {}

    def dead(self, method: str) -> bool:
        return self._silences.get(method, 0) >= self.PATIENCE

    def heard(self, method: str, answered: bool) -> None:
        self._silences[method] = 0 if answered else self._silences.get(method, 0) + 1


def close_overdue(order_id: int, *, now: datetime, lines: Lines) -> bool:
    """Close the order's attempts at the provider, then the order; False when it did not expire.

    An order that turns out paid becomes paid.  A provider that says nothing gets
    CLOSE_GRACE_SECONDS; then the targets go back all the same, the attempt keeps being closed,
    and money that comes after that goes back by itself.
    """
    attempts = _stop_overdue(order_id, now)
    if attempts is None:
        return False
    known = [close_attempt(attempt, lines=lines) for attempt, _ in attempts]
    grace = timedelta(seconds=parameter("CLOSE_GRACE_SECONDS"))
    if not all(known) and now < attempts[0][1] + grace:
        return False
    return expire_order(order_id, now=now)


@transact
def _stop_overdue(order_id: int, now: datetime) -> list[tuple[Payment, datetime]] | None:
    """Its open attempts with the order's deadline; nobody can start or reuse one from here on."""
    order = Order.objects.locked().overdue(now).filter(pk=order_id).first()
    if order is None:
        return None
    return [(attempt, order.expires_at) for attempt in stop_attempts(order)]


def close_attempt(payment: Payment, *, lines: Lines) -> bool:
    """Make sure nobody pays this attempt any more; False when the provider left that open.

    Asked first, closed second: paid meanwhile is paid (invariants M-9).  Network.
    """
    if lines.dead(payment.method):
        return False
    gateway = gateway_for(payment.method)
    try:
        state = take_answer(gateway, payment)
        lines.heard(payment.method, state is not None)
        if state == TradeState.UNPAID:
            state = _close(gateway, payment)
    except FactsMismatch:  # paid, but not what we asked for: an anomaly for a person
        return False
    if state in {TradeState.ABSENT, TradeState.CLOSED}:
        mark_closed(payment.pk)
    return state not in {None, TradeState.UNPAID}


def _close(gateway, payment: Payment) -> TradeState | None:
    try:
        gateway.close(payment)
    except GatewayUnknown as error:
        logger.warning("close of %s: %s", payment.number, error)
        return None
    except GatewayError:  # paid or closed between question and order: ask again
        return take_answer(gateway, payment)
    return TradeState.CLOSED
