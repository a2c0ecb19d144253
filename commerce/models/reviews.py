from django.conf import settings
from django.db import models
from django.db.models import Q

from commerce.models.merchants import Merchant
from commerce.models.orders import Order
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions


class ReviewStatus(models.TextChoices):
    VISIBLE = "visible", "显示"
    HIDDEN = "hidden", "已隐藏"


class ReviewQuerySet(LockingQuerySet):
    def visible_to(self, user):
        return self.filter(user_id=user.pk)

    def shown(self):
        return self.filter(status=ReviewStatus.VISIBLE)


class BaseReview(TimestampedModel):
    """What somebody says of what they got: stars and words, answered once.

    moderation_note: why staff hid it.  What is hidden does not count for a rating.
    """

    TRANSITIONS = Transitions(
        {
            ReviewStatus.VISIBLE: {ReviewStatus.HIDDEN},
            ReviewStatus.HIDDEN: {ReviewStatus.VISIBLE},
        }
    )

    rating = models.PositiveSmallIntegerField("评分")
    comment = models.CharField("评价", max_length=500, blank=True)
    is_anonymous = models.BooleanField("匿名", default=False)
    status = models.CharField(
        "状态", max_length=16, choices=ReviewStatus, default=ReviewStatus.VISIBLE
    )
    reply = models.CharField("回复", max_length=500, blank=True)
    replied_at = models.DateTimeField("回复时间", null=True, blank=True)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="回复人",
    )  # fmt: skip
    moderation_note = models.CharField("处理说明", max_length=200, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self):
        return f"评价 {self.pk}"


class MerchantReviewQuerySet(ReviewQuerySet):
    def with_pictures(self):
        """And their authors: all that is shown of them."""
        return self.select_related("user").prefetch_related("pictures__file")


class MerchantReview(BaseReview):
    """What a buyer says of a merchant after a completed order; one per order."""

    order = models.OneToOneField(Order, models.PROTECT, related_name="review", verbose_name="订单")
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="reviews", verbose_name="商户"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="merchant_reviews",
        verbose_name="买家",
    )  # fmt: skip
    reply = models.CharField("商户回复", max_length=500, blank=True)

    objects = MerchantReviewQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "商户评价"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["merchant", "status"], name="review_of_merchant")]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__gte=1, rating__lte=5), name="review_rating_range"
            )
        ]
        permissions = [("moderate_merchantreview", "隐藏与恢复商户评价")]

    @property
    def shown_pictures(self):
        """None while it is hidden."""
        return self.pictures.all() if self.status == ReviewStatus.VISIBLE else []


class ReviewPicture(models.Model):
    """A picture of what was bought, an upload of the buyer's; part of one review for ever."""

    review = models.ForeignKey(
        MerchantReview, models.CASCADE, related_name="pictures", verbose_name="评价"
    )
    file = models.OneToOneField(
        "media.File", models.CASCADE, related_name="review_picture", verbose_name="文件"
    )
    position = models.PositiveSmallIntegerField("顺序")

    class Meta:
        verbose_name = verbose_name_plural = "评价图片"
        ordering = ["review", "position"]
        constraints = [
            models.UniqueConstraint(fields=["review", "position"], name="reviewpicture_place")
        ]

    def __str__(self):
        return f"{self.review}的图片 {self.position + 1}"
