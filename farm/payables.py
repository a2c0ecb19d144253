from django.db import IntegrityError
from django.utils import timezone

from accounts.audit import move, move_all
from commerce.payables import Offer
from commerce.services.reports import report_later
from config.numbers import new_number
from config.rows import insert, new
from farm.errors import AnimalUnavailable, RenewalWaiting
from farm.models import (
    Animal,
    AnimalClaim,
    AnimalStatus,
    ClaimRenewal,
    ClaimStatus,
    EndKind,
    RenewalStatus,
)
from farm.services import notices
from farm.services.agreements import order_agreement
from farm.services.availability import lock_animal, settle
from farm.services.claiming import Adoption, take_animal
from farm.services.renewing import Extension, extend, offer_extension, take_back
from farm.services.terms import months_later


def _offer(wanted: Adoption | Extension) -> Offer:
    return Offer(
        title=wanted.title,
        unit_price=wanted.price,
        details=wanted,
        merchant_id=wanted.merchant_id,
        alone=True,
    )


class AnimalClaimPayable:
    """Sells claims; Want.target_id is the animal's id.

    Locks follow order, items, animal, claim: the animal is always locked first.
    """

    label = "动物认领"

    def quote(self, user, want):
        return _offer(take_animal(user, want))

    def reserve(self, item, want, offer):
        adoption = offer.details
        try:
            insert(
                new(
                    AnimalClaim,
                    number=new_number("CLM"),
                    user_id=adoption.user_id,
                    animal_id=adoption.animal_id,
                    merchant_id=adoption.merchant_id,
                    order_item=item,
                    agreement_id=adoption.agreement_id,
                    agreed_at=adoption.agreed_at,
                    agreed_from=adoption.agreed_from,
                    animal_name=adoption.animal_name,
                    price_paid=adoption.price,
                    months=adoption.months,
                )
            )
        except IntegrityError as error:  # the second net below the animal's conditional UPDATE
            if "live_animal" not in str(error):
                raise
            raise AnimalUnavailable(status=AnimalStatus.UNAVAILABLE) from error

    def fulfil(self, item):
        animal, claim = self._locked(item)
        now = timezone.now()
        ends_at = months_later(now, claim.months)
        move(claim, ClaimStatus.ACTIVE, claimed_at=now, ends_at=ends_at)
        settle(animal)
        order_agreement(claim)
        report_later(item.order)
        notices.claimed(claim.pk)

    def release(self, items, *, expired):
        rows = AnimalClaim.objects.filter(order_item__in=items, status=ClaimStatus.PENDING)
        waiting = dict(rows.values_list("pk", "animal_id"))  # still: their orders are locked
        if not waiting:
            return
        animals = list(Animal.objects.locked().filter(pk__in=waiting.values()))
        claims = list(AnimalClaim.objects.locked().filter(pk__in=waiting))
        move_all(claims, ClaimStatus.CANCELLED, reason="超时未支付" if expired else "")
        settle(*animals)

    def revoke(self, item):
        """A claim that was ended, with the refund that this is, stays as it ended."""
        if self._status(item) == ClaimStatus.ACTIVE:
            animal, claim = self._locked(item)
            now = timezone.now()
            move(claim, ClaimStatus.CANCELLED, reason="退款", ended_at=now, end_kind=EndKind.REFUND)
            settle(animal)

    def _status(self, item) -> str:
        """Still: its order is locked."""
        return AnimalClaim.objects.values_list("status", flat=True).get(order_item=item)

    def _locked(self, item):
        animal = lock_animal(item.target_id)
        return animal, AnimalClaim.objects.locked().get(order_item=item)


class ClaimRenewalPayable:
    """Sells further terms; Want.target_id is the claim's id."""

    label = "认领续期"

    def quote(self, user, want):
        return _offer(offer_extension(user, want))

    def reserve(self, item, want, offer):
        extension = offer.details
        try:
            insert(
                new(
                    ClaimRenewal,
                    claim_id=extension.claim_id,
                    order_item=item,
                    price_paid=extension.price,
                    months=extension.months,
                )
            )
        except IntegrityError as error:  # one that waits for its money is enough
            if "live_claim" not in str(error):
                raise
            raise RenewalWaiting from error

    def fulfil(self, item):
        extend(item)
        report_later(item.order)

    def release(self, items, *, expired):
        rows = ClaimRenewal.objects.filter(order_item__in=items, status=RenewalStatus.PENDING)
        if rows := list(rows):
            move_all(rows, RenewalStatus.CANCELLED, reason="超时未支付" if expired else "")

    def revoke(self, item):
        take_back(item)
