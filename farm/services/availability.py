"""An animal's status: a function of its claims and of what its merchant wishes (C-3)."""

from collections.abc import Mapping
from typing import Any

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


def settle(*animals: Animal, **changes) -> None:
    """Give locked animals the status that follows from their claims as they are now.

    changes: what else of the animals changes at the same moment.
    """
    claims = AnimalClaim.objects.live().filter(animal__in=animals)
    live = dict(claims.values_list("animal_id", "status"))
    changes["updated_at"] = timezone.now()
    alike: dict[AnimalStatus, list[int]] = {}
    for animal in animals:
        _set(animal, changes)
        status = _status_of(animal, live.get(animal.pk))
        _set(animal, {"status": status})
        alike.setdefault(status, []).append(animal.pk)
    for status, keys in alike.items():
        Animal.objects.filter(pk__in=keys).update(status=status, **changes)


def _set(animal: Animal, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(animal, name, value)


def _status_of(animal: Animal, live: str | None) -> AnimalStatus:
    """live: the status of its claim that is not over."""
    if live == ClaimStatus.ACTIVE:
        return AnimalStatus.CLAIMED
    free = live is None and animal.is_offered and animal.lost_at is None
    return AnimalStatus.AVAILABLE if free else AnimalStatus.UNAVAILABLE
