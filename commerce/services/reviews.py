"""What buyers say of merchants: written once, answered once, hidden by staff with a reason."""

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from commerce.errors import AlreadyReviewed, NotReviewable, OwnMerchant
from commerce.models import SERVING, Merchant, MerchantReview, Order, OrderStatus
from commerce.services import order_notices
from commerce.services.moderation import answer, hide, lock_review, restore
from config.db import transact
from config.errors import NotFound


@transact
def write_review(
    order_id: int, *, user: User, rating: int, comment: str = "", is_anonymous: bool = False
) -> MerchantReview:
    """Say something about the merchant of one's own completed order, once.

    NotReviewable unless it is completed and a merchant's, OwnMerchant for who works there.
    """
    order = Order.objects.visible_to(user).locked().filter(pk=order_id).first()
    if order is None:
        raise NotFound
    if order.status != OrderStatus.COMPLETED or order.merchant_id is None:
        raise NotReviewable(status=order.status)
    if Merchant.objects.of(user).filter(pk=order.merchant_id).exists():
        raise OwnMerchant
    # Before the insert, which looks at the same row: two of one merchant would wait for each other.
    Merchant.objects.locked().filter(pk=order.merchant_id).values_list("pk").first()
    try:
        with transaction.atomic():
            review = MerchantReview.objects.create(
                order=order, merchant_id=order.merchant_id, user=user, rating=rating,
                comment=comment, is_anonymous=is_anonymous,
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyReviewed from None
    _count(review, 1)
    order_notices.reviewed(order, rating)
    return review


def _count(review: MerchantReview, sign: int) -> None:
    """The merchant's figures, in the transaction that shows or hides the review."""
    Merchant.objects.filter(pk=review.merchant_id).update(
        rating_sum=F("rating_sum") + sign * review.rating, rating_count=F("rating_count") + sign
    )


@transact
def reply_to_review(review_id: int, *, actor: User, reply: str) -> MerchantReview:
    """The merchant's one answer.  NotFound unless it is theirs and shown."""
    review = lock_review(MerchantReview, review_id)
    if not Merchant.objects.of(actor, *SERVING).filter(pk=review.merchant_id).exists():
        raise NotFound
    answer(review, actor=actor, reply=reply)
    order_notices.review_replied(review)
    return review


@transact
def hide_review(review_id: int, *, actor: User, reason: str) -> MerchantReview:
    """Out of everybody's sight, and out of the rating; its author hears why."""
    review = lock_review(MerchantReview, review_id)
    hide(review, actor=actor, reason=reason)
    _count(review, -1)
    order_notices.review_hidden(review)
    return review


@transact
def restore_review(review_id: int, *, actor: User, reason: str = "") -> MerchantReview:
    review = lock_review(MerchantReview, review_id)
    restore(review, actor=actor, reason=reason)
    _count(review, 1)
    return review
