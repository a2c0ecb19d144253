"""What counselors and authors are told about reviews: never a word of one, nor whose it is."""

from accounts.services.notifications import notify
from counseling.models import Review


def reviewed(review: Review) -> None:
    """Tell the counselor, without whose it is."""
    notify(
        review.counselor.user,
        "counselor_reviewed",
        dedupe_key=f"counselor_reviewed:{review.pk}",
        rating=str(review.rating),
    )


def review_replied(review: Review) -> None:
    notify(review.user, "counselor_replied", dedupe_key=f"counselor_replied:{review.pk}",
           name=review.counselor.name)  # fmt: skip


def review_hidden(review: Review) -> None:
    notify(review.user, "review_hidden", name=review.counselor.name,
           reason=review.moderation_note)  # fmt: skip
