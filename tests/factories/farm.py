"""Farms with animals, and people who may claim them."""

from decimal import Decimal

import factory

from accounts.models import AgreementKind
from accounts.services.consents import current_agreement, give_consent
from commerce.models import Payment
from farm.models import Animal, AnimalClaim, Listing
from farm.services.claims import claim_animal
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MerchantFactory
from tests.factories.commerce import pay as pay_order


def FarmFactory(**fields):
    """An approved merchant of animals."""
    return MerchantFactory(**{"status": "approved", "merchant_type": "farm_owner"} | fields)


class AnimalFactory(factory.django.DjangoModelFactory):
    """An animal that everybody sees and may claim."""

    class Meta:
        model = Animal

    merchant = factory.LazyFunction(FarmFactory)
    name = factory.Sequence(lambda n: f"小黑{n}")
    species = "羊驼"
    breed = "华卡约"
    price = Decimal("1000.00")
    listing = Listing.PUBLISHED


def consent(user) -> None:
    """Let `user` agree to the claim agreement in force."""
    version = current_agreement(AgreementKind.CLAIM).version
    give_consent(user, kind=AgreementKind.CLAIM, version=version, ip_address="203.0.113.9")


def claimant(**fields):
    """A person who may claim."""
    user = UserFactory(**fields)
    consent(user)
    return user


def claimed(user=None, animal: Animal | None = None) -> AnimalClaim:
    """A pending claim, made the way clients make it."""
    animal = animal or AnimalFactory()
    return claim_animal(animal.pk, user=user or claimant(), price_paid=animal.price)


def pay(claim: AnimalClaim) -> Payment:
    """Money came for the claim's order: it is active."""
    payment = pay_order(claim.order_item.order)
    claim.refresh_from_db()
    return payment


def active(user=None, animal: Animal | None = None) -> AnimalClaim:
    claim = claimed(user, animal)
    pay(claim)
    return claim
