"""What the races of the farm share."""

from collections import Counter

import pytest

from commerce.models import Order, OrderItem
from farm.models import Animal, AnimalClaim
from farm.services import availability
from farm.services.claims import claim_animal


def rounds(number):
    return pytest.mark.parametrize("round_", range(number))


def kinds(outcomes):
    return Counter(type(outcome).__name__ for outcome in outcomes)


def rows():
    """(orders, items, claims): all of one claim or none of it."""
    return Order.objects.count(), OrderItem.objects.count(), AnimalClaim.objects.count()


def status_of(animal) -> str:
    return Animal.objects.values_list("status", flat=True).get(pk=animal.pk)


def attempt(user, animal):
    return claim_animal(animal.pk, user=user, price_paid=animal.price)


def due_status(animal) -> str:
    """What the animal's claims and its merchant's wish make its status."""
    live = AnimalClaim.objects.live().filter(animal=animal).values_list("status", flat=True)
    return availability._status_of(animal, live.first())
