from django.conf import settings
from django.db import models

from accounts.models import Reviewed
from accounts.scope import scoped
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions
from counseling.models.counselors import Profile


class CounselorApplicationStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    PENDING = "pending", "待审核"
    APPROVED = "approved", "已通过"
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"


class CounselorApplicationQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """For staff, as far as their role reaches; drafts are their authors' alone."""
        sent = self.exclude(status=CounselorApplicationStatus.DRAFT)
        return scoped(sent, user, "counseling.view_counselorapplication")


class CounselorApplication(Profile, Reviewed, TimestampedModel):
    """Somebody's wish to counsel here, one per person.

    Qualifications are the person's and reviewed on their own.  Approved, it becomes a Counselor.
    """

    TRANSITIONS = Transitions(
        {
            CounselorApplicationStatus.DRAFT: {CounselorApplicationStatus.PENDING},
            CounselorApplicationStatus.PENDING: {
                CounselorApplicationStatus.APPROVED,
                CounselorApplicationStatus.REJECTED,
                CounselorApplicationStatus.WITHDRAWN,
            },
            CounselorApplicationStatus.REJECTED: {CounselorApplicationStatus.PENDING},
            CounselorApplicationStatus.WITHDRAWN: {CounselorApplicationStatus.PENDING},
        }
    )

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="counselor_application",
        verbose_name="用户",
    )  # fmt: skip
    status = models.CharField(
        "状态", max_length=16, choices=CounselorApplicationStatus,
        default=CounselorApplicationStatus.DRAFT,
    )  # fmt: skip

    objects = CounselorApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询师申请"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "submitted_at"], name="counselorapplication_queue")
        ]
        permissions = [("review_counselorapplication", "审核咨询师申请")]

    def __str__(self):
        return self.name
