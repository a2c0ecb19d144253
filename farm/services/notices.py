"""What claimant and merchant are told about a claim."""

from decimal import Decimal

from django.utils import timezone

from accounts.services.notifications import notify
from farm.models import AnimalClaim, AnimalUpdate

THING = 20  # WeChat refuses a longer `thing` (47003)


def claimed(claim_id: int) -> None:
    """The animal is theirs; its merchant hears of it too."""
    claim = _with_people(claim_id)
    _both(claim, "animal_claimed", "animal_claimed_merchant")


def renewed(claim_id: int, renewal_id: int) -> None:
    """It ends later; its merchant hears of it too."""
    claim = _with_people(claim_id)
    for user, template in ((claim.user, "claim_renewed"),
                           (claim.merchant.user, "claim_renewed_merchant")):  # fmt: skip
        notify(user, template, dedupe_key=f"{template}:{renewal_id}", **_context(claim))


def end_asked(claim_id: int) -> None:
    claim = _with_people(claim_id)
    notify(
        claim.merchant.user, "claim_end_asked",
        dedupe_key=f"claim_end_asked:{claim.pk}:{claim.end_asked_at.isoformat()}",
        reason=claim.end_asked_reason, **_context(claim),
    )  # fmt: skip


def end_refused(claim_id: int, *, reason: str) -> None:
    claim = _with_people(claim_id)
    notify(claim.user, "claim_end_refused", reason=reason[:200], **_context(claim))


def ended(claim_id: int, *, refund: Decimal) -> None:
    """Ended before its time; refund: what comes back (yuan)."""
    claim = _with_people(claim_id)
    outcome = f"退款 {refund:.2f} 元将原路退回。" if refund else "本次结束无退款。"
    _both(claim, "claim_ended", "claim_ended_merchant", outcome=outcome, reason=claim.end_reason)


def term_over(claim_id: int) -> None:
    _both(_with_people(claim_id), "claim_term_over", "claim_term_over_merchant")


def ending(claim: AnimalClaim, days: int) -> None:
    """It ends in so many days; `claim` comes with its user."""
    key = f"claim_ending:{claim.pk}:{days}:{claim.ends_at:%Y%m%d}"  # renewed, it ends again
    notify(claim.user, "claim_ending", dedupe_key=key, days=days, **_context(claim))


def updated(update: AnimalUpdate) -> None:
    """News for whoever claims the animal now."""
    claim = AnimalClaim.objects.select_related("user").filter(
        animal_id=update.animal_id, status="active"
    ).first()  # fmt: skip
    if claim is not None:
        notify(
            claim.user, "animal_updated", dedupe_key=f"animal_updated:{update.pk}:{claim.pk}",
            animal_id=update.animal_id, animal=claim.animal_name[:THING],
            kind=update.get_update_type_display(), content=update.content[:60],
        )  # fmt: skip


def _both(claim: AnimalClaim, code: str, merchants_code: str, **more) -> None:
    context = _context(claim) | more
    for user, template in ((claim.user, code), (claim.merchant.user, merchants_code)):
        notify(user, template, dedupe_key=f"{template}:{claim.pk}", **context)


def _with_people(claim_id: int) -> AnimalClaim:
    return AnimalClaim.objects.select_related("user", "merchant__user").get(pk=claim_id)


def _context(claim: AnimalClaim) -> dict:
    end = timezone.localtime(claim.ends_at) if claim.ends_at else None
    return {
        "claim_id": claim.pk,
        "number": claim.number,
        "animal": claim.animal_name[:THING],
        "until": f"{end:%Y年%m月%d日}" if end else "",
    }
