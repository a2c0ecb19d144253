"""What /stat/order and the back office's page of it show; a merchant sees their own."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q

from accounts.models import User
from accounts.scope import ALL, NOTHING, reached, scope_of
from accounts.services.user_stats import PERMISSION
from commerce.models import (
    MIXED,
    PLATFORM,
    Flow,
    MemberRole,
    Merchant,
    Order,
    PaymentMethod,
    RefundReason,
)
from commerce.payables import kind_labels
from commerce.services.order_figures import Cell, Choice, Figures, figures
from config.days import business_day
from config.errors import Forbidden
from config.measures import bucket_end, bucket_of, buckets

TOP = 10
PLATFORM_TITLE = "平台自营"
_FREE = "无需支付"


@dataclass(frozen=True)
class Part:
    """What one kind, method, merchant or reason has of it; amounts in yuan."""

    name: str
    title: str
    orders: int
    sales: Decimal
    refunds: int
    refunded: Decimal


@dataclass(frozen=True)
class Totals:
    """net: sales less refunds.  average_order: of those that cost something.  refund_rate: refunds
    of these days to their sales; None without sales.  returned: what came and bought nothing."""

    orders: int
    sales: Decimal
    refunds: int
    refunded: Decimal
    net: Decimal
    average_order: Decimal | None
    refund_rate: Decimal | None
    returned: Decimal


@dataclass(frozen=True)
class OrderStats:
    """starts: the first day of each period; series: the totals of each of them."""

    first: date
    last: date
    by: str
    starts: list[date]
    series: list[Totals]
    totals: Totals
    kinds: list[Part]
    methods: list[Part]
    reasons: list[Part]
    merchants: list[Part]


def order_stats(
    *, first: date, last: date, by: str, viewer: User | None, now: datetime,
    merchant: int | None = None, kind: str = "",
) -> OrderStats:  # fmt: skip
    """Figures from `first` to `last`, widened to whole weeks or months, but not past today.

    Sales on the day they were paid, refunds on the day the money went back.  merchant: PLATFORM for
    what it sells itself.  Forbidden for who neither holds `data:view` nor has a shop.
    """
    first, end = bucket_of(first, by), bucket_end(bucket_of(last, by), by)
    last = min(end, business_day(now))
    choice = _narrowed(choice_of(viewer), merchant, kind)
    found = figures(first, last, choice=choice)
    starts = buckets(first, last, by)
    periods: dict[date, Figures] = {start: [] for start in starts}
    for column, cell in found:
        periods[bucket_of(column["day"], by)].append((column, cell))
    methods = dict(PaymentMethod.choices) | {"": _FREE}
    return OrderStats(
        first=first,
        last=last,
        by=by,
        starts=starts,
        series=[_totals(periods[start]) for start in starts],
        totals=_totals(found),
        kinds=_parts(found, "kind", kind_titles()),
        methods=_parts(found, "method", methods),
        reasons=_parts(found, "reason", dict(RefundReason.choices), Flow.REFUND),
        merchants=_merchants(first, last, choice),
    )


def kind_titles() -> dict[str, str]:
    return kind_labels() | {MIXED: "组合订单"}


def choice_of(viewer: User | None) -> Choice:
    """Which orders a viewer's figures are about."""
    far = ALL if viewer is None else scope_of(viewer, PERMISSION)
    if far == ALL:
        return Choice()
    own = list(Merchant.objects.of(viewer, MemberRole.MANAGER).values_list("pk", flat=True))
    if far is None:
        if not own:
            raise Forbidden
        return Choice(merchants=own)
    seen = reached(Order, viewer, PERMISSION)
    shop = Q(merchant__in=own)
    return Choice(only=shop if seen in (None, NOTHING) else seen | shop)


def _narrowed(choice: Choice, merchant: int | None, kind: str) -> Choice:
    if merchant is not None:
        mine = choice.merchants is None or merchant in choice.merchants
        choice = replace(choice, merchants=[merchant] if mine else [])
    return replace(choice, kind=kind)


def _by_flow(found: Figures) -> dict[str, Cell]:
    total = {flow.value: Cell() for flow in Flow}
    for column, cell in found:
        total[column["flow"]].add(cell.number, cell.amount)
    return total


def _totals(found: Figures) -> Totals:
    whole = _by_flow(found)
    costly = _by_flow([row for row in found if row[0]["method"]])[Flow.SALE]
    sale, back = whole[Flow.SALE], whole[Flow.REFUND]
    return Totals(
        orders=sale.number,
        sales=sale.amount,
        refunds=back.number,
        refunded=back.amount,
        net=sale.amount - back.amount,
        average_order=round(costly.amount / costly.number, 2) if costly.number else None,
        refund_rate=round(back.amount / sale.amount, 4) if sale.amount else None,
        returned=whole[Flow.RETURNED].amount,
    )


def _parts(found: Figures, name: str, titles: dict, *flows: Flow) -> list[Part]:
    """Told apart by that column, the largest first."""
    groups: dict = {}
    for column, cell in found:
        if column["flow"] in (flows or (Flow.SALE, Flow.REFUND)):
            groups.setdefault(column[name], []).append((column, cell))
    parts = [_part(value, titles, rows) for value, rows in groups.items()]
    return sorted(parts, key=lambda part: (-part.sales, -part.refunded, part.name))


def _part(value, titles: dict, found: Figures) -> Part:
    whole = _by_flow(found)
    sale, back = whole[Flow.SALE], whole[Flow.REFUND]
    title = titles.get(value) or str(value) or "其他"
    return Part(str(value), title, sale.number, sale.amount, back.number, back.amount)


def _merchants(first: date, last: date, choice: Choice) -> list[Part]:
    found = figures(first, last, by=("merchant_id", "flow"), choice=choice)
    names = dict(
        Merchant.objects.filter(pk__in={column["merchant_id"] for column, _ in found})
        .order_by().values_list("pk", "business_name")
    )  # fmt: skip
    return _parts(found, "merchant_id", names | {PLATFORM: PLATFORM_TITLE})[:TOP]
