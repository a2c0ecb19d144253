from django.db import models
from django.db.models import Q

from accounts.scope import scoped
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions
from farm.models.claims import AnimalClaim


class AgreementStatus(models.TextChoices):
    PENDING = "pending", "待生成"
    READY = "ready", "已生成"
    FAILED = "failed", "无法生成"


class ClaimAgreementQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """For the parties; for staff, as far as their role reaches (C-5)."""
        own = Q(claim__user_id=user.pk) | Q(claim__merchant__user_id=user.pk)
        return scoped(self, user, "farm.view_claimagreement", besides=own)

    def waiting(self, now):
        return self.filter(status=AgreementStatus.PENDING, next_try_at__lte=now)


class ClaimAgreement(TimestampedModel):
    """One version of the agreement on a claim: what it says, before and after it is printed.

    snapshot: everything the document shows, frozen in the transaction that made the claim active
    (C-4); the document is made of it and of nothing else.  Printing it anew is a new version.
    error: why it could not be printed, in words for staff.
    """

    TRANSITIONS = Transitions(
        {
            AgreementStatus.PENDING: {AgreementStatus.READY, AgreementStatus.FAILED},
            AgreementStatus.FAILED: {AgreementStatus.PENDING},
        }
    )

    number = ExactCharField("协议编号", max_length=32, unique=True)
    claim = models.ForeignKey(
        AnimalClaim, models.PROTECT, related_name="agreements", verbose_name="认领"
    )
    version = models.PositiveSmallIntegerField("版本", default=1)
    snapshot = models.JSONField("协议内容")
    status = models.CharField(
        "状态", max_length=16, choices=AgreementStatus, default=AgreementStatus.PENDING
    )
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试时间", null=True, blank=True)
    error = models.CharField("错误", max_length=200, blank=True)

    objects = ClaimAgreementQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "认领协议"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "next_try_at"], name="claimagreement_waiting")]
        constraints = [
            models.UniqueConstraint(fields=["claim", "version"], name="claimagreement_version_once")
        ]
        permissions = [("renew_claimagreement", "重新生成认领协议")]

    def __str__(self):
        return self.number


class AgreementFile(models.Model):
    """The printed document: written once, never changed (the database refuses it).

    Of fifty who print one agreement at once, one gets its row in.
    """

    agreement = models.OneToOneField(
        ClaimAgreement, models.PROTECT, related_name="file", verbose_name="认领协议"
    )
    content = models.BinaryField("PDF", editable=False)
    sha256 = ExactCharField("SHA-256", max_length=64, editable=False)
    size = models.PositiveIntegerField("字节数")
    made_at = models.DateTimeField("生成时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "认领协议文件"
        ordering = ["-pk"]

    def __str__(self):
        return self.sha256[:12]
