"""Telling people in time: claims that end soon, animals of which nobody heard for long."""

from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from config.db import transact
from config.sweeping import is_told, remind_of_end
from farm.models import AnimalClaim, ClaimStatus
from farm.services import notices


def remind_of_ends(*, now: datetime | None = None, limit: int = 1000) -> int:
    """Tell claimants 30 and 7 days before their claim ends, each once; how many were told."""
    active = AnimalClaim.objects.filter(status=ClaimStatus.ACTIVE)
    return remind_of_end(active, "ends_at", _tell, now=now or timezone.now(), limit=limit)


@transact
def _tell(claim_id: int, days: int) -> bool:
    claim = AnimalClaim.objects.locked().select_related("user").get(pk=claim_id)
    if is_told(claim, days) or claim.status != ClaimStatus.ACTIVE:
        return False
    claim.reminded_days = days
    claim.save(update_fields=["reminded_days", "updated_at"])
    notices.ending(claim, days)
    return True


def remind_of_updates(*, now: datetime | None = None, limit: int = 1000) -> int:
    """Tell merchants of claimed animals without news for UPDATE_DAYS, once per silence."""
    now, days = now or timezone.now(), parameter("UPDATE_DAYS")
    silent = silent_claims(now).select_related("merchant__user").order_by("pk")
    for claim in list(silent[:limit]):
        notify(
            claim.merchant.user, "animal_update_overdue",
            dedupe_key=f"animal_update_overdue:{claim.pk}:{claim.since.isoformat()}",
            animal_id=claim.animal_id, animal=claim.animal_name, days=days,
        )  # fmt: skip
    return len(silent[:limit])


def silent_claims(now: datetime) -> QuerySet[AnimalClaim]:
    """Claims of animals without news for UPDATE_DAYS; one per animal."""
    return (
        AnimalClaim.objects.filter(status=ClaimStatus.ACTIVE, claimed_at__lte=now)
        .annotate(last=Max("animal__updates__created_at"))
        .annotate(since=Greatest("claimed_at", Coalesce("last", "claimed_at")))
        .filter(since__lte=now - timedelta(days=parameter("UPDATE_DAYS")))
    )
