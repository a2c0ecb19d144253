"""Wishes to counsel here: written down in the mini-program, decided by staff."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.notifications import notify
from accounts.services.roles import assign_role
from commerce.services.decisions import decide
from config.db import transact
from config.errors import NotFound
from counseling.errors import AlreadyCounselor, ApplicationIncomplete, ApplicationUnderReview
from counseling.models import (
    Counselor,
    CounselorApplication,
    CounselorApplicationStatus,
    Qualification,
    QualificationStatus,
)
from counseling.models.counselors import Profile
from counseling.services.counselors import ROLE, put_specialties
from counseling.services.qualifications import refresh_qualified_until

# What an approved application hands over to the profile.
COPIED = [field.name for field in Profile._meta.local_fields]


@transact
def save_application(
    *, user: User, specialty_ids: Sequence[int] | None = None, **fields
) -> CounselorApplication:
    """Write down one's own application, or change it; submit_application() sends it.

    Raises AlreadyCounselor, ApplicationUnderReview, SpecialtyUnknown.
    """
    if Counselor.objects.filter(user_id=user.pk).exists():
        raise AlreadyCounselor
    row = _own(user) or _new(user)
    if row.status == CounselorApplicationStatus.PENDING:
        raise ApplicationUnderReview
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=[*fields, "updated_at"])
    if specialty_ids is not None:
        put_specialties(row, specialty_ids)
    return row


@transact
def submit_application(*, user: User) -> CounselorApplication:
    """Send it to staff, also again; ApplicationIncomplete names what they could not do without."""
    row = _own(user)
    if row is None:
        raise NotFound
    shown = Qualification.objects.filter(user_id=user.pk).exclude(
        status=QualificationStatus.REJECTED
    )
    needed = {
        "bio": row.bio,
        "specialties": row.specialties.exists(),
        "qualifications": shown.exists(),
    }
    if missing := [name for name, there in needed.items() if not there]:
        raise ApplicationIncomplete(missing=missing)
    move(
        row, CounselorApplicationStatus.PENDING, actor=user, submitted_at=timezone.now(),
        review_note="",
    )  # fmt: skip
    return row


@transact
def withdraw_application(*, user: User) -> CounselorApplication:
    """Take it back while nobody has decided."""
    row = _own(user)
    if row is None:
        raise NotFound
    move(row, CounselorApplicationStatus.WITHDRAWN, actor=user)
    return row


@transact
def approve_application(application_id: int, *, actor: User) -> Counselor:
    """Make a profile of it, a draft yet, and give the person the role of a counselor.

    AlreadyCounselor when staff made one meanwhile.
    """
    row = _decide(application_id, CounselorApplicationStatus.APPROVED, actor, None)
    if Counselor.objects.filter(user_id=row.user_id).exists():
        raise AlreadyCounselor
    counselor = Counselor.objects.create(
        user_id=row.user_id, **{name: getattr(row, name) for name in COPIED}
    )
    counselor.specialties.set(row.specialties.all())
    refresh_qualified_until(row.user_id)
    assign_role(row.user_id, ROLE, actor=None)
    return counselor


@transact
def reject_application(
    application_id: int, *, actor: User, reason: str = ""
) -> CounselorApplication:
    """Send it back with a reason; ReasonNeeded without one."""
    return _decide(application_id, CounselorApplicationStatus.REJECTED, actor, reason)


def _decide(
    application_id: int, status: CounselorApplicationStatus, actor: User, reason: str | None
) -> CounselorApplication:
    row = CounselorApplication.objects.locked().filter(pk=application_id).first()
    if row is None:
        raise NotFound
    decide(row, status, actor=actor, own=row.user_id == actor.pk, reason=reason)
    notify(row.user, f"counselor_application_{status}", reason=row.review_note)
    return row


def _own(user: User) -> CounselorApplication | None:
    return CounselorApplication.objects.locked().filter(user_id=user.pk).first()


def _new(user: User) -> CounselorApplication:
    """Of two first drafts at once the second changes what the first one made."""
    try:
        with transaction.atomic():
            return CounselorApplication.objects.create(user_id=user.pk)
    except IntegrityError:
        return CounselorApplication.objects.locked().get(user_id=user.pk)
