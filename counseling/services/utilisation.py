"""How much of counselors' time was offered, held and booked."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet, Sum

from accounts.models import User
from accounts.scope import scoped
from config.days import day_end, day_start
from counseling.models import Counselor, SlotStatus, TimeSlot

PERMISSION = "counseling.view_timeslot"
_LENGTH = ExpressionWrapper(F("end_at") - F("start_at"), output_field=DurationField())
_MINUTE = timedelta(minutes=1)


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
    sums = (
        TimeSlot.objects.filter(
            counselor_id__in=[row["pk"] for row in counselors],
            start_at__gte=day_start(first), start_at__lt=day_end(last),
        )
        .order_by()
        .values("counselor_id", "status")
        .annotate(length=Sum(_LENGTH))
    )  # fmt: skip
    minutes: dict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys(SlotStatus.values, 0))
    for row in sums:
        minutes[row["counselor_id"]][row["status"]] = row["length"] // _MINUTE
    return [_row(counselor, minutes[counselor["pk"]]) for counselor in counselors]


def _row(counselor: dict, minutes: dict[str, int]) -> dict:
    offered = sum(minutes.values()) - minutes[SlotStatus.CLOSED]
    share = round(minutes[SlotStatus.BOOKED] / offered, 4) if offered else None
    return {
        "counselor_id": counselor["pk"],
        "name": counselor["name"],
        **{f"{status}_minutes": minutes[status] for status in SlotStatus.values},
        "utilisation": share,
    }
