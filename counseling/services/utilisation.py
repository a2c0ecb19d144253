"""How much of counselors' time was offered, held and booked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum

from accounts.models import User
from accounts.scope import scoped
from config.days import day_end, day_start
from counseling.models import Counselor, SlotStatus, TimeSlot

PERMISSION = "counseling.view_timeslot"
_LENGTH = ExpressionWrapper(F("end_at") - F("start_at"), output_field=DurationField())
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Offered:
    """Minutes of slots by status; booked: how many slots; share: booked of what was not closed."""

    minutes: Mapping[str, int]
    booked: int
    share: float | None


def counselors_looked_at(viewer: User, counselor_id: int | None = None) -> QuerySet:
    """Counselors whose utilisation `viewer` may know: their own, and as far as the role reaches."""
    rows = scoped(Counselor.objects.all(), viewer, PERMISSION, besides=Q(user_id=viewer.pk))
    rows = rows if counselor_id is None else rows.filter(pk=counselor_id)
    return rows.order_by("pk").values("pk", "name")


def with_minutes(counselors: Iterable[dict], *, first: date, last: date) -> list[dict]:
    """Minutes of slots that begin from `first` to `last`, by status; one statement.

    utilisation: booked minutes of all that were not closed, 0..1; None when there were none.
    """
    counselors = list(counselors)
    slots = _beginning(first, last).filter(counselor_id__in=[row["pk"] for row in counselors])
    minutes: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SlotStatus.values, 0))
    for row in slots.values("counselor_id", "status").annotate(length=Sum(_LENGTH)):
        minutes[row["counselor_id"]][row["status"]] = row["length"] // _MINUTE
    return [_row(counselor, minutes[counselor["pk"]]) for counselor in counselors]


def offered(counselors: QuerySet[Counselor] | None, *, first: date, last: date) -> Offered:
    """Of all these counselors together (None: of everybody); one statement."""
    slots = _beginning(first, last).filter(status__in=SlotStatus.values)  # for the index
    if counselors is not None:
        slots = slots.filter(counselor__in=counselors)
    minutes, booked = dict.fromkeys(SlotStatus.values, 0), 0
    for row in slots.values("status").annotate(length=Sum(_LENGTH), number=Count("pk")):
        minutes[row["status"]] = row["length"] // _MINUTE
        booked += row["number"] if row["status"] == SlotStatus.BOOKED else 0
    return Offered(minutes, booked, _share(minutes))


def _beginning(first: date, last: date) -> QuerySet[TimeSlot]:
    span = {"start_at__gte": day_start(first), "start_at__lt": day_end(last)}
    return TimeSlot.objects.filter(**span).order_by()


def _row(counselor: dict, minutes: dict[str, int]) -> dict:
    return {
        "counselor_id": counselor["pk"],
        "name": counselor["name"],
        **{f"{status}_minutes": minutes[status] for status in SlotStatus.values},
        "utilisation": _share(minutes),
    }


def _share(minutes: Mapping[str, int]) -> float | None:
    """Booked of all that were not closed."""
    open_to_clients = sum(minutes.values()) - minutes[SlotStatus.CLOSED]
    return round(minutes[SlotStatus.BOOKED] / open_to_clients, 4) if open_to_clients else None
