"""An animal's status: a function of its claims and of what its merchant wishes (C-3)."""

from django.utils import timezone

from config.prepared import PreparedUpdate
from farm.models import Animal, AnimalClaim, AnimalStatus, ClaimStatus, Listing


def take(animal_id: int) -> bool:
    """Hold an animal if it is still available; whether it was."""
    return bool(_take(animal=animal_id, now=timezone.now()))


_take = PreparedUpdate(
    lambda animal, now: (
        Animal.objects.filter(pk=animal, status=AnimalStatus.AVAILABLE, listing=Listing.PUBLISHED),
        {"status": AnimalStatus.UNAVAILABLE, "updated_at": now},
    )
)


def lock_animal(animal_id: int) -> Animal:
    return Animal.objects.locked().get(pk=animal_id)


def settle(animal: Animal, **changes) -> None:
    """Give a locked animal the status that follows from its claims as they are now.

    changes: what else of the animal changes at the same moment.
    """
    for name, value in changes.items():
        setattr(animal, name, value)
    changes["status"] = _status_of(animal)
    changes["updated_at"] = timezone.now()
    Animal.objects.filter(pk=animal.pk).update(**changes)
    animal.refresh_from_db(fields=["status"])


def _status_of(animal: Animal) -> AnimalStatus:
    claims = AnimalClaim.objects.live().filter(animal_id=animal.pk)
    live = claims.values_list("status", flat=True).first()
    if live == ClaimStatus.ACTIVE:
        return AnimalStatus.CLAIMED
    free = live is None and animal.is_offered and animal.lost_at is None
    return AnimalStatus.AVAILABLE if free else AnimalStatus.UNAVAILABLE
