"""Counting claims, animals on offer and news of them, by the days of Asia/Shanghai.

Counted when asked: an animal has one claim at a time and a claim lasts for months, so sums by day
and farm would be more rows than the claims themselves.  What lasts counts for a day when it holds
at the end of that day (today: now).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import StatusChange
from commerce.models import Refund
from config.days import business_day, day_of, day_start
from config.measures import DAY
from farm.models import Animal, AnimalClaim, AnimalUpdate, ClaimRenewal, Listing, RenewalStatus
from farm.services import claims, renewing

KINDS = (claims.KIND, renewing.KIND)  # of orders that claims are paid by
Farms = Sequence[int] | None  # None: everybody's
Range = tuple[date, date]  # from the first day to the day after the last


@dataclass
class Tally:
    """days: {day: {what: how many}}; "live" and "animals" hold at the end of a day, EndKind's
    values are claims that ended so.  begun, live: of each farm, in all and at the end."""

    first: date
    last: date
    days: dict[date, Counter] = field(default_factory=lambda: defaultdict(Counter))
    begun: Counter = field(default_factory=Counter)
    live: Counter = field(default_factory=Counter)

    @property
    def after(self) -> date:
        return self.last + DAY

    def count(self, day: date, what: str, number: int = 1) -> None:
        if self.first <= day <= self.last:
            self.days[day][what] += number

    def hold(self, ranges: Iterable[Range], what: str) -> None:
        """One more on each of those days, once a day."""
        for start, end in _merged(ranges):
            for n in range((min(end, self.after) - max(start, self.first)).days):
                self.days[max(start, self.first) + DAY * n][what] += 1


def tally(first: date, last: date, *, farms: Farms, now: datetime) -> Tally:
    """What happened from `first` to `last`, which is today at most."""
    found = Tally(first, last)
    held = _count_claims(found, farms)
    for animal_id, ranges in _published(found, farms):
        held[animal_id] += ranges
    for ranges in held.values():
        found.hold(ranges, "animals")
    _count_renewals(found, farms, now)
    _count_by_day(found, of_farms(AnimalUpdate.objects, farms, "animal__"), "created_at", "updates")
    return found


def of_farms(rows, farms: Farms, path: str = "") -> QuerySet:
    return rows.all() if farms is None else rows.filter(**{f"{path}merchant__in": farms})


def refunds_by_end(first: date, last: date, farms: Farms) -> dict[str, tuple[int, Decimal]]:
    """{how the claim has ended, "" when it has not: (refunds, yuan)}, by the day the money went
    back; the same refunds as those of OrderFigure."""
    rows = Refund.objects.gone_back().of_sales().filter(order__kind__in=KINDS)
    rows = of_farms(_within(rows, "succeeded_at", first, last), farms, "order__")
    of_order = AnimalClaim.objects.order_by("pk").values("end_kind")
    how = Coalesce(
        Subquery(of_order.filter(order_item__order=OuterRef("order"))[:1]),
        Subquery(of_order.filter(renewals__order_item__order=OuterRef("order"))[:1]),
        Value(""),
    )
    found = rows.order_by().values(how=how).annotate(n=Count("pk"), sum=Sum("amount"))
    return {row["how"]: (row["n"], round(Decimal(row["sum"]), 2)) for row in found}


def _count_claims(found: Tally, farms: Farms) -> dict[int, list[Range]]:
    """Claims that began, ended or were live in those days; {animal: the days it was claimed}."""
    began = AnimalClaim.objects.filter(claimed_at__lt=day_start(found.after))
    rows = began.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=day_start(found.first)))
    columns = ("animal_id", "merchant_id", "claimed_at", "ended_at", "end_kind")
    held: dict[int, list[Range]] = defaultdict(list)
    for animal_id, farm_id, start, end, how in (
        of_farms(rows, farms).order_by().values_list(*columns)
    ):
        days = _range(start, end, found.after)
        held[animal_id].append(days)
        found.hold([days], "live")
        found.count(days[0], "begun")
        found.begun[farm_id] += days[0] >= found.first
        found.live[farm_id] += days[1] > found.last
        if end is not None:
            found.count(days[1], how)
    return held


def _published(found: Tally, farms: Farms) -> Iterator[tuple[int, list[Range]]]:
    """The days each animal was on sale, by the log of its moves; until it was lost."""
    moves: dict[int, list[tuple]] = defaultdict(list)
    animals = of_farms(Animal.objects, farms)
    log = StatusChange.objects.filter(model=Animal._meta.label_lower)
    if farms is not None:
        log = log.filter(object_pk__in=animals.order_by().values("pk"))
    for pk, *moved in log.order_by("pk").values_list("object_pk", "old", "new", "created_at"):
        moves[pk].append(tuple(moved))
    columns = ("pk", "listing", "created_at", "lost_at")
    for pk, listing, made_at, lost_at in animals.order_by().values_list(*columns):
        yield pk, list(_on_sale(moves[pk], listing, made_at, lost_at, found.after))


def _on_sale(
    moves: list[tuple], listing: str, made_at: datetime, lost_at: datetime | None, after: date
) -> Iterator[Range]:
    state, since = (moves[0][0] if moves else listing), made_at
    for _old, new, moment in [*moves, (None, None, lost_at)]:
        if state == Listing.PUBLISHED:
            ends = [end for end in (moment, lost_at) if end is not None]
            yield _range(since, min(ends, default=None), after)
        state, since = new, moment


def _count_renewals(found: Tally, farms: Farms, now: datetime) -> None:
    """Renewals by the day they were paid; terms that a renewal went on from, by that day."""
    paid = of_farms(ClaimRenewal.objects.filter(starts_at__isnull=False), farms, "claim__")
    _count_by_day(found, paid, "order_item__order__paid_at", "renewals")
    reached = Q(claim__ended_at__isnull=True) | Q(claim__ended_at__gt=F("starts_at"))
    went_on = paid.filter(reached, status=RenewalStatus.PAID, starts_at__lte=now)
    _count_by_day(found, went_on, "starts_at", "renewed")


def _count_by_day(found: Tally, rows: QuerySet, moment: str, what: str) -> None:
    days = _within(rows, moment, found.first, found.last).order_by().values(_day=day_of(moment))
    for row in days.annotate(_n=Count("pk")):
        found.count(row["_day"], what, row["_n"])


def _within(rows: QuerySet, moment: str, first: date, last: date) -> QuerySet:
    span = {f"{moment}__gte": day_start(first), f"{moment}__lt": day_start(last + DAY)}
    return rows.filter(**span)


def _range(start: datetime, end: datetime | None, after: date) -> Range:
    return business_day(start), after if end is None else business_day(end)


def _merged(ranges: Iterable[Range]) -> Iterator[Range]:
    """Without overlaps."""
    reached = date.min
    for start, end in sorted(ranges):
        if end > reached:
            yield max(start, reached), end
            reached = end
