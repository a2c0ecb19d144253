"""What /stat/appointment and the back office's page of it show; a counselor sees their own.

Who may see the appointments themselves gets their numbers as they are; who may only see figures
gets them as accounts.services.user_stats.discreet() tells them, and nobody gets small numbers of
people by what they suffer from (invariants P-7).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q, QuerySet

from accounts.models import User
from accounts.scope import ALL, covers, grants, scope_of, scoped
from accounts.services.user_stats import PERMISSION, Step, discreet
from config.days import business_day
from config.errors import Forbidden
from config.measures import bucket_end, bucket_of, buckets
from counseling.models import Appointment, Counselor, Mode, ServiceKind, SlotStatus
from counseling.services.session_figures import (
    Bookings,
    Tally,
    bookings_by_day,
    clients_by_tag,
    heat,
    stars,
    starting,
    tallies,
    visits,
)
from counseling.services.utilisation import Offered, offered

_SEE = "counseling.view_appointment"
TOP = 20

Told = int | None  # None: too small to be told


@dataclass(frozen=True)
class Outcome:
    """Sessions by the day they start on, bookings by the day they were made."""

    booked: Told
    sessions: Told
    completed: Told
    no_show: Told
    cancelled: Told


@dataclass(frozen=True)
class Rates:
    """Of what was to take place and is over: completed, called off; of clients awaited: absent.

    None where it is too little to be told, or nothing.
    """

    completion: Decimal | None
    cancellation: Decimal | None
    no_show: Decimal | None


@dataclass(frozen=True)
class Satisfaction:
    """Reviews of these sessions and their mean, in stars."""

    reviews: Told
    mean: Decimal | None


@dataclass(frozen=True)
class Utilisation:
    """Minutes of the counselors' time, and the booked part of what was not closed."""

    open_minutes: Told
    held_minutes: Told
    booked_minutes: Told
    closed_minutes: Told
    share: float | None


@dataclass(frozen=True)
class Share:
    """name: of a kind and mode, or the id of a counselor or tag.  hours: of what took place."""

    name: str
    title: str
    sessions: Told
    completed: Told = 0
    no_show: Told = 0
    cancelled: Told = 0
    hours: Decimal | None = None


@dataclass(frozen=True)
class AppointmentStats:
    """exact: numbers are as they are.  heat: weekday (Monday first) × hour."""

    first: date
    last: date
    by: str
    exact: bool
    starts: list[date]
    series: list[Outcome]
    totals: Outcome
    rates: Rates
    satisfaction: Satisfaction
    utilisation: Utilisation
    heat: list[list[Told]]
    types: list[Share]
    counselors: list[Share]
    tags: list[Step]
    funnel: list[Step]


@dataclass(frozen=True)
class Reach:
    """Whose appointments; counselors: None for everybody's."""

    rows: QuerySet[Appointment] = field(default_factory=Appointment.objects.all)
    counselors: QuerySet[Counselor] | None = None
    exact: bool = True


def appointment_stats(
    *, first: date, last: date, by: str, viewer: User | None, now: datetime,
    counselor: int | None = None, kind: str = "", mode: str = "",
) -> AppointmentStats:  # fmt: skip
    """Figures from `first` to `last`, widened to whole weeks or months, but not past today.

    Forbidden for who neither holds `data:view` nor is a counselor.
    """
    first, end = bucket_of(first, by), bucket_end(bucket_of(last, by), by)
    last = min(end, business_day(now))
    reach = reach_of(viewer)
    wanted = {"counselor": counselor, "kind": kind, "mode": mode}
    rows = reach.rows.filter(**{name: value for name, value in wanted.items() if value})
    held = starting(rows, first, last)
    days, booked = tallies(held, "day"), bookings_by_day(rows, first, last)
    people = _people(reach, counselor)
    starts, tell = buckets(first, last, by), _as_is if reach.exact else discreet
    totals = _outcome(days.values(), booked.values(), tell)
    return AppointmentStats(
        first=first,
        last=last,
        by=by,
        exact=reach.exact,
        starts=starts,
        series=[_outcome(_of(days, start, by), _of(booked, start, by), tell) for start in starts],
        totals=totals,
        rates=_rates(totals),
        satisfaction=_satisfaction(*stars(held), tell),
        utilisation=_utilisation(offered(people, first=first, last=last), tell),
        heat=[[tell(number) for number in hours] for hours in heat(held)],
        types=_types(tallies(held, "kind", "mode"), tell),
        counselors=_workload(tallies(held, "counselor_id", "counselor__name"), tell),
        tags=_tags(clients_by_tag(held)),
        funnel=_funnel(visits(first, last, counselors=people), booked.values(), tell),
    )


def reach_of(viewer: User | None) -> Reach:
    """Which appointments a viewer's figures are about, and whether they may see each of them."""
    far = ALL if viewer is None else scope_of(viewer, PERMISSION)
    exact = viewer is None or (far is not None and covers(grants(viewer), {_SEE: far}))
    if far == ALL:
        return Reach(exact=exact)
    if far is None:
        own = Counselor.objects.filter(user=viewer)
        if not own.exists():
            raise Forbidden
        return Reach(Appointment.objects.filter(counselor__in=own), own)
    rows = scoped(Appointment.objects.all(), viewer, PERMISSION, besides=Q(counselor__user=viewer))
    people = scoped(Counselor.objects.all(), viewer, PERMISSION, besides=Q(user=viewer))
    return Reach(rows, people, exact)


def _as_is(number: int) -> int:
    return number


def _people(reach: Reach, counselor: int | None) -> QuerySet[Counselor] | None:
    """Whose pages and whose time; None: everybody's."""
    if not counselor:
        return reach.counselors
    every = Counselor.objects.all() if reach.counselors is None else reach.counselors
    return every.filter(pk=counselor)


def _utilisation(time: Offered, tell: Callable) -> Utilisation:
    """Minutes would tell sessions one by one; the share is that of as many as are told."""
    known = time.minutes if tell is _as_is else {}
    minutes = {f"{status}_minutes": known.get(status) for status in SlotStatus.values}
    told, share = tell(time.booked), time.share
    if share is not None and told != time.booked:
        share = None if told is None else round(share * told / time.booked, 4)
    return Utilisation(**minutes, share=share)


def _of(days: dict, start: date, by: str) -> list:
    return [found for key, found in days.items() if _period(key, by) == start]


def _period(key, by: str) -> date:
    return bucket_of(key[0] if isinstance(key, tuple) else key, by)


def _outcome(days: Iterable[Tally], booked: Iterable[Bookings], tell: Callable) -> Outcome:
    days = list(days)
    sums = {
        name: sum(getattr(day, name) for day in days)
        for name in ("sessions", "completed", "no_show", "cancelled")
    }
    sums["booked"] = sum(row.booked for row in booked)
    return Outcome(**{name: tell(number) for name, number in sums.items()})


def _rates(totals: Outcome) -> Rates:
    """Of the numbers as they are told: from a rate nobody learns more."""
    done, absent, off = totals.completed, totals.no_show, totals.cancelled
    return Rates(
        completion=_share(done, done, absent, off),
        cancellation=_share(off, off, totals.sessions),
        no_show=_share(absent, done, absent),
    )


def _satisfaction(reviews: int, total: int, tell: Callable) -> Satisfaction:
    told = tell(reviews)
    return Satisfaction(told, round(Decimal(total) / reviews, 2) if told else None)


def _share(part: Told, *whole: Told) -> Decimal | None:
    if part is None or None in whole or not sum(whole):
        return None
    return round(Decimal(part) / sum(whole), 4)


def _types(found: dict[tuple, Tally], tell: Callable) -> list[Share]:
    kinds, modes = dict(ServiceKind.choices), dict(Mode.choices)
    shares = [
        _told(f"{kind}:{mode}", f"{kinds.get(kind, kind)}·{modes.get(mode, mode)}", tally, tell)
        for (kind, mode), tally in found.items()
    ]
    return _most(shares)


def _workload(found: dict[tuple, Tally], tell: Callable) -> list[Share]:
    shares = [_told(str(pk), name, tally, tell) for (pk, name), tally in found.items()]
    return _most(shares)[:TOP]


def _told(name: str, title: str, tally: Tally, tell: Callable) -> Share:
    sessions = tell(tally.sessions)
    hours = round(Decimal(tally.spent.total_seconds()) / 3600, 1)
    return Share(
        name, title, sessions, tell(tally.completed), tell(tally.no_show), tell(tally.cancelled),
        hours=hours if tell is _as_is else None,
    )  # fmt: skip


def _most(shares: list[Share]) -> list[Share]:
    return sorted(shares, key=lambda share: (-(share.sessions or 0), share.name))


def _tags(found: dict[tuple[int, str], int]) -> list[Step]:
    """People, never few of them."""
    steps = [Step(str(pk), name, discreet(number)) for (pk, name), number in found.items()]
    return sorted(steps, key=lambda step: (-(step.number or 0), step.title))


def _funnel(looked: int, booked: Iterable[Bookings], tell: Callable) -> list[Step]:
    booked = list(booked)
    return [
        Step("viewed", "浏览咨询师主页", tell(looked)),
        Step("booked", "预约", tell(sum(row.booked for row in booked))),
        Step("paid", "支付", tell(sum(row.paid for row in booked))),
        Step("attended", "到访", tell(sum(row.attended for row in booked))),
    ]
