"""What clients say of sessions: written once, changed for a while, answered once, hidden by staff.

Locks: the counselor, then the appointment or the review.  The counselor's rating is counted anew
from what is shown, in the transaction that changes it, while nobody else's can.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Sum
from django.utils import timezone

from accounts.models import User
from accounts.services.parameters import parameter
from commerce.models import ReviewStatus
from commerce.services.moderation import answer, hide, lock_review, restore
from commerce.services.ratings import shrunk_mean
from config.db import transact
from config.errors import NotFound
from config.sweeping import each
from counseling.errors import AlreadyReviewed, NotReviewable, ReviewClosed
from counseling.models import Appointment, AppointmentStatus, Counselor, Review
from counseling.services import review_notices


@transact
def write_review(
    appointment_id: int, *, user: User, rating: int, comment: str = "",
    tags: Iterable[str] = (), is_anonymous: bool = True,
) -> Review:  # fmt: skip
    """Say something about a session of one's own that took place, once."""
    own = Appointment.objects.filter(pk=appointment_id, user_id=user.pk)
    _lock_counselor(own.values_list("counselor_id", flat=True).first())
    appointment = own.locked().first()
    if appointment.status != AppointmentStatus.COMPLETED:
        raise NotReviewable(status=appointment.status)
    try:
        with transaction.atomic():
            review = Review.objects.create(
                appointment=appointment, counselor_id=appointment.counselor_id, user=user,
                rating=rating, comment=comment, tags=_once(tags), is_anonymous=is_anonymous,
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyReviewed from None
    _count_rating(review.counselor_id)
    review_notices.reviewed(review)
    return review


@transact
def edit_review(
    review_id: int, *, user: User, tags: Iterable[str] | None = None, now=None, **fields
) -> Review:
    """Change one's own review, what is not given stays; for REVIEW_EDIT_DAYS and until it is
    answered or hidden."""
    review = _locked_own(review_id, user, now)
    fields |= {} if tags is None else {"tags": _once(tags)}
    for name, value in fields.items():
        setattr(review, name, value)
    review.save(update_fields=[*fields, "updated_at"])
    _count_rating(review.counselor_id)
    return review


@transact
def withdraw_review(review_id: int, *, user: User, now: datetime | None = None) -> None:
    """Take one's own review back, as long as it can be changed; another may be written then."""
    review = _locked_own(review_id, user, now)
    review.delete()
    _count_rating(review.counselor_id)


@transact
def reply_to_review(review_id: int, *, actor: User, reply: str) -> Review:
    """The counselor's one answer.  NotFound unless it is about them and shown."""
    review = lock_review(Review, review_id)
    if review.counselor.user_id != actor.pk:
        raise NotFound
    answer(review, actor=actor, reply=reply)
    review_notices.review_replied(review)
    return review


@transact
def hide_review(review_id: int, *, actor: User, reason: str) -> Review:
    """Out of everybody's sight, and out of the rating; its author hears why."""
    review = _lock(review_id)
    hide(review, actor=actor, reason=reason)
    _count_rating(review.counselor_id)
    review_notices.review_hidden(review)
    return review


@transact
def restore_review(review_id: int, *, actor: User, reason: str = "") -> Review:
    review = _lock(review_id)
    restore(review, actor=actor, reason=reason)
    _count_rating(review.counselor_id)
    return review


def refresh_ratings() -> int:
    """Count every rating anew, as its parameters may have changed; how many counselors."""
    return each(Counselor.objects.order_by("pk").values_list("pk", flat=True), _refresh_rating)


@transact
def _refresh_rating(counselor_id: int) -> bool:
    _lock_counselor(counselor_id)
    _count_rating(counselor_id)
    return True


def _count_rating(counselor_id: int) -> None:
    shown = Review.objects.shown().filter(counselor_id=counselor_id).order_by()
    figures = shown.aggregate(total=Sum("rating", default=0), count=Count("pk"))
    Counselor.objects.filter(pk=counselor_id).update(
        rating=shrunk_mean(**figures), rating_count=figures["count"]
    )


def _locked_own(review_id: int, user: User, now: datetime | None) -> Review:
    """A review that its author may change; ReviewClosed says why not."""
    if not Review.objects.visible_to(user).filter(pk=review_id).exists():
        raise NotFound
    review = _lock(review_id)
    until = review.created_at + timedelta(days=parameter("REVIEW_EDIT_DAYS"))
    if review.status == ReviewStatus.HIDDEN:
        raise ReviewClosed(reason="hidden")
    if review.replied_at is not None:
        raise ReviewClosed(reason="replied")
    if (now or timezone.now()) >= until:
        raise ReviewClosed(reason="too_late")
    return review


def _lock(review_id: int) -> Review:
    rows = Review.objects.filter(pk=review_id)
    _lock_counselor(rows.values_list("counselor_id", flat=True).first())
    return lock_review(Review, review_id)


def _lock_counselor(counselor_id: int | None) -> None:
    """Before an insert that looks at the same row: two would wait for each other."""
    if Counselor.objects.locked().filter(pk=counselor_id).values_list("pk").first() is None:
        raise NotFound


def _once(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tags))
