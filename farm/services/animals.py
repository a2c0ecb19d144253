"""Animals: what a farm says of them, and whether everybody sees them."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import ProtectedError
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.notifications import notify
from commerce.models import Merchant, MerchantStatus, MerchantType
from commerce.services.decisions import decide
from commerce.services.orders import cancel_order
from commerce.services.pictures import set_pictures
from config.db import transact
from config.errors import IllegalTransition, NotFound, ReasonNeeded
from farm.errors import AnimalClaimed, AnimalGone, AnimalInUse, NotAFarm
from farm.models import (
    Animal,
    AnimalClaim,
    AnimalStatus,
    AnimalUpdate,
    ClaimStatus,
    HealthRecord,
    Listing,
)
from farm.services import notices
from farm.services.availability import settle
from farm.services.claims import end_for_loss
from media.models import Purpose

SERVING = (MerchantStatus.APPROVED, MerchantStatus.SUSPENDED)


@transact
def create_animal(*, user: User, photo_ids: Sequence[int] | None = None, **fields) -> Animal:
    """A draft of `user`'s farm; fields as the model names them.  photo_ids: uploads, the first is
    its portrait.  NotAFarm, ImageUnknown."""
    animal = Animal.objects.create(
        merchant=_farm_of(user, (MerchantStatus.APPROVED,)),
        status=AnimalStatus.AVAILABLE,
        **fields,
    )
    _set_photos(animal, user, photo_ids)
    return animal


@transact
def change_animal(
    animal_id: int, *, user: User, photo_ids: Sequence[int] | None = None, **fields
) -> Animal:
    """Change one's own.  What was claimed stays as it was agreed: claims have copies (C-7)."""
    animal = _own(animal_id, user)
    for name, value in fields.items():
        setattr(animal, name, value)
    animal.save(update_fields=[*fields, "updated_at"])
    _set_photos(animal, user, photo_ids)
    return animal


def _set_photos(animal: Animal, user: User, ids: Sequence[int] | None) -> None:
    if ids is not None:
        set_pictures(animal.photos, ids, user=user, purpose=Purpose.ANIMAL)


@transact
def delete_animal(animal_id: int, *, user: User) -> None:
    """Delete one's own that nobody ever claimed; AnimalInUse otherwise (C-7)."""
    animal = _own(animal_id, user)
    claims = animal.claims.count()
    if claims:
        raise AnimalInUse(claims=claims)
    try:
        animal.delete()
    except ProtectedError:
        raise AnimalInUse(claims=animal.claims.count()) from None


@transact
def submit_animal(animal_id: int, *, user: User) -> Animal:
    """Ask staff to publish it; what was hidden comes back without asking."""
    animal = _own(animal_id, user)
    _check_there(animal)
    if animal.listing == Listing.HIDDEN:
        move(animal, Listing.PUBLISHED, actor=user)
    else:
        now = timezone.now()
        move(animal, Listing.REVIEWING, actor=user, submitted_at=now, review_note="")
    return animal


@transact
def hide_animal(animal_id: int, *, user: User) -> Animal:
    """Take it out of sight; who claims it keeps it."""
    animal = _own(animal_id, user)
    move(animal, Listing.HIDDEN, actor=user)
    return animal


@transact
def offer_animal(animal_id: int, *, user: User, offered: bool) -> Animal:
    """Say whether it can be claimed; AnimalClaimed while somebody does (C-3)."""
    animal = _own(animal_id, user)
    _check_there(animal)
    if AnimalClaim.objects.live().filter(animal=animal).exists():
        raise AnimalClaimed
    settle(animal, is_offered=offered)
    return animal


def approve_animal(animal_id: int, *, actor: User) -> Animal:
    """Let everybody see it."""
    return _decide(animal_id, Listing.PUBLISHED, actor, None)


def reject_animal(animal_id: int, *, actor: User, reason: str = "") -> Animal:
    """Send it back to its farm with a reason; ReasonNeeded without one."""
    return _decide(animal_id, Listing.REJECTED, actor, reason)


@transact
def _decide(animal_id: int, listing: Listing, actor: User, reason: str | None) -> Animal:
    animal = Animal.objects.locked().filter(pk=animal_id).first()
    if animal is None:
        raise NotFound
    if animal.listing != Listing.REVIEWING:  # its farm alone brings a hidden one back
        raise IllegalTransition(old=animal.listing, new=str(listing))
    owner = animal.merchant.user
    decide(animal, listing, actor=actor, own=owner == actor, reason=reason)
    notify(
        owner, f"animal_{listing}", animal_id=animal.pk, name=animal.name,
        reason=animal.review_note,
    )  # fmt: skip
    return animal


@transact
def report_loss(animal_id: int, *, actor: User, reason: str, now: datetime | None = None) -> Animal:
    """The animal died or got lost: its claim ends and what is left of its price goes back.

    Orders come before animals in the order of locks, so the claim is dealt with first; one that
    comes in between finds an animal that is taken, and is called off in the second look.
    """
    now = now or timezone.now()
    _check_own(animal_id, actor, SERVING)
    if not reason.strip():
        raise ReasonNeeded
    _call_off(animal_id, actor, reason, now)
    animal = Animal.objects.locked().get(pk=animal_id)
    _check_there(animal)
    if AnimalClaim.objects.live().filter(animal=animal).exists():
        raise AnimalClaimed  # in this very moment; the merchant tries again
    settle(animal, lost_at=now, is_offered=False)
    return animal


def _call_off(animal_id: int, actor: User, reason: str, now: datetime) -> None:
    live = AnimalClaim.objects.live().filter(animal_id=animal_id)
    claim = live.select_related("order_item").first()
    if claim is None:
        return
    if claim.status == ClaimStatus.PENDING:
        cancel_order(claim.order_item.order_id, actor=actor, reason=reason)
    else:
        end_for_loss(claim.pk, actor=actor, reason=reason, now=now)


@transact
def post_update(animal_id: int, *, user: User, **fields) -> AnimalUpdate:
    """Tell those who follow an animal of one's own; its claimant hears of it."""
    _check_own(animal_id, user, SERVING)
    update = AnimalUpdate.objects.create(animal_id=animal_id, **fields)
    notices.updated(update)
    return update


@transact
def add_health_record(
    animal_id: int, *, user: User, kind: str, happened_on: date, note: str
) -> HealthRecord:
    _check_own(animal_id, user, SERVING)
    return HealthRecord.objects.create(
        animal_id=animal_id, kind=kind, happened_on=happened_on, note=note
    )


def _own(animal_id: int, user: User) -> Animal:
    """One's own, locked."""
    _check_own(animal_id, user, (MerchantStatus.APPROVED,))
    return Animal.objects.locked().get(pk=animal_id)


def _check_own(animal_id: int, user: User, statuses: tuple[str, ...]) -> None:
    if not Animal.objects.filter(pk=animal_id, merchant__user_id=user.pk).exists():
        raise NotFound
    _farm_of(user, statuses)


def _farm_of(user: User, statuses: tuple[str, ...]) -> Merchant:
    farms = Merchant.objects.visible_to(user).filter(merchant_type=MerchantType.FARM_OWNER)
    farm = farms.filter(status__in=statuses).first()
    if farm is None:
        raise NotAFarm
    return farm


def _check_there(animal: Animal) -> None:
    if animal.lost_at is not None:
        raise AnimalGone
