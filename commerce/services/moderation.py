"""What happens to reviews of every kind once they are written: answered, hidden, shown again.

Each takes a locked row and leaves figures and notices to its caller.
"""

from typing import TypeVar

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from commerce.errors import AlreadyReplied
from commerce.models import BaseReview, ReviewStatus
from config.errors import NotFound, ReasonNeeded

Row = TypeVar("Row", bound=BaseReview)


def lock_review(model: type[Row], review_id: int) -> Row:
    review = model.objects.locked().filter(pk=review_id).first()
    if review is None:
        raise NotFound
    return review


def answer(review: BaseReview, *, actor: User, reply: str) -> None:
    """The one answer; that `actor` may give it is the caller's to know."""
    if review.status != ReviewStatus.VISIBLE:
        raise NotFound
    if review.replied_at is not None:
        raise AlreadyReplied
    review.reply, review.replied_at, review.replied_by = reply, timezone.now(), actor
    review.save(update_fields=["reply", "replied_at", "replied_by", "updated_at"])


def hide(review: BaseReview, *, actor: User, reason: str) -> None:
    if not reason.strip():
        raise ReasonNeeded
    move(review, ReviewStatus.HIDDEN, actor=actor, reason=reason, moderation_note=reason[:200])


def restore(review: BaseReview, *, actor: User, reason: str) -> None:
    move(review, ReviewStatus.VISIBLE, actor=actor, reason=reason, moderation_note="")
