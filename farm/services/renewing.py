"""Renewing a claim before its end: a further term, paid by an order of its own.

Locks: the renewal's order, then animal, then claim, like everything that moves a claim's end.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.parameters import parameter
from commerce.models import Merchant, MerchantStatus, OrderItem
from commerce.payables import Want
from commerce.services.orders import place_order
from config.errors import NotFound
from farm.errors import NotOneAnimal, NotRenewable, RenewalTooEarly
from farm.models import Animal, AnimalClaim, ClaimRenewal, ClaimStatus, RenewalStatus
from farm.services import notices
from farm.services.agreements import order_agreement
from farm.services.availability import lock_animal
from farm.services.terms import months_later
from farm.services.waiting import waiting_at

KIND = "claim_renewal"


@dataclass(frozen=True)
class Extension:
    """What was agreed: everything a renewal copies."""

    claim_id: int
    merchant_id: int
    animal_name: str
    price: Decimal
    months: int

    @property
    def title(self) -> str:
        return f"续期认领 {self.animal_name}（{self.months} 个月）"


def renew_claim(claim_id: int, *, user: User, price_paid: Decimal) -> ClaimRenewal:
    """Order a further term of one's own claim, at today's price of the animal.

    price_paid: what the person was shown; PriceChanged when it costs another amount.  Asked again
    while that order waits for its money, it is the same renewal.
    """
    pending = ClaimRenewal.objects.filter(
        claim=claim_id, claim__user=user, status=RenewalStatus.PENDING
    )
    if waiting := waiting_at(price_paid, pending):
        return waiting
    order = place_order(user=user, wants=[Want(KIND, claim_id, expected_price=price_paid)])
    return ClaimRenewal.objects.get(order_item__order=order)


def offer_extension(user: User, want: Want) -> Extension:
    """What a further term costs now, its claim locked; NotFound, NotRenewable, RenewalTooEarly."""
    if want.quantity != 1:
        raise NotOneAnimal
    animal, claim = lock_claim(want.target_id, user=user)
    _check_renewable(animal, claim)
    return Extension(
        claim_id=claim.pk,
        merchant_id=claim.merchant_id,
        animal_name=claim.animal_name,
        price=animal.price,
        months=animal.term_months or parameter("CLAIM_MONTHS"),
    )


def lock_claim(claim_id: int, **of) -> tuple[Animal, AnimalClaim]:
    """Both, locked in that order; NotFound."""
    rows = AnimalClaim.objects.filter(pk=claim_id, **of)
    animal_id = rows.values_list("animal_id", flat=True).first()
    if animal_id is None:
        raise NotFound
    return lock_animal(animal_id), AnimalClaim.objects.locked().get(pk=claim_id)


def _check_renewable(animal: Animal, claim: AnimalClaim) -> None:
    """Its merchant still sells, nobody wants it ended, and the end is near enough."""
    now = timezone.now()
    selling = Merchant.objects.filter(pk=claim.merchant_id, status=MerchantStatus.APPROVED)
    over = claim.status != ClaimStatus.ACTIVE or claim.ends_at <= now
    if over or claim.end_asked_at or animal.lost_at or not selling.exists():
        raise NotRenewable(status=claim.status)
    opens_at = claim.ends_at - timedelta(days=parameter("RENEW_DAYS"))
    if now < opens_at:
        raise RenewalTooEarly(opens_at=opens_at.isoformat())


def extend(item: OrderItem) -> None:
    """The renewal was paid: the claim ends so much later.  NotRenewable when it ended meanwhile."""
    renewal = ClaimRenewal.objects.get(order_item=item)
    _, claim = lock_claim(renewal.claim_id)
    if claim.status != ClaimStatus.ACTIVE:
        raise NotRenewable(status=claim.status)
    ends_at = months_later(claim.ends_at, renewal.months)
    move(renewal, RenewalStatus.PAID, starts_at=claim.ends_at, ends_at=ends_at)
    _end_at(claim, ends_at, reminded_days=0)
    order_agreement(claim)
    notices.renewed(claim.pk, renewal.pk)


def take_back(item: OrderItem) -> None:
    """Its money went back: the claim, and what was renewed after it, end so much earlier."""
    renewal = ClaimRenewal.objects.get(order_item=item)
    if renewal.status != RenewalStatus.PAID:
        return
    _, claim = lock_claim(renewal.claim_id)
    move(renewal, RenewalStatus.CANCELLED, reason="退款")
    if claim.status != ClaimStatus.ACTIVE:
        return
    span = renewal.ends_at - renewal.starts_at
    later = claim.renewals.filter(status=RenewalStatus.PAID, starts_at__gte=renewal.ends_at)
    for after in later.order_by("starts_at"):
        after.starts_at, after.ends_at = after.starts_at - span, after.ends_at - span
        after.save(update_fields=["starts_at", "ends_at", "updated_at"])
    _end_at(claim, claim.ends_at - span)


def _end_at(claim: AnimalClaim, ends_at, **changes) -> None:
    claim.ends_at = ends_at
    changes |= {"ends_at": ends_at, "updated_at": timezone.now()}
    AnimalClaim.objects.filter(pk=claim.pk).update(**changes)
