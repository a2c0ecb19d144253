"""The agreement on a claim: frozen when the money comes, printed afterwards, kept as it is.

The row is written with the claim; a task prints it.  What breaks in between stays a row that the
sweep finds.  Printing takes no lock: of many who print one agreement, the first to write its file
has made it (C-4).
"""

import logging
from datetime import datetime, timedelta
from hashlib import sha256

from celery import signature
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.scope import reaches
from config.db import transact
from config.errors import IllegalTransition, NotFound
from config.masking import mask_phone
from config.numbers import new_number
from farm.agreements import print_agreement
from farm.errors import GlyphMissing
from farm.models import AgreementFile, AgreementStatus, AnimalClaim, ClaimAgreement, ClaimStatus

logger = logging.getLogger(__name__)

PERMISSION = "farm.renew_claimagreement"
TRIES = 10
RETRY = timedelta(minutes=1)


def order_agreement(claim: AnimalClaim) -> ClaimAgreement:
    """The next version of a claim's agreement, to be printed; call it under the claim's lock."""
    now = timezone.now()
    last = claim.agreements.order_by("-version").values_list("version", flat=True).first()
    number, version = new_number("AGR"), (last or 0) + 1
    agreement = ClaimAgreement.objects.create(
        number=number,
        claim=claim,
        version=version,
        snapshot=_snapshot(claim, number=number, version=version, now=now),
        next_try_at=now,
    )
    printing = signature("farm.print_agreements")  # by name: the task knows this module
    transaction.on_commit(printing.delay, robust=True)
    return agreement


@transact
def renew_agreement(claim_id: int, *, actor: User) -> ClaimAgreement:
    """A new version, with the names of today; what was agreed stays as it was agreed."""
    claim = AnimalClaim.objects.locked().filter(pk=claim_id).first()
    if claim is None or not reaches(AnimalClaim, claim_id, actor, PERMISSION):
        raise NotFound
    if claim.status not in {ClaimStatus.ACTIVE, ClaimStatus.ENDED}:
        raise IllegalTransition(old=claim.status, new=claim.status)
    return order_agreement(claim)


@transact
def retry_agreement(agreement_id: int, *, actor: User) -> ClaimAgreement:
    """Try again what could not be printed, for example with a larger font."""
    agreement = ClaimAgreement.objects.locked().filter(pk=agreement_id).first()
    if agreement is None:
        raise NotFound
    move(
        agreement, AgreementStatus.PENDING, actor=actor, reason="重试", error="", attempts=0,
        next_try_at=timezone.now(),
    )  # fmt: skip
    return agreement


def print_waiting(*, now: datetime | None = None, limit: int = 100) -> int:
    """Print what waits; how many documents were made."""
    now = now or timezone.now()
    waiting = ClaimAgreement.objects.waiting(now).order_by("next_try_at", "pk")
    return sum(_try(pk, now) for pk in list(waiting.values_list("pk", flat=True)[:limit]))


def _try(agreement_id: int, now: datetime) -> bool:
    try:
        return print_one(agreement_id)
    except GlyphMissing as error:
        give_up(agreement_id, f"{error}：{error.data['characters']}")
    except Exception:
        logger.exception("could not print agreement %s", agreement_id)
        _later(agreement_id, now)
    return False


def print_one(agreement_id: int) -> bool:
    """Print one agreement and keep it; False when somebody else did.  GlyphMissing."""
    agreement = ClaimAgreement.objects.get(pk=agreement_id)
    if agreement.status != AgreementStatus.PENDING:
        return False
    return _keep(agreement_id, print_agreement(agreement.snapshot))


@transact
def _keep(agreement_id: int, content: bytes) -> bool:
    try:
        with transaction.atomic():
            AgreementFile.objects.create(
                agreement_id=agreement_id,
                content=content,
                sha256=sha256(content).hexdigest(),
                size=len(content),
            )
    except IntegrityError:  # another process printed it as well, and was first
        return False
    agreement = ClaimAgreement.objects.locked().get(pk=agreement_id)
    move(agreement, AgreementStatus.READY, next_try_at=None, error="")
    return True


@transact
def give_up(agreement_id: int, error: str) -> None:
    """Nothing more happens by itself: staff see it.  The claim stands all the same."""
    agreement = ClaimAgreement.objects.locked().get(pk=agreement_id)
    if agreement.status == AgreementStatus.PENDING:
        move(
            agreement, AgreementStatus.FAILED, reason=error, error=error[:200], next_try_at=None
        )  # fmt: skip


@transact
def _later(agreement_id: int, now: datetime) -> None:
    agreement = ClaimAgreement.objects.locked().get(pk=agreement_id)
    agreement.attempts += 1
    agreement.next_try_at = now + RETRY * agreement.attempts
    agreement.save(update_fields=["attempts", "next_try_at", "updated_at"])
    if agreement.attempts >= TRIES:
        give_up(agreement_id, "多次尝试后仍无法生成，请联系技术人员")


def _snapshot(claim: AnimalClaim, *, number: str, version: int, now: datetime) -> dict:
    """Everything the document shows, as text and numbers that JSON keeps exactly."""
    animal, merchant, user, terms = claim.animal, claim.merchant, claim.user, claim.agreement
    return {
        "number": number,
        "version": version,
        "issued_at": now.isoformat(),
        "claim": {
            "number": claim.number,
            "order": claim.order_item.order.number,
            "price": f"{claim.price_paid:.2f}",
            "months": claim.months,
            "from": claim.claimed_at.isoformat(),
            "until": claim.ends_at.isoformat(),
        },
        "claimant": {
            "id": user.pk, "name": user.display_name, "phone": mask_phone(user.phone) or "-",
        },
        "merchant": {
            "id": merchant.pk,
            "name": merchant.business_name,
            "license": merchant.business_license,
            "address": merchant.address,
        },
        "animal": {
            "id": animal.pk,
            "name": claim.animal_name,
            "species": animal.species,
            "breed": animal.breed,
            "birth_date": animal.birth_date.isoformat() if animal.birth_date else "",
            "location": animal.farm_location,
        },
        "terms": {
            "title": terms.title, "version": terms.version, "body": terms.body,
            "sha256": terms.sha256,
        },
        "consent": {"at": claim.agreed_at.isoformat(), "from": claim.agreed_from or "-"},
    }  # fmt: skip
