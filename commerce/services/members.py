"""Who works for a merchant, besides its owner; the owner alone decides what each may do.

They come by invitation (services.invitations).
"""

from accounts.models import User
from commerce.models import MerchantMember
from config.db import transact
from config.errors import NotFound


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


def _member(member_id: int, owner: User) -> MerchantMember:
    member = MerchantMember.objects.filter(pk=member_id, merchant__user=owner).first()
    if member is None:
        raise NotFound
    return member
