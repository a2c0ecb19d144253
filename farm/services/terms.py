"""How long a claim runs, and what of its price is left when it ends before its time."""

import calendar
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from config.days import SHANGHAI
from farm.models import AnimalClaim, RenewalStatus

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


@dataclass(frozen=True)
class Period:
    """A paid part of a claim's term, with the order that paid it."""

    order_id: int
    price: Decimal
    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        return max((self.end - self.start).days, 1)

    def days_left(self, at: datetime) -> int:
        return min(max((self.end - max(at, self.start)).days, 0), self.days)

    def refund(self, at: datetime) -> Decimal:
        return (self.price * self.days_left(at) / self.days).quantize(CENT, ROUND_HALF_UP)


def periods_of(claim: AnimalClaim) -> list[Period]:
    """The term of an active claim, then what it was renewed by."""
    paid = claim.renewals.filter(status=RenewalStatus.PAID).order_by("starts_at")
    renewals = list(paid.select_related("order_item"))
    first_end = renewals[0].starts_at if renewals else claim.ends_at
    return [
        Period(claim.order_item.order_id, claim.price_paid, claim.claimed_at, first_end),
        *(
            Period(one.order_item.order_id, one.price_paid, one.starts_at, one.ends_at)
            for one in renewals
        ),
    ]


def preview_end(claim: AnimalClaim, at: datetime) -> EndPreview:
    """For an active claim: the share of its prices for the whole days that are left."""
    periods = periods_of(claim)
    total = sum(period.days for period in periods)
    left = sum(period.days_left(at) for period in periods)
    refund = sum((period.refund(at) for period in periods), Decimal(0))
    return EndPreview(refund=refund, used_days=total - left, total_days=total)
