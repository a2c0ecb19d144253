"""Writing down what a person should look at, and that a person did."""

import logging

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import User
from commerce.models import AnomalyKind, PaymentAnomaly
from config.db import transact
from config.errors import IllegalTransition

logger = logging.getLogger(__name__)


def record_anomaly(kind: AnomalyKind, *, key: str, payment_id: int | None = None, **detail) -> None:
    """One row per kind and key; a repetition is counted on it.  detail: JSON values, no secrets.

    Inside a transaction it is kept or lost with it.
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


@transact
def handle_anomaly(anomaly_id: int, *, actor: User, remark: str = "") -> None:
    """Say that `actor` has dealt with it; a second time is refused."""
    now = timezone.now()
    open_rows = PaymentAnomaly.objects.filter(pk=anomaly_id, handled_at=None)
    if not open_rows.update(handled_at=now, handled_by=actor, remark=remark[:200]):
        raise IllegalTransition
