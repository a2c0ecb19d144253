"""What /stat/farm and the back office's page of it show; a merchant sees their own farm.

Money is that of /stat/order (kept for closed days), claims and animals are counted when asked.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Case, CharField, Count, F, Value, When

from accounts.models import User
from accounts.scope import ALL, scope_of, scoped
from accounts.services.user_stats import PERMISSION
from commerce.models import Flow, MemberRole, Merchant, MerchantType
from commerce.services.order_figures import Cell, Choice, figures
from commerce.services.order_stats import Part, kind_titles
from config.days import business_day
from config.errors import Forbidden
from config.measures import bucket_end, bucket_of, buckets, days_between
from farm.models import Animal, AnimalStatus, EndKind, Listing
from farm.services.claim_figures import KINDS, Farms, Tally, of_farms, refunds_by_end, tally
from farm.services.reminding import silent_claims

TOP = 10
LOST = "lost"
Money = dict[str, Cell]  # by flow


@dataclass(frozen=True)
class Totals:
    """live: claims at the end of these days.  over: terms whose time ran out; renewed: those that
    went on; None without any.  income, refunded in yuan; claimed_days of animal_days, on which an
    animal was on sale or claimed, make the occupancy."""

    begun: int
    live: int
    ended: int
    renewals: int
    over: int
    renewed: int
    renewal_rate: Decimal | None
    income: Decimal
    refunded: Decimal
    net: Decimal
    claimed_days: int
    animal_days: int
    occupancy: Decimal | None
    updates: int


@dataclass(frozen=True)
class State:
    name: str
    title: str
    animals: int


@dataclass(frozen=True)
class End:
    """claims: that ended so in these days; refunded: what went back in them, whenever they did.
    name "": claims that have not ended."""

    name: str
    title: str
    claims: int
    refunded: Decimal


@dataclass(frozen=True)
class Farm:
    name: str
    title: str
    begun: int
    live: int
    income: Decimal
    refunded: Decimal


@dataclass(frozen=True)
class FarmStats:
    """starts: the first day of each period; series: the totals of each of them.  animals, overdue
    (claimed ones without news for UPDATE_DAYS): as they are now."""

    first: date
    last: date
    by: str
    starts: list[date]
    series: list[Totals]
    totals: Totals
    animals: list[State]
    overdue: int
    ends: list[End]
    kinds: list[Part]
    farms: list[Farm]


def farm_stats(
    *, first: date, last: date, by: str, viewer: User | None, now: datetime,
    merchant: int | None = None,
) -> FarmStats:  # fmt: skip
    """Figures from `first` to `last`, widened to whole weeks or months, but not past today.

    Forbidden for who neither holds `data:view` nor runs a farm.
    """
    first, end = bucket_of(first, by), bucket_end(bucket_of(last, by), by)
    last = min(end, business_day(now))
    farms = farms_of(viewer)
    if merchant is not None:
        farms = [merchant] if farms is None or merchant in farms else []
    counted, money = tally(first, last, farms=farms, now=now), _money(first, last, farms)
    starts = buckets(first, last, by)
    periods = [(start, min(bucket_end(start, by), last)) for start in starts]
    return FarmStats(
        first=first,
        last=last,
        by=by,
        starts=starts,
        series=[_totals(counted, money, *period) for period in periods],
        totals=_totals(counted, money, first, last),
        animals=animals_by_state(farms),
        overdue=of_farms(silent_claims(now), farms).count(),
        ends=_ends(counted, refunds_by_end(first, last, farms)),
        kinds=_kinds(money),
        farms=_farms(counted, farms),
    )


def farms_of(viewer: User | None) -> Farms:
    """Whose animals a viewer's figures are about."""
    far = ALL if viewer is None else scope_of(viewer, PERMISSION)
    if far == ALL:
        return None
    run = Merchant.objects.of(viewer, MemberRole.MANAGER)
    own = run.filter(merchant_type=MerchantType.FARM_OWNER).values_list("pk", flat=True)
    if far is None:
        if not own:
            raise Forbidden
        return sorted(own)
    reached = scoped(Merchant.objects.all(), viewer, PERMISSION).values_list("pk", flat=True)
    return sorted({*own, *reached})


def animals_by_state(farms: Farms) -> list[State]:
    """Each animal in one of them: lost, claimed, not on sale, or on sale and free or not."""
    state = Case(
        When(lost_at__isnull=False, then=Value(LOST)),
        When(status=AnimalStatus.CLAIMED, then=F("status")),
        When(listing=Listing.PUBLISHED, then=F("status")),
        default=F("listing"), output_field=CharField(),
    )  # fmt: skip
    rows = of_farms(Animal.objects, farms).order_by().values(_state=state)
    found = dict(rows.annotate(_n=Count("pk")).values_list("_state", "_n"))
    titles = dict(AnimalStatus.choices) | dict(Listing.choices) | {LOST: "离世或走失"}
    del titles[Listing.PUBLISHED.value]
    return [State(name, title, found.get(name, 0)) for name, title in titles.items()]


def _money(first: date, last: date, farms: Farms) -> dict[tuple[str, date], Money]:
    """{(kind, day): what came and went}."""
    found: dict[tuple[str, date], Money] = {}
    for kind in KINDS:
        choice = Choice(merchants=farms, kind=kind)
        for column, cell in figures(first, last, by=("day", "flow"), choice=choice):
            found.setdefault((kind, column["day"]), {})[column["flow"]] = cell
    return found


def _sum(moneys: Iterable[Money]) -> tuple[Cell, Cell]:
    """Sales and refunds."""
    sale, back = Cell(), Cell()
    for money in moneys:
        for flow, total in ((Flow.SALE, sale), (Flow.REFUND, back)):
            if cell := money.get(flow):
                total.add(cell.number, cell.amount)
    return sale, back


def _totals(counted: Tally, money: dict, first: date, last: date) -> Totals:
    whole: Counter = Counter()
    for day in days_between(first, last):
        whole.update(counted.days[day])
    sale, back = _sum(cells for (_, day), cells in money.items() if first <= day <= last)
    over = whole["renewed"] + whole[EndKind.TERM]
    return Totals(
        begun=whole["begun"],
        live=counted.days[last]["live"],
        ended=sum(whole[kind] for kind in EndKind.values),
        renewals=whole["renewals"],
        over=over,
        renewed=whole["renewed"],
        renewal_rate=_share(whole["renewed"], over),
        income=sale.amount,
        refunded=back.amount,
        net=sale.amount - back.amount,
        claimed_days=whole["live"],
        animal_days=whole["animals"],
        occupancy=_share(whole["live"], whole["animals"]),
        updates=whole["updates"],
    )


def _share(part: int, whole: int) -> Decimal | None:
    return round(Decimal(part) / whole, 4) if whole else None


def _ends(counted: Tally, back: dict[str, tuple[int, Decimal]]) -> list[End]:
    ended: Counter = Counter()
    for day in counted.days.values():
        ended.update(day)
    titles = dict(EndKind.choices) | ({"": "尚未结束"} if "" in back else {})
    none = (0, Decimal("0.00"))
    return [
        End(name, title, ended[name] if name else 0, back.get(name, none)[1])
        for name, title in titles.items()
    ]


def _kinds(money: dict) -> list[Part]:
    titles, parts = kind_titles(), []
    for kind in KINDS:
        sale, back = _sum(cells for (of, _), cells in money.items() if of == kind)
        parts.append(
            Part(kind, titles[kind], sale.number, sale.amount, back.number, back.amount)
        )  # fmt: skip
    return parts


def _farms(counted: Tally, farms: Farms) -> list[Farm]:
    """Those with claims or money in these days, the one with most income first."""
    moneys: dict[int, list[Money]] = {}
    for kind in KINDS:
        choice, by = Choice(merchants=farms, kind=kind), ("merchant_id", "flow")
        for column, cell in figures(counted.first, counted.last, by=by, choice=choice):
            moneys.setdefault(column["merchant_id"], []).append({column["flow"]: cell})
    ids = {*moneys, *(pk for pk, n in (counted.begun + counted.live).items() if n)}
    names = dict(Merchant.objects.filter(pk__in=ids).values_list("pk", "business_name"))
    found = []
    for pk in ids:
        sale, back = _sum(moneys.get(pk, []))
        amounts = (counted.begun[pk], counted.live[pk], sale.amount, back.amount)
        found.append(Farm(str(pk), names.get(pk, str(pk)), *amounts))
    return sorted(found, key=lambda farm: (-farm.income, -farm.live, int(farm.name)))[:TOP]
