"""Who works for a merchant, besides its owner; the owner alone decides."""

from accounts.models import User, UserStatus
from accounts.services.notifications import notify
from commerce.errors import MemberExists, MemberUnknown, TooManyMembers
from commerce.models import Merchant, MerchantMember
from config.db import transact
from config.errors import NotFound

MOST = 50


@transact
def add_member(
    *, owner: User, role: str, phone: str | None = None, user_id: int | None = None
) -> MerchantMember:
    """Let somebody work for one's merchant, known by their number or id; they hear of it.

    Raises MemberUnknown, MemberExists (here or elsewhere, or an owner), TooManyMembers.
    """
    merchant = _locked(owner)
    person = _person(phone, user_id)
    if Merchant.objects.of(person).exists():
        raise MemberExists
    if merchant.members.count() >= MOST:
        raise TooManyMembers(most=MOST)
    member = MerchantMember.objects.create(
        merchant=merchant, user=person, role=role, invited_by=owner
    )
    notify(person, "merchant_member_added", name=merchant.business_name,
           role=member.get_role_display())  # fmt: skip
    return member


@transact
def change_member(member_id: int, *, owner: User, role: str) -> MerchantMember:
    member = _member(member_id, owner)
    member.role = role
    member.save(update_fields=["role", "updated_at"])
    return member


@transact
def remove_member(member_id: int, *, actor: User) -> None:
    """By the owner, or by the person: who works for somebody may leave."""
    mine = MerchantMember.objects.filter(pk=member_id, user=actor)
    if not mine.delete()[0]:
        _member(member_id, actor).delete()


def _locked(owner: User) -> Merchant:
    """Also so that two members cannot take the last place."""
    merchant = Merchant.objects.visible_to(owner).locked().approved().first()
    if merchant is None:
        raise NotFound
    return merchant


def _member(member_id: int, owner: User) -> MerchantMember:
    member = MerchantMember.objects.filter(pk=member_id, merchant__user=owner).first()
    if member is None:
        raise NotFound
    return member


def _person(phone: str | None, user_id: int | None) -> User:
    known = {"phone": phone} if phone else {"pk": user_id}
    person = User.objects.locked().filter(status=UserStatus.ACTIVE, **known).first()
    if person is None:
        raise MemberUnknown
    return person
