"""Claims and animals on chosen days of November 2026."""

from datetime import UTC, date, datetime
from decimal import Decimal

import time_machine

from commerce.models import Refund
from config.days import SHANGHAI
from farm.models import Animal, AnimalClaim
from farm.services.claims import end_early
from farm.services.farm_stats import farm_stats
from tests.factories.farm import AnimalFactory, active

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # 11:00 in Shanghai
TODAY = date(2026, 11, 20)
SPAN = {"from": "2026-11-16", "to": "2026-11-20"}


def at(day: int, hour: int = 12, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, 30, tzinfo=SHANGHAI)


def travelled(moment):
    return time_machine.travel(moment, tick=False)


def on_sale(farm, moment, *, price="1000.00", **fields) -> Animal:
    with travelled(moment):
        return AnimalFactory(merchant=farm, price=Decimal(price), **fields)


def claimed_at(moment, animal, user=None) -> AnimalClaim:
    with travelled(moment):
        return active(user, animal)


def money_is_back(moment) -> None:
    """What was to go back to buyers went back then."""
    back = Refund.objects.exclude(status="succeeded")
    back.update(status="succeeded", succeeded_at=moment)


def ended_early(moment, claim) -> None:
    with travelled(moment):
        end_early(claim.pk, actor=claim.merchant.user, reason="搬家")
    money_is_back(moment)


def stats(**wanted):
    wanted = {"first": date(2026, 11, 16), "last": TODAY, "by": "day", "viewer": None} | wanted
    return farm_stats(**wanted, now=NOW)


def column(found, name: str) -> list:
    return [getattr(totals, name) for totals in found.series]
