"""Talking to the provider about refunds: one number per refund, however often it is tried."""

import logging

from django.db.models import F
from django.utils import timezone

from commerce.errors import FactsMismatch
from commerce.gateways.base import (
    GatewayError,
    GatewayUnknown,
    RefundResult,
    RefundState,
    gateway_for,
)
from commerce.models import Refund, RefundStatus
from commerce.services.expiry import Lines
from commerce.services.payments import due_at
from commerce.services.refunds import fail_refund, settle_refund
from config.db import transact

logger = logging.getLogger(__name__)

# Seconds to the next try: quickly at first, every minute for an hour, then every ten minutes.
STEPS = (5, 10, 20, 30, *[60] * 60, 600)


def advance_refund(refund: Refund, *, lines: Lines) -> bool:
    """Send an approved refund or ask about one under way; False when somebody else just does.

    Network: never inside a transaction.  Unknown is never failure (invariants M-11): the
    number is sent again, which sends nothing twice.
    """
    method = refund.payment.method
    if lines.dead(method) or not _claim(refund):
        return False
    gateway = gateway_for(method)
    try:
        result = _ask(gateway, refund)
    except GatewayUnknown as error:
        lines.heard(method, False)
        _note(refund, str(error))
        return True
    except GatewayError as error:
        lines.heard(method, True)
        _refused(gateway, refund, error)
        return True
    lines.heard(method, True)
    _take(refund, result)
    return True


def _claim(refund: Refund) -> bool:
    """This try is ours: set when the next one is due.  Also what a killed worker leaves behind."""
    row = Refund.objects.filter(pk=refund.pk, status=refund.status, attempts=refund.attempts)
    return bool(
        row.update(
            attempts=F("attempts") + 1,
            next_try_at=due_at(timezone.now(), refund.attempts, STEPS),
        )
    )


def _ask(gateway, refund: Refund) -> RefundResult:
    if refund.status == RefundStatus.PROCESSING:
        result = gateway.query_refund(refund)
        if result.state != RefundState.ABSENT:
            return result
    return gateway.refund(refund)


def _take(refund: Refund, result: RefundResult) -> None:
    try:
        settle_refund(refund.number, result)
    except FactsMismatch as error:  # an anomaly for a person; the row stays as it is
        _note(refund, str(error))


def _refused(gateway, refund: Refund, error: GatewayError) -> None:
    """A clear no.  Before it is final we look whether an earlier, unanswered try got through."""
    logger.warning("refund %s refused: %s", refund.number, error)
    if error.again:
        _note(refund, str(error))
        return
    try:
        result = gateway.query_refund(refund)
    except (GatewayError, GatewayUnknown) as silence:
        _note(refund, str(silence))
        return
    if result.state == RefundState.ABSENT:
        _give_up(refund.pk, str(error))
    else:
        _take(refund, result)


@transact
def _give_up(refund_id: int, reason: str) -> None:
    refund = Refund.objects.locked().get(pk=refund_id)
    if refund.status in {RefundStatus.APPROVED, RefundStatus.PROCESSING}:
        fail_refund(refund, reason)


def _note(refund: Refund, error: str) -> None:
    Refund.objects.filter(pk=refund.pk).update(error=error[:200])
