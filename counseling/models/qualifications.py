from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.fields import EncryptedTextField, RowKeyField
from accounts.models import Reviewed
from accounts.scope import scoped
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions


class QualificationKind(models.TextChoices):
    LICENCE = "licence", "职业资格证书"
    REGISTRATION = "registration", "专业注册"
    DEGREE = "degree", "学历学位"
    TRAINING = "training", "受训证明"
    OTHER = "other", "其他"


class QualificationStatus(models.TextChoices):
    PENDING = "pending", "待审核"
    APPROVED = "approved", "已通过"
    REJECTED = "rejected", "已驳回"


class QualificationQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """One's own; for staff, as far as their role reaches."""
        return scoped(self, user, "counseling.view_qualification", besides=Q(user_id=user.pk))

    def valid_on(self, day):
        """Approved, and not over by that day."""
        lasting = Q(expires_on__isnull=True) | Q(expires_on__gte=day)
        return self.filter(lasting, status=QualificationStatus.APPROVED)


class Qualification(Reviewed, TimestampedModel):
    """What entitles a person to counsel: a certificate with its scans, reviewed by staff.

    expires_on: its last valid day (Asia/Shanghai); None when it is for good.  Renewing one is
    submitting the new one.  reminded_days: the last reminder of its end that went out.
    """

    REVEALABLE = {"number": "证书编号"}

    TRANSITIONS = Transitions(
        {
            QualificationStatus.PENDING: {
                QualificationStatus.APPROVED, QualificationStatus.REJECTED,
            },
            QualificationStatus.APPROVED: {QualificationStatus.REJECTED},
            QualificationStatus.REJECTED: {QualificationStatus.PENDING},
        }
    )  # fmt: skip

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="qualifications",
        verbose_name="用户",
    )  # fmt: skip
    kind = models.CharField("类型", max_length=16, choices=QualificationKind)
    row_key = RowKeyField()
    number = EncryptedTextField("证书编号")
    issuer = models.CharField("发证机构", max_length=100)
    issued_on = models.DateField("发证日期")
    expires_on = models.DateField("有效期至", null=True, blank=True)
    files = models.ManyToManyField("media.File", related_name="qualifications", verbose_name="文件")
    status = models.CharField(
        "状态", max_length=16, choices=QualificationStatus, default=QualificationStatus.PENDING
    )
    reminded_days = models.PositiveSmallIntegerField("已提醒(天)", default=0)

    objects = QualificationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询师资质"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "submitted_at"], name="qualification_queue"),
            models.Index(fields=["status", "expires_on"], name="qualification_expiring"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gt=F("issued_on")),
                name="qualification_lasts",
            )
        ]
        permissions = [
            ("review_qualification", "审核咨询师资质"),
            ("reveal_qualification", "查看完整证书编号"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}（{self.issuer}）"
