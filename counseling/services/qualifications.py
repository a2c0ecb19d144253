"""Certificates: who may counsel, for how long, and what becomes of it when they end."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.notifications import notify
from commerce.errors import ImageUnknown
from commerce.services.decisions import decide
from config.days import day_end
from config.db import transact
from config.errors import NotFound
from config.sweeping import is_told, remind_of_end
from counseling.errors import QualificationApproved, QualificationExpired, TooManyQualifications
from counseling.models import (
    Counselor,
    CounselorApplication,
    Qualification,
    QualificationStatus,
)
from media.models import File, Purpose

AT_MOST = 20
FOR_EVER = datetime(9999, 12, 30, tzinfo=UTC)


@transact
def submit_qualification(*, user: User, file_ids: Sequence[int], **fields) -> Qualification:
    """Hand one in for review; fields as the model names them, file_ids: uploads of one's own.

    Raises QualificationExpired, TooManyQualifications, ImageUnknown.
    """
    _lock_person(user.pk)
    if Qualification.objects.filter(user_id=user.pk).count() >= AT_MOST:
        raise TooManyQualifications(at_most=AT_MOST)
    row = Qualification(user_id=user.pk, submitted_at=timezone.now(), **fields)
    _check_dates(row)
    row.save(force_insert=True)
    _put_files(row, file_ids)
    return row


@transact
def change_qualification(
    qualification_id: int, *, user: User, file_ids: Sequence[int] | None = None, **fields
) -> Qualification:
    """Change one's own that is not approved; a rejected one is submitted again."""
    row = Qualification.objects.locked().filter(pk=qualification_id, user_id=user.pk).first()
    if row is None:
        raise NotFound
    if row.status == QualificationStatus.APPROVED:
        raise QualificationApproved
    for name, value in fields.items():
        setattr(row, name, value)
    _check_dates(row)
    row.save(update_fields=[*fields, "updated_at"])
    if file_ids is not None:
        _put_files(row, file_ids)
    if row.status == QualificationStatus.REJECTED:
        move(
            row, QualificationStatus.PENDING, actor=user, reason="重新提交",
            submitted_at=timezone.now(), review_note="", reminded_days=0,
        )  # fmt: skip
    return row


def approve_qualification(qualification_id: int, *, actor: User | None) -> Qualification:
    """It counts from now on: whoever was hidden for want of one is seen again.

    QualificationExpired when it ended while it waited.
    """
    return _decide(qualification_id, QualificationStatus.APPROVED, actor, None)


def reject_qualification(
    qualification_id: int, *, actor: User | None, reason: str = ""
) -> Qualification:
    """Send it back with a reason (ReasonNeeded); an approved one does not count any more."""
    return _decide(qualification_id, QualificationStatus.REJECTED, actor, reason)


@transact
def _decide(
    qualification_id: int, status: QualificationStatus, actor: User | None, reason: str | None
) -> Qualification:
    """The person's lock first: of two decisions the second sees what the first one left."""
    known = Qualification.objects.filter(pk=qualification_id).values_list("user_id", flat=True)
    user_id = known.first()
    if user_id is None:
        raise NotFound
    _lock_person(user_id)
    row = Qualification.objects.locked().get(pk=qualification_id)
    own = actor is not None and actor.pk == user_id
    decide(row, status, actor=actor, own=own, reason=reason)
    if status == QualificationStatus.APPROVED:
        _check_dates(row)
    refresh_qualified_until(user_id)
    notify(
        row.user, f"qualification_{status}", qualification_id=row.pk, name=str(row),
        reason=row.review_note,
    )  # fmt: skip
    return row


def refresh_qualified_until(user_id: int) -> None:
    """Write down how long the person's approved qualifications last; they or nobody is a counselor.

    Call it inside the transaction that holds the person's lock.
    """
    valid = Qualification.objects.valid_on(timezone.localdate()).filter(user_id=user_id)
    ends = [_end(day) for day in valid.order_by().values_list("expires_on", flat=True)]
    until = max(ends, default=None)
    Counselor.objects.filter(user_id=user_id).update(qualified_until=until)


def _end(day: date | None) -> datetime:
    return FOR_EVER if day is None else day_end(day)


def _lock_person(user_id: int) -> None:
    """Their application and their profile: whatever of the two there is.

    Not the person's own row, whose lock idempotency records share.
    """
    for model in (CounselorApplication, Counselor):
        list(model.objects.locked().filter(user_id=user_id).values_list("pk", flat=True))


def _check_dates(row: Qualification) -> None:
    if row.expires_on is None:
        return
    if row.expires_on <= row.issued_on or row.expires_on < timezone.localdate():
        raise QualificationExpired


def _put_files(row: Qualification, ids: Sequence[int]) -> None:
    files = File.objects.ready().filter(
        purpose=Purpose.QUALIFICATION, owner_id=row.user_id, pk__in=ids
    )
    if unknown := set(ids) - set(files.values_list("pk", flat=True)):
        raise ImageUnknown(ids=sorted(unknown))
    row.files.set(files)


def remind_of_expiry(*, now: datetime | None = None, limit: int = 1000) -> int:
    """Tell people 30 and 7 days before a qualification ends, each once; how many were told."""
    today = timezone.localdate(now)
    approved = Qualification.objects.filter(status=QualificationStatus.APPROVED)
    return remind_of_end(approved, "expires_on", _tell, now=today, limit=limit)


@transact
def _tell(qualification_id: int, days: int) -> bool:
    row = Qualification.objects.locked().get(pk=qualification_id)
    if is_told(row, days) or row.status != QualificationStatus.APPROVED:
        return False
    row.reminded_days = days
    row.save(update_fields=["reminded_days", "updated_at"])
    notify(
        row.user, "qualification_expiring",
        dedupe_key=f"qualification_expiring:{row.pk}:{days}", qualification_id=row.pk,
        name=str(row), until=f"{row.expires_on:%Y年%m月%d日}", days=days,
    )  # fmt: skip
    return True
