"""What accounts counts per day; cohorts and activity need more than counting rows."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils.module_loading import import_string

from accounts.models import ActiveDay, LoginLog, LoginSession, RefreshToken, User, UserStatus
from config.days import day_of, day_start
from config.measures import DAY, Counts, Measure


def _everybody() -> QuerySet[User]:
    """Those who left since too; naming every status lets user_status_created serve."""
    return User.objects.filter(status__in=UserStatus.values)


REGISTERED = Measure("registered", "新增用户", _everybody, person="")
LOGINS = Measure(
    "logins", "登录", lambda: LoginLog.objects.filter(succeeded=True), part="method", feature=True
)
# Ended logins are dropped 30 days after their end: older days cannot be counted again.
PLATFORMS = Measure(
    "platforms", "登录平台", LoginSession.objects.all, part="platform", recount_days=30
)
MEASURES = [REGISTERED, LOGINS, PLATFORMS]
# A conversion counts when it comes this soon after registering; then the number stands.
FUNNEL_DAYS = 30
RETENTION_DAYS = (1, 7, 30)


@dataclass(frozen=True)
class ActiveUsers:
    """People who used the platform: a login or a renewed token of that day.

    Closed days are rows of ActiveDay; what is not noted yet is asked of the tokens.
    """

    name: str = "active"
    title: str = "活跃用户"
    distinct: bool = True
    settles: int = 0
    recount_days: int | None = None

    def counts(self, first: date, last: date, *, people: QuerySet | None = None) -> Counts:
        noted = noted_until()
        rows = _about(ActiveDay.objects.filter(day__gte=first, day__lte=last), "user", people)
        found = {
            (row["day"], ""): row["n"]
            for row in rows.values("day").annotate(n=Count("pk")).order_by()
        }
        fresh = max(first, noted + DAY) if noted else first
        if fresh <= last:
            tokens = _about(tokens_between(fresh, last), "session__user", people)
            seen = tokens.values(_day=day_of("issued_at"))
            seen = seen.annotate(n=Count("session__user", distinct=True)).order_by()
            found |= {(row["_day"], ""): row["n"] for row in seen}
        return found

    def total(self, first: date, last: date, *, people: QuerySet | None = None) -> int:
        noted = noted_until()
        rows = ActiveDay.objects.filter(day__gte=first, day__lte=last)
        number = _about(rows, "user", people).aggregate(n=Count("user", distinct=True))["n"]
        fresh = max(first, noted + DAY) if noted else first
        if fresh <= last:
            tokens = _about(tokens_between(fresh, last), "session__user", people)
            known = rows.filter(user=OuterRef("session__user"))
            new = tokens.filter(~Exists(known))
            number += new.aggregate(n=Count("session__user", distinct=True))["n"]
        return number


@dataclass(frozen=True)
class Retention:
    """Of those who registered on a day, how many were active `after` days later."""

    after: int
    distinct: bool = False
    recount_days: int | None = None

    @property
    def name(self) -> str:
        return f"retained_{self.after}"

    @property
    def settles(self) -> int:
        return self.after

    def counts(self, first: date, last: date, *, people: QuerySet | None = None) -> Counts:
        later = timedelta(days=self.after)
        rows = ActiveDay.objects.filter(
            day__gte=first + later,
            day__lte=last + later,
            user__created_at__gte=day_start(first),
            user__created_at__lt=day_start(last + DAY),
        )
        rows = _about(rows, "user", people).values("day", _cohort=day_of("user__created_at"))
        return {
            (row["_cohort"], ""): row["n"]
            for row in rows.annotate(n=Count("pk")).order_by()
            if row["day"] - row["_cohort"] == later
        }


@dataclass(frozen=True)
class FunnelStep:
    """Of those who registered on a day, how many took this step, and all before it, in time."""

    name: str
    steps: tuple
    settles: int = FUNNEL_DAYS
    distinct: bool = False
    recount_days: int | None = None

    def counts(self, first: date, last: date, *, people: QuerySet | None = None) -> Counts:
        rows = _everybody().filter(
            created_at__gte=day_start(first), created_at__lt=day_start(last + DAY)
        )
        until = OuterRef("created_at") + timedelta(days=FUNNEL_DAYS)
        taken = Q()
        for step in self.steps:
            taken &= Q(
                Exists(step.rows().filter(user=OuterRef("pk"), **{f"{step.moment}__lt": until}))
            )
        rows = _about(rows.filter(taken), "pk", people).values(_day=day_of("created_at"))
        return {(row["_day"], ""): row["n"] for row in rows.annotate(n=Count("pk")).order_by()}


ACTIVE = ActiveUsers()
RETENTION = tuple(Retention(after) for after in RETENTION_DAYS)


def funnel() -> list[tuple[FunnelStep, Measure]]:
    """(how often it was taken, the step), in order; settings.FUNNEL names measures."""
    steps = [import_string(path) for path in settings.FUNNEL]
    return [
        (FunnelStep(f"funnel_{step.name}", tuple(steps[: position + 1])), step)
        for position, step in enumerate(steps)
    ]


def noted_until() -> date | None:
    """The last day whose activity stands in ActiveDay."""
    return ActiveDay.objects.aggregate(last=Max("day"))["last"]


def tokens_between(first: date, last: date) -> QuerySet[RefreshToken]:
    return RefreshToken.objects.filter(
        issued_at__gte=day_start(first), issued_at__lt=day_start(last + DAY)
    )


def _about(rows: QuerySet, path: str, people: QuerySet | None) -> QuerySet:
    return rows if people is None else rows.filter(**{f"{path}__in": people.values("pk")})
