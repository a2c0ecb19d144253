"""Who may sell: registering, the website's applications, and what staff decide about both."""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.limits import Window, check_windows, lock, make_counters, network_of
from accounts.services.notifications import notify
from accounts.services.roles import assign_role, remove_role
from commerce.errors import (
    MemberExists,
    MerchantExists,
    OwnCommission,
    TooManyApplications,
)
from commerce.models import (
    ApplicationStatus,
    Merchant,
    MerchantApplication,
    MerchantMember,
    MerchantStatus,
)
from commerce.services.decisions import decide
from config.changes import note_change
from config.db import transact
from config.errors import NotFound

ROLE = "merchant"
# Applications of one household or office: nobody has a reason for more.
LIMITS = [Window(3600, 3), Window(86400, 5)]


@transact
def register(*, user: User, **fields) -> Merchant:
    """Ask to sell; fields as the model names them.  MerchantExists, with its status, when `user`
    has asked before: a rejected one is changed by resubmit().  MemberExists for who works for
    another one."""
    # An invitation that is accepted at the same time looks here under the same lock.
    User.objects.locked().filter(pk=user.pk).values_list("pk").first()
    if MerchantMember.objects.filter(user_id=user.pk).exists():
        raise MemberExists
    try:
        with transaction.atomic():
            return Merchant.objects.create(user_id=user.pk, submitted_at=timezone.now(), **fields)
    except IntegrityError:
        known = Merchant.objects.filter(user_id=user.pk).values_list("status", flat=True).first()
        if known is None:
            raise
        raise MerchantExists(status=known) from None


@transact
def change_merchant(merchant_id: int, *, user: User, **fields) -> Merchant:
    """Change one's own; what was rejected goes back into the queue.

    The type, the name and the licence are what was reviewed: they change while it is not approved.
    """
    merchant = Merchant.objects.visible_to(user).locked().filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound
    if merchant.status in {MerchantStatus.APPROVED, MerchantStatus.SUSPENDED}:
        fields = {name: value for name, value in fields.items() if name not in REVIEWED}
    for name, value in fields.items():
        setattr(merchant, name, value)
    merchant.save(update_fields=[*fields, "updated_at"])
    if merchant.status == MerchantStatus.REJECTED:
        move(
            merchant, MerchantStatus.PENDING, actor=user, reason="重新提交",
            submitted_at=timezone.now(), review_note="",
        )  # fmt: skip
    return merchant


REVIEWED = ("merchant_type", "business_name", "business_license")


def approve_merchant(merchant_id: int, *, actor: User) -> Merchant:
    """Let it sell, also again after a suspension; its owner gets the role of a merchant."""
    return _decide(merchant_id, MerchantStatus.APPROVED, actor, None)


def reject_merchant(merchant_id: int, *, actor: User, reason: str = "") -> Merchant:
    """Send it back to its owner with a reason; ReasonNeeded without one."""
    return _decide(merchant_id, MerchantStatus.REJECTED, actor, reason)


def suspend_merchant(merchant_id: int, *, actor: User, reason: str = "") -> Merchant:
    """Stop it from selling anything new; what was bought is still served."""
    return _decide(merchant_id, MerchantStatus.SUSPENDED, actor, reason)


@transact
def set_commission(merchant_id: int, *, actor: User, percent: Decimal) -> Merchant:
    """Our part of what its orders bring in from now on; those that were made keep theirs."""
    merchant = Merchant.objects.locked().filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound
    if merchant.user_id == actor.pk:
        raise OwnCommission
    before = merchant.commission_percent
    merchant.commission_percent = percent
    merchant.save(update_fields=["commission_percent", "updated_at"])
    note_change(merchant, {"commission_percent": (str(before), str(percent))})
    return merchant


@transact
def _decide(merchant_id: int, status: MerchantStatus, actor: User, reason: str | None) -> Merchant:
    merchant = Merchant.objects.locked().filter(pk=merchant_id).first()
    if merchant is None:
        raise NotFound
    decide(merchant, status, actor=actor, own=merchant.user_id == actor.pk, reason=reason)
    if status == MerchantStatus.APPROVED:
        assign_role(merchant.user_id, ROLE, actor=None)
    elif status == MerchantStatus.SUSPENDED:
        remove_role(merchant.user_id, ROLE, actor=None)
    notify(
        merchant.user, f"merchant_{status}", name=merchant.business_name,
        reason=merchant.review_note,
    )  # fmt: skip
    return merchant


def apply(*, address: str | None, **fields) -> MerchantApplication:
    """Leave a wish on the website, without an account; TooManyApplications from one network."""
    key = f"merchant-application:{network_of(address)}"
    make_counters([key])
    return _apply(key, network_of(address), fields)


@transact
def _apply(key: str, network: str, fields: dict) -> MerchantApplication:
    lock(key)
    before = MerchantApplication.objects.filter(network=network)
    check_windows(before, LIMITS, now=timezone.now(), refusal=TooManyApplications)
    return MerchantApplication.objects.create(network=network, **fields)


@transact
def handle_application(
    application_id: int, *, actor: User, accept: bool, remark: str = ""
) -> MerchantApplication:
    """Note what came of it.  Accepted people register themselves: nobody does it for them."""
    row = MerchantApplication.objects.locked().filter(pk=application_id).first()
    if row is None:
        raise NotFound
    move(
        row, ApplicationStatus.ACCEPTED if accept else ApplicationStatus.DECLINED,
        actor=actor, reason=remark, handled_at=timezone.now(), handled_by=actor,
        remark=remark[:200],
    )  # fmt: skip
    return row
