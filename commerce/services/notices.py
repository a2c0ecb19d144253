"""Taking in what providers tell us by callback: once per event, whatever else happens."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from commerce.errors import NoticeRefused
from commerce.gateways.base import Notice, gateway_for
from commerce.models import AnomalyKind, PaymentNotice
from commerce.services.anomalies import record_anomaly
from commerce.services.payments import settle
from commerce.services.refunds import settle_refund


def take_notice(method: str, *, headers: Mapping[str, str], body: bytes, source: str) -> None:
    """Act on a callback; returning means that everything it said is on record.

    Raises a DomainError when the provider should be told that it was not taken: NoticeRefused
    (nothing was believed), FactsMismatch (authentic, but not our payment).  An event that was
    processed before is acknowledged and nothing more.  source: the caller's address.
    """
    try:
        notice = gateway_for(method).parse_notice(headers, body)
    except NoticeRefused as refusal:
        if refusal.kind:
            hour = f"{timezone.now():%Y%m%d%H}"
            record_anomaly(
                AnomalyKind(refusal.kind), key=f"{method}:{source}:{hour}",
                source=source, why=refusal.reason,
            )  # fmt: skip
        raise
    row = _remember(method, notice)
    if row.processed_at is not None:
        return
    if notice.trade is not None:
        settle(notice.trade.number, notice.trade, source=notice.event_id)
    else:
        settle_refund(notice.refund.number, notice.refund, source=notice.event_id)
    PaymentNotice.objects.filter(pk=row.pk).update(processed_at=timezone.now())


def _remember(method: str, notice: Notice) -> PaymentNotice:
    """The event's row; a repeated delivery is counted on it."""
    number = (notice.trade or notice.refund).number
    try:
        with transaction.atomic():
            return PaymentNotice.objects.create(
                method=method, event_id=notice.event_id, number=number[:64]
            )
    except IntegrityError:
        rows = PaymentNotice.objects.filter(method=method, event_id=notice.event_id)
        rows.update(deliveries=F("deliveries") + 1)
        return rows.get()
