"""Orders by the thousand with what was paid and what went back, and the sums over those rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from commerce.models import PLATFORM, Merchant, Order, Payment, Refund
from config.days import business_day, day_end, day_start
from config.measures import DAY
from tests.benchmarks.sql.frame import load

SHOPS = 12
KINDS = ("product", "appointment", "animal_claim", "mixed")
METHODS = ("wechat", "alipay", "unionpay", "offline")
WHY = ("cancelled", "service", "other")
NOT_BACK = ("requested", "approved", "processing", "failed", "rejected")
_ORDER = (
    "id", "number", "user", "status", "kind", "method", "merchant", "total_amount",
    "refunded_amount", "expires_at", "paid_at", "receiver", "receiver_phone", "region",
    "address_detail", "remark", "merchant_note", "fulfilment", "created_at", "updated_at",
)  # fmt: skip
_PAYMENT = (
    "id", "number", "order", "method", "amount", "refunded_amount", "status", "payer",
    "expires_at", "prepay_id", "paid_at", "queries", "created_at", "updated_at",
)  # fmt: skip
_REFUND = (
    "number", "payment", "order", "key", "amount", "status", "reason_code", "reason",
    "review_note", "provider_id", "closes_order", "attempts", "error", "succeeded_at",
    "created_at", "updated_at",
)  # fmt: skip
# Ids of an order's attempts: the one that paid it, one that came twice or too late, one in vain.
PAID, TOO_MUCH, CLOSED = range(3)


@dataclass
class Crowd:
    """Rows as they go into the database."""

    orders: list[tuple] = field(default_factory=list)
    payments: list[tuple] = field(default_factory=list)
    refunds: list[tuple] = field(default_factory=list)


def fill(count: int, *, last: date, days: int) -> None:
    """`count` orders of the days up to `last`, into empty tables; all that happens, by `last`."""
    now = timezone.now()
    user = User.objects.create(username="crowd")
    owners = User.objects.bulk_create(User(username=f"crowd-shop{n}") for n in range(SHOPS))
    Merchant.objects.bulk_create(
        Merchant(user=owner, merchant_type="flower_shop", business_name=owner.username,
                 business_license="X", status="approved", submitted_at=now)
        for owner in owners
    )  # fmt: skip
    shops = [None, *Merchant.objects.order_by("pk").values_list("pk", flat=True)]
    pick, crowd = Random(13), Crowd()
    for pk in range(1, count + 1):
        _one(pick, crowd, pk, user.pk, pick.choice(shops), last - pick.randrange(days) * DAY, last)
    load(Order, crowd.orders, *_ORDER)
    load(Payment, crowd.payments, *_PAYMENT)
    paid = Order.objects.exclude(paid_at=None).exclude(method="")
    paid.update(paid_by_id=F("pk") * 3 + PAID)
    load(Refund, crowd.refunds, *_REFUND)


def _one(pick: Random, crowd: Crowd, pk: int, user: int, shop, day: date, last: date) -> None:
    """One in ten is not paid, one in twenty costs nothing; some were paid twice or too late."""
    moment, method, fate = _moment(pick, day), pick.choice(METHODS), pick.random()
    amount = pick.randrange(1, 10 ** pick.randrange(2, 8))  # 0.01 to 99,999.99
    paid = fate >= 0.1
    if 0.1 <= fate < 0.15:
        amount, method = 0, ""
    back = 0
    if paid and amount and pick.random() < 0.35:
        parts = _parts(pick, amount)
        done = [pick.random() < 0.85 for _ in parts]
        back = sum(part for part, is_back in zip(parts, done, strict=True) if is_back)
        for n, (part, is_back) in enumerate(zip(parts, done, strict=True)):
            _refund(pick, crowd, pk, PAID, n, part, pick.choice(WHY), day, last, is_back)
    if amount and (fate < 0.05 or fate > 0.97):
        other = pick.choice(METHODS)
        _payment(crowd, pk, TOO_MUCH, other, amount, amount, "succeeded", moment)
        why = "double" if paid else "late"
        _refund(pick, crowd, pk, TOO_MUCH, 0, amount, why, day, last, pick.random() < 0.9)
    if amount and paid:
        _payment(crowd, pk, PAID, method, amount, back, "succeeded", moment)
    if amount and 0.5 < fate < 0.6:
        _payment(crowd, pk, CLOSED, method, amount, 0, "closed", None)
    crowd.orders.append((
        pk, f"CROWD{pk:09}", user, "completed" if paid else "expired", pick.choice(KINDS),
        method if paid else "", shop, _yuan(amount), _yuan(back), moment,
        moment if paid else None, "", "", "", "", "", "", "none", moment, moment,
    ))  # fmt: skip


def _moment(pick: Random, day: date) -> datetime:
    """Somewhere in that day, and often in its first or last microsecond."""
    start, end = day_start(day), day_end(day) - timedelta(microseconds=1)
    inside = start + timedelta(microseconds=pick.randrange(86_400_000_000))
    return pick.choice([start, end, inside, inside])


def _parts(pick: Random, amount: int) -> list[int]:
    """What goes back of it: all or some, at once or in up to three parts."""
    left, parts = amount, []
    for _ in range(pick.randrange(1, 4)):
        part = left if pick.random() < 0.4 else pick.randrange(1, left + 1)
        parts.append(part)
        left -= part
        if not left:
            break
    return parts


def _payment(crowd, pk, which, method, amount, back, status, moment) -> None:
    then = moment or timezone.now()
    crowd.payments.append((
        pk * 3 + which, f"CROWD{pk:09}P{which}", pk, method, _yuan(amount), _yuan(back), status,
        "", then, "", moment, 0, then, then,
    ))  # fmt: skip


def _refund(pick, crowd, pk, which, n, amount, why, day, last, is_back) -> None:
    moment = _moment(pick, min(day + pick.randrange(15) * DAY, last))
    crowd.refunds.append((
        f"CROWD{pk:09}R{which}{n}", pk * 3 + which, pk, f"{n}", _yuan(amount),
        "succeeded" if is_back else pick.choice(NOT_BACK), why, "", "", "", False, 0, "",
        moment if is_back else None, moment, moment,
    ))  # fmt: skip


def _yuan(amount: int) -> Decimal:
    return Decimal(amount) / 100


# -- what they come to


def fen(amount: Decimal) -> int:
    whole = Decimal(amount) * 100
    assert whole == int(whole), amount
    return int(whole)


@dataclass(frozen=True)
class Row:
    """Money that moved; what a figure may be told apart by, in the order of NAMES."""

    day: date
    merchant_id: int
    flow: str
    kind: str
    method: str
    reason: str
    amount: int  # fen


NAMES = ("day", "merchant_id", "flow", "kind", "method", "reason")


def moved() -> Iterator[Row]:
    """Row by row from the tables, without the database's arithmetic."""
    sold = Order.objects.exclude(paid_at=None).order_by().values_list(
        "paid_at", "merchant_id", "kind", "method", "total_amount"
    )  # fmt: skip
    for moment, shop, kind, method, amount in sold.iterator():
        yield Row(business_day(moment), shop or PLATFORM, "sale", kind, method, "", fen(amount))
    back = Refund.objects.filter(status="succeeded").order_by().values_list(
        "succeeded_at", "order__merchant_id", "order__kind", "payment__method", "reason_code",
        "amount", "payment_id", "order__paid_by_id",
    )  # fmt: skip
    for moment, shop, kind, method, why, amount, payment, paid_by in back.iterator():
        flow = "refund" if payment == paid_by else "returned"
        yield Row(business_day(moment), shop or PLATFORM, flow, kind, method, why, fen(amount))


def sums(rows: list[Row], *names: str) -> dict[tuple, tuple[int, int]]:
    """{(values of those names): (how many, fen)}."""
    found: dict[tuple, tuple[int, int]] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in names)
        number, amount = found.get(key, (0, 0))
        found[key] = (number + 1, amount + row.amount)
    return found
