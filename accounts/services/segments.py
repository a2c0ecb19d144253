"""Who somebody is to the business: an RFM-like segment per person, made anew every night."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import ActiveDay, Segment, User, UserSegment, UserStatus
from config.days import business_day
from config.db import transact

# Days within which somebody is new, active, or paid of late; and how often the loyal paid.
NEW_DAYS, ACTIVE_DAYS, PAID_DAYS, LOYAL_ORDERS = 30, 30, 90, 3
_BATCH = 1000


def segment_of(
    *,
    registered_at: datetime,
    last_active_on: date | None,
    paid_orders: int,
    last_paid_at: datetime | None,
    now: datetime,
) -> str:
    """The first that fits, of those for people who paid or of those for people who did not."""
    if paid_orders:
        if last_paid_at < now - timedelta(days=PAID_DAYS):
            return Segment.LAPSED
        return Segment.LOYAL if paid_orders >= LOYAL_ORDERS else Segment.PAYING
    if registered_at >= now - timedelta(days=NEW_DAYS):
        return Segment.NEW
    since = business_day(now) - timedelta(days=ACTIVE_DAYS)
    return Segment.ACTIVE if last_active_on and last_active_on >= since else Segment.DORMANT


def refresh_segments(*, now: datetime) -> int:
    """Give every account that is not closed its segment; how many.  Harmless to repeat."""
    done = 0
    for users in _batches():
        _refresh(users, now)
        done += len(users)
    UserSegment.objects.filter(user__status=UserStatus.DELETED).delete()
    return done


def segment_counts() -> tuple[dict[str, int], datetime | None]:
    """{segment: people} as of the last roll-up, and when that was."""
    rows = UserSegment.objects.values_list("segment").annotate(n=Count("pk")).order_by()
    computed = UserSegment.objects.order_by("-pk").values_list("computed_at", flat=True).first()
    return dict(rows), computed and timezone.localtime(computed)


def _batches() -> Iterator[list[tuple[int, datetime]]]:
    """(id, registered) of the people there are, by primary key."""
    people, last = User.objects.exclude(status=UserStatus.DELETED).order_by("pk"), 0
    while batch := list(people.filter(pk__gt=last).values_list("pk", "created_at")[:_BATCH]):
        yield batch
        last = batch[-1][0]


@transact
def _refresh(users: list[tuple[int, datetime]], now: datetime) -> None:
    """Delete and insert: the three databases have no upsert in common."""
    ids = [pk for pk, _ in users]
    seen = ActiveDay.objects.filter(user__in=ids).values_list("user").annotate(last=Max("day"))
    active = dict(seen.order_by())
    paid = import_string(settings.SPENDING)(ids)
    rows = []
    for pk, registered_at in users:
        number, last_paid_at = paid.get(pk, (0, None))
        facts = {"last_active_on": active.get(pk), "paid_orders": number,
                 "last_paid_at": last_paid_at}  # fmt: skip
        segment = segment_of(registered_at=registered_at, now=now, **facts)
        rows.append(UserSegment(user_id=pk, segment=segment, computed_at=now, **facts))
    UserSegment.objects.filter(user__in=ids).delete()
    UserSegment.objects.bulk_create(rows, ignore_conflicts=True)
