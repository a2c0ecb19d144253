"""May this person claim this animal, and what would it cost: the rules of claiming."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from accounts.models import Agreement, AgreementKind, Consent, User
from accounts.services.consents import require_consent
from accounts.services.parameters import parameter
from commerce.models import MerchantStatus
from commerce.payables import Want
from config.errors import DomainError, NotFound
from farm.errors import AnimalUnavailable, NotOneAnimal, OwnAnimal, TooManyClaims
from farm.models import Animal, AnimalClaim, ClaimStatus, Listing
from farm.services.availability import take


@dataclass(frozen=True)
class Adoption:
    """What was agreed: everything a claim copies."""

    user_id: int
    animal_id: int
    merchant_id: int
    agreement_id: int
    agreed_at: datetime
    agreed_from: str | None
    animal_name: str
    price: Decimal
    months: int

    @property
    def title(self) -> str:
        return f"认领 {self.animal_name}（{self.months} 个月）"


def take_animal(user: User, want: Want) -> Adoption:
    """Hold the animal `want` names for `user`, or refuse and write nothing.

    The animal is taken if it is still free (C-1), so whoever comes too late is gone at once.
    Call it inside the transaction that places the order: a refusal undoes the taking.
    """
    if want.quantity != 1:
        raise NotOneAnimal
    if not take(want.target_id):
        raise _why_not(user, want.target_id)
    animal = Animal.objects.select_related("merchant").get(pk=want.target_id)
    if animal.merchant.status != MerchantStatus.APPROVED:
        raise NotFound
    if animal.merchant.user_id == user.pk:
        raise OwnAnimal
    agreement = require_consent(user.pk, AgreementKind.CLAIM)
    consent = _queue_at_consent(user, agreement)
    return Adoption(
        user_id=user.pk,
        animal_id=animal.pk,
        merchant_id=animal.merchant_id,
        agreement_id=agreement.pk,
        agreed_at=consent.agreed_at,
        agreed_from=consent.ip_address,
        animal_name=animal.name,
        price=animal.price,
        months=animal.term_months or parameter("CLAIM_MONTHS"),
    )


def _queue_at_consent(user: User, agreement: Agreement) -> Consent:
    """The person's consent, locked: their claims of several animals at once meet here, so that
    each counts those before it.  TooManyClaims."""
    consents = Consent.objects.select_for_update()
    consent = consents.get(user=user, agreement=agreement, withdrawn_at=None)
    at_most = parameter("MAX_UNPAID_CLAIMS")
    if unpaid_claims(user) >= at_most:
        raise TooManyClaims(at_most=at_most)
    return consent


def unpaid_claims(user: User) -> int:
    return AnimalClaim.objects.filter(user=user, status=ClaimStatus.PENDING).count()


def _why_not(user: User, animal_id: int) -> DomainError:
    animal = Animal.objects.select_related("merchant").filter(pk=animal_id).first()
    if animal is None:
        return NotFound()
    selling = animal.merchant.status == MerchantStatus.APPROVED
    if animal.listing != Listing.PUBLISHED or not selling:
        return NotFound()
    if animal.merchant.user_id == user.pk:
        return OwnAnimal()
    return AnimalUnavailable(status=animal.status)
