"""Invitations to work for a merchant: sent, taken back, answered once.

Locks: merchant, then invitation, then person.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.audit import move
from accounts.models import User, UserStatus
from accounts.services.notifications import notify
from accounts.services.parameters import parameter
from commerce.errors import (
    InvitationExpired,
    InvitationOpen,
    MemberExists,
    MemberUnknown,
    MerchantClosed,
    RoleNotYours,
    TooManyMembers,
)
from commerce.models import (
    InvitationStatus,
    MemberRole,
    Merchant,
    MerchantInvitation,
    MerchantMember,
    MerchantStatus,
)
from config.db import transact
from config.errors import NotFound
from config.masking import mask_name
from config.sweeping import each

MOST = 50  # members and open invitations of one merchant


@transact
def invite_member(
    *, actor: User, role: str, phone: str | None = None, user_id: int | None = None
) -> MerchantInvitation:
    """Ask somebody, known by their number or id, to work for the merchant one owns or manages.

    Raises NotFound unless it is approved, RoleNotYours for a manager who names another one,
    MemberUnknown, MemberExists (here: whether they work elsewhere is their affair), InvitationOpen,
    TooManyMembers.
    """
    now = timezone.now()
    merchant = _locked(Merchant.objects.of(actor, MemberRole.MANAGER))
    if merchant is None or merchant.status != MerchantStatus.APPROVED:
        raise NotFound
    if role == MemberRole.MANAGER and actor.pk != merchant.user_id:
        raise RoleNotYours
    person = _person(phone, user_id)
    if Merchant.objects.of(person).filter(pk=merchant.pk).exists():
        raise MemberExists
    for former in merchant.invitations.open().filter(user=person).locked():
        if former.expires_at > now:
            raise InvitationOpen
        _end(former, InvitationStatus.EXPIRED, reason="已过期")
    if merchant.members.count() + merchant.invitations.open().count() >= MOST:
        raise TooManyMembers(most=MOST)
    invitation = MerchantInvitation.objects.create(
        merchant=merchant, user=person, role=role, invited_by=actor,
        expires_at=now + timedelta(days=parameter("INVITATION_DAYS")),
    )  # fmt: skip
    _tell(person, "merchant_invited", invitation, days=parameter("INVITATION_DAYS"))
    return invitation


@transact
def accept_invitation(invitation_id: int, *, user: User) -> MerchantMember:
    """The invited person's yes: from here on they work there.

    Raises InvitationExpired, MerchantClosed, MemberExists (here or elsewhere, or an owner),
    TooManyMembers; IllegalTransition when it was answered or taken back.
    """
    invitation = _lock(MerchantInvitation.objects.visible_to(user), invitation_id)
    if invitation.status == InvitationStatus.PENDING:
        _check(invitation)
    _end(invitation, InvitationStatus.ACCEPTED, actor=user, reason="接受邀请")
    member = MerchantMember.objects.create(
        merchant=invitation.merchant, user=user, role=invitation.role,
        invited_by=invitation.invited_by,
    )  # fmt: skip
    _tell(user, "merchant_member_added", invitation)
    _tell_inviter(invitation, "接受了")
    return member


@transact
def decline_invitation(invitation_id: int, *, user: User) -> MerchantInvitation:
    invitation = _lock(MerchantInvitation.objects.visible_to(user), invitation_id)
    _end(invitation, InvitationStatus.DECLINED, actor=user, reason="谢绝邀请")
    _tell_inviter(invitation, "谢绝了")
    return invitation


@transact
def withdraw_invitation(invitation_id: int, *, actor: User) -> MerchantInvitation:
    """By whoever sent it while they manage the merchant, or by its owner."""
    theirs = Q(invited_by=actor) | Q(merchant__user=actor)
    rows = MerchantInvitation.objects.managed_by(actor).filter(theirs)
    invitation = _lock(rows, invitation_id)
    _end(invitation, InvitationStatus.WITHDRAWN, actor=actor, reason="撤回邀请")
    _tell(invitation.user, "merchant_invitation_withdrawn", invitation)
    return invitation


def expire_invitations(now: datetime, limit: int) -> int:
    """End those that nobody answered in time, each in a transaction of its own; how many."""
    overdue = MerchantInvitation.objects.open().filter(expires_at__lte=now)
    due = list(overdue.order_by("expires_at", "pk").values_list("pk", flat=True)[:limit])
    return each(due, _expire)


@transact
def _expire(invitation_id: int) -> bool:
    invitation = _lock(MerchantInvitation.objects.all(), invitation_id)
    if invitation.status != InvitationStatus.PENDING:
        return False
    _end(invitation, InvitationStatus.EXPIRED, reason="已过期")
    _tell_inviter(invitation, "未及时回应")
    return True


def _check(invitation: MerchantInvitation) -> None:
    """Whether the person may say yes; they are locked from here on."""
    merchant, user = invitation.merchant, invitation.user
    User.objects.locked().filter(pk=user.pk).values_list("pk").first()
    if invitation.expires_at <= timezone.now():
        raise InvitationExpired(until=invitation.expires_at)
    if merchant.status != MerchantStatus.APPROVED:
        raise MerchantClosed
    if Merchant.objects.of(user).exists():
        raise MemberExists
    if merchant.members.count() >= MOST:
        raise TooManyMembers(most=MOST)


def _lock(rows, invitation_id: int) -> MerchantInvitation:
    """The invitation under its merchant's lock: members are counted, and decided about, there."""
    merchant_id = rows.filter(pk=invitation_id).values_list("merchant_id", flat=True).first()
    if merchant_id is None:
        raise NotFound
    merchant = Merchant.objects.locked().get(pk=merchant_id)
    invitation = MerchantInvitation.objects.locked().get(pk=invitation_id)
    invitation.merchant = merchant
    return invitation


def _locked(merchants) -> Merchant | None:
    """Also so that two invitations cannot take the last place."""
    found = merchants.values_list("pk", flat=True).first()
    return found and Merchant.objects.locked().get(pk=found)


def _person(phone: str | None, user_id: int | None) -> User:
    known = {"phone": phone} if phone else {"pk": user_id}
    person = User.objects.filter(status=UserStatus.ACTIVE, **known).first()
    if person is None:
        raise MemberUnknown
    return person


def _end(
    invitation: MerchantInvitation, to: InvitationStatus, *, actor: User | None = None, reason: str
) -> None:
    move(invitation, to, actor=actor, reason=reason, decided_at=timezone.now())


def _tell(user: User, template: str, invitation: MerchantInvitation, **more) -> None:
    notify(
        user, template, name=invitation.merchant.business_name,
        role=invitation.get_role_display(), **more,
    )  # fmt: skip


def _tell_inviter(invitation: MerchantInvitation, answer: str) -> None:
    """Whoever sent it; the owner when they are gone."""
    inviter = invitation.invited_by or invitation.merchant.user
    person = mask_name(invitation.user.display_name)
    _tell(inviter, "merchant_invitation_answered", invitation, person=person, answer=answer)
