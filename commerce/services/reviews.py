"""What buyers say of merchants: written once, answered once, hidden by staff with a reason."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from commerce.errors import AlreadyReviewed, NotReviewable, OwnMerchant
from commerce.models import SERVING, Merchant, MerchantReview, Order, OrderStatus
from commerce.services import order_notices
from commerce.services.moderation import answer, hide, lock_review, restore
from commerce.services.pictures import set_pictures
from commerce.services.ratings import shrunk_mean
from config.db import transact
from config.errors import NotFound
from config.sweeping import each
from media.models import Purpose, Visibility
from media.services.files import show_to


@transact
def write_review(
    order_id: int, *, user: User, rating: int, comment: str = "", is_anonymous: bool = False,
    image_ids: Sequence[int] = (),
) -> MerchantReview:  # fmt: skip
    """Say something about the merchant of one's own completed order, once.

    image_ids: uploads of one's own, part of this review alone from now on.  NotReviewable unless
    it is completed and a merchant's, OwnMerchant for who works there; ImageUnknown, ImageUsed.
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
    if image_ids:
        set_pictures(review.pictures, image_ids, user=user, purpose=Purpose.REVIEW)
        _show_pictures(review, Visibility.PUBLIC)
    _count(review, 1)
    order_notices.reviewed(order, rating)
    return review


def _count(review: MerchantReview, sign: int) -> None:
    """The merchant's figures, in the transaction that shows or hides the review."""
    Merchant.objects.filter(pk=review.merchant_id).update(
        rating_sum=F("rating_sum") + sign * review.rating, rating_count=F("rating_count") + sign
    )
    _rate(review.merchant_id)


def _rate(merchant_id: int) -> None:
    """Of a row that the caller's transaction holds."""
    row = Merchant.objects.filter(pk=merchant_id)
    row.update(rating=shrunk_mean(*row.values_list("rating_sum", "rating_count").get()))


def refresh_ratings() -> int:
    """Make every rating anew, as its parameters may have changed; how many merchants."""
    rated = Merchant.objects.filter(rating_count__gt=0).order_by("pk")
    return each(rated.values_list("pk", flat=True), _refresh_rating)


@transact
def _refresh_rating(merchant_id: int) -> bool:
    Merchant.objects.locked().filter(pk=merchant_id).values_list("pk").first()
    _rate(merchant_id)
    return True


def _show_pictures(review: MerchantReview, to: Visibility) -> None:
    """Everybody, while the review is shown; nobody but its author and staff when it is not."""
    show_to(to, review.pictures.values_list("file_id", flat=True))


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
    _show_pictures(review, Visibility.OWNER)
    _count(review, -1)
    order_notices.review_hidden(review)
    return review


@transact
def restore_review(review_id: int, *, actor: User, reason: str = "") -> MerchantReview:
    review = lock_review(MerchantReview, review_id)
    restore(review, actor=actor, reason=reason)
    _show_pictures(review, Visibility.PUBLIC)
    _count(review, 1)
    return review
