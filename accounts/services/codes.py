"""What codes by SMS and by mail have in common: made, compared and spent once (invariants J-7)."""

import secrets

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.errors import CodeInvalid
from accounts.services.limits import Window

TRIES = 5
MINUTE, HOUR, DAY = 60, 3600, 86400
PER_ADDRESSEE = [Window(MINUTE, 1), Window(HOUR, 5), Window(DAY, 10)]
PER_NETWORK = [Window(HOUR, 20), Window(DAY, 100)]


def new_code() -> str:
    return f"{secrets.randbelow(10**6):06d}"


def spend(codes: QuerySet, digest: str) -> None:
    """Use up the newest of `codes` (one addressee's, of one purpose) that still counts, if it has
    that digest.  Raises CodeInvalid for whatever is wrong with it.

    Not inside a transaction that a refusal undoes: the attempt has to stay counted.
    """
    now = timezone.now()
    live = codes.filter(used_at=None, voided_at=None, expires_at__gt=now)
    row = live.order_by("-pk").first()
    if row is None:
        raise CodeInvalid
    counted = live.filter(pk=row.pk, attempts__lt=TRIES).update(attempts=F("attempts") + 1)
    if not counted or not constant_time_compare(row.digest, digest):
        raise CodeInvalid
    if not live.filter(pk=row.pk).update(used_at=now):
        raise CodeInvalid
