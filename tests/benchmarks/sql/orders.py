"""A million orders of a year (performance S1, E1): a month's figures, keeping a day's, and finding
what ran out unpaid.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from commerce.models import EVERYBODY, Flow, Merchant, Order, OrderFigure
from commerce.services.order_figures import figures, keep_day, refresh_figures
from config.days import business_day, day_of, day_start
from config.measures import DAY
from tests.benchmarks.sql.frame import Question, load, runner

TABLES = [Order]
ORDERS, DAYS, MERCHANTS = 1_000_000, 365, 20
OWN, THEIRS = ("appointment", "course"), ("product", "animal_claim", "activity")
METHODS = ("wechat", "alipay", "")
HOLD = timedelta(minutes=15)
_FIELDS = (
    "number", "user", "status", "kind", "method", "merchant", "total_amount", "refunded_amount",
    "expires_at", "paid_at", "receiver", "receiver_phone", "region", "address_detail", "remark",
    "merchant_note", "fulfilment", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """first, last: a month; an order that is there."""

    first: date
    last: date
    now: datetime
    order_id: int


def fill(scale: float) -> Known:
    now = timezone.now()
    user = User.objects.create(username="sql-buyer")
    merchants = Merchant.objects.bulk_create(
        Merchant(user=person, merchant_type="flower_shop", business_name=person.username,
                 business_license="X", status="approved", submitted_at=now)
        for person in User.objects.bulk_create(
            User(username=f"sql-shop{n}") for n in range(MERCHANTS)
        )
    )  # fmt: skip
    shops = [None, *(merchant.pk for merchant in merchants)]
    count = max(int(ORDERS * scale), DAYS)
    load(Order, _orders(count, user.pk, shops, now), *_FIELDS)
    refresh_figures(now=now)
    last = business_day(now) - DAY
    return Known(last - 29 * DAY, last, now, Order.objects.order_by("pk").first().pk)


def _orders(count: int, user_id: int, shops: list, now: datetime) -> Iterator[tuple]:
    """As many each day; one in ten is not paid, one in a thousand not yet.

    Half are the platform's own; a merchant sells one kind of thing.
    """
    pick, per_day = random.Random(7), count // DAYS
    today = day_start(business_day(now))
    for number in range(per_day * DAYS):
        shop = pick.randrange(len(shops)) if number % 2 else 0
        kind = THEIRS[shop % len(THEIRS)] if shop else OWN[number % 4 // 2]
        moment = today - timedelta(days=number // per_day + 1, seconds=-pick.randrange(86_400))
        paid, waits = number % 10 != 0, number % 1000 == 0
        paid_at, until = (moment if paid else None), (now + HOLD if waits else moment)
        status = "pending" if waits else "completed" if paid else "expired"
        yield (
            f"SQL{number:09}", user_id, status, kind,
            pick.choice(METHODS) if paid else "", shops[shop],
            Decimal(pick.randrange(100, 100_000)) / 100, 0, until, paid_at,
            "", "", "", "", "", "", "none", moment, moment,
        )  # fmt: skip


def questions(known: Known) -> list[Question]:
    span = {"day__gte": known.first, "day__lte": known.last}
    # Of sales there is one row of a day, kind and method: nothing is left to add up.
    kept = OrderFigure.objects.filter(merchant_id=EVERYBODY, flow=Flow.SALE, **span)
    kept = kept.order_by().values("day", "kind", "method", "number", "amount")
    paid = Order.objects.filter(
        paid_at__gte=day_start(known.first), paid_at__lt=day_start(known.last + DAY)
    )
    live = paid.order_by().values("kind", "method", day=day_of("paid_at"))
    live = live.annotate(n=Count("pk"), total=Sum("total_amount"))
    return [
        Question(
            "a month of orders",
            runner(kept),
            full=runner(live),  # on the covering index: the best there is without keeping
            gain=50,
        ),
        Question(
            "the same, as /stat/order asks",
            lambda: figures(known.first, known.last),
            full=runner(live),
        ),
        Question(
            "keep a day",
            lambda: keep_day(known.last),
            full=runner(live),
            most_ms=10,
        ),
        Question(
            "expiry: nothing due",
            _due(known.now),
            index="order_overdue",
            bound=Order.objects.filter(pk=known.order_id).order_by().values("pk"),
            gain=100,
            above_bound=2,
        ),
        Question("expiry: 500 due", _due(known.now + HOLD), index="order_overdue", gain=50),
    ]


def _due(now: datetime) -> QuerySet[Order]:
    """As services.sweeps asks."""
    return Order.objects.overdue(now).order_by("expires_at").values("pk")[:500]
