"""Writing down what a person should look at, and that a person did."""

import logging

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from accounts.services.notifications import notify
from commerce.models import AnomalyKind, PaymentAnomaly
from config.changes import set_fields
from config.db import transact
from config.errors import IllegalTransition

logger = logging.getLogger(__name__)

HANDLE = "commerce.handle_paymentanomaly"


@transact
def record_anomaly(kind: AnomalyKind, *, key: str, payment_id: int | None = None, **detail) -> None:
    """One row per kind and key; a repetition is counted on it.  detail: JSON values, no secrets.

    Those who handle anomalies hear of a new one.  Inside a transaction it is kept or lost with it.
    """
    key = f"{kind}:{key}"[:120]
    rows = PaymentAnomaly.objects.filter(dedupe_key=key)
    again = {"count": F("count") + 1, "last_at": timezone.now()}
    logger.warning("payment anomaly %s: %s", key, detail)
    if rows.update(**again):
        return
    try:
        with transaction.atomic():
            PaymentAnomaly.objects.create(
                kind=kind, dedupe_key=key, payment_id=payment_id, detail=detail
            )
    except IntegrityError:
        rows.update(**again)
    else:
        _tell_handlers(kind)


def _tell_handlers(kind: AnomalyKind) -> None:
    """Once an hour of each kind: who sends forgeries all day fills nobody's inbox."""
    hour = f"{timezone.now():%Y%m%d%H}"
    for person in User.objects.holding(HANDLE):
        key = f"anomaly:{kind}:{hour}:{person.pk}"
        notify(person, "payment_anomaly", dedupe_key=key, kind=kind.label)


@transact
def handle_anomaly(anomaly_id: int, *, actor: User, remark: str = "") -> None:
    """Say that `actor` has dealt with it; a second time is refused."""
    now = timezone.now()
    open_rows = PaymentAnomaly.objects.filter(pk=anomaly_id, handled_at=None)
    row = open_rows.first()
    handled = {"handled_at": now, "handled_by": actor, "remark": remark[:200]}
    if row is None or not open_rows.update(**handled):
        raise IllegalTransition
    set_fields(row, handled)
