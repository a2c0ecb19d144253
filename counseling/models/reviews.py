from django.conf import settings
from django.db import models
from django.db.models import Q

from commerce.models import BaseReview, ReviewQuerySet, ReviewStatus
from counseling.models.appointments import Appointment
from counseling.models.counselors import Counselor, CounselorStatus

MOST_TAGS = 5


class ReviewTag(models.TextChoices):
    """What a session was like, to tap on."""

    ATTENTIVE = "attentive", "认真倾听"
    PROFESSIONAL = "professional", "专业可靠"
    WARM = "warm", "温暖包容"
    HELPFUL = "helpful", "很有帮助"
    PUNCTUAL = "punctual", "准时守约"
    PATIENT = "patient", "耐心细致"


class CounselingReviewQuerySet(ReviewQuerySet):
    def public(self):
        """What everybody reads: shown, and of counselors who can be found."""
        published = Q(counselor__status=CounselorStatus.PUBLISHED)
        return self.filter(published, status=ReviewStatus.VISIBLE)


class Review(BaseReview):
    """What a client says of a completed session; one per appointment (S-9).

    Anonymous unless its author wishes otherwise: that somebody was in counseling is their secret.
    """

    appointment = models.OneToOneField(
        Appointment, models.PROTECT, related_name="review", verbose_name="预约"
    )
    counselor = models.ForeignKey(
        Counselor, models.PROTECT, related_name="reviews", verbose_name="咨询师"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="counseling_reviews",
        verbose_name="用户",
    )  # fmt: skip
    tags = models.JSONField("标签", default=list, blank=True)
    is_anonymous = models.BooleanField("匿名", default=True)

    objects = CounselingReviewQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询评价"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["counselor", "status", "rating"], name="review_of_counselor")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__gte=1, rating__lte=5), name="counseling_review_rating_range"
            )
        ]
        permissions = [("moderate_review", "隐藏与恢复咨询评价")]
