"""How long a claim runs, and what of its price is left when it ends before its time."""

import calendar
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from config.days import SHANGHAI
from farm.models import AnimalClaim

CENT = Decimal("0.01")


def months_later(moment: datetime, months: int) -> datetime:
    """The same time of day, so many months on; the last day of a month that is too short."""
    local = moment.astimezone(SHANGHAI)
    year, month = divmod(local.month - 1 + months, 12)
    year, month = local.year + year, month + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    return local.replace(year=year, month=month, day=day)


@dataclass(frozen=True)
class EndPreview:
    """What ending a claim at a moment gives back: yuan; days that are begun count as used."""

    refund: Decimal
    used_days: int
    total_days: int


def preview_end(claim: AnimalClaim, at: datetime) -> EndPreview:
    """For an active claim: the share of its price for the whole days that are left."""
    total = max((claim.ends_at - claim.claimed_at).days, 1)
    left = min(max((claim.ends_at - at).days, 0), total)
    refund = (claim.price_paid * left / total).quantize(CENT, ROUND_HALF_UP)
    return EndPreview(refund=refund, used_days=total - left, total_days=total)
