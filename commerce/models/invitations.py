from django.conf import settings
from django.db import models
from django.db.models import Case, F, Value, When

from commerce.models.members import MemberRole
from commerce.models.merchants import Merchant
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions


class InvitationStatus(models.TextChoices):
    PENDING = "pending", "待回应"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已谢绝"
    WITHDRAWN = "withdrawn", "已撤回"
    EXPIRED = "expired", "已过期"


class InvitationQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Those somebody got."""
        return self.filter(user_id=user.pk)

    def managed_by(self, user):
        """Those of the merchant one owns or manages."""
        return self.filter(merchant__in=Merchant.objects.of(user, MemberRole.MANAGER))

    def open(self):
        return self.filter(status=InvitationStatus.PENDING)


class MerchantInvitation(TimestampedModel):
    """A wish that somebody work for a merchant; only their yes makes them a member.

    expires_at: no yes from then on.  decided_at: when it ended, however it did.  live_user: the
    person while it is open; unique with the merchant.
    """

    TRANSITIONS = Transitions(
        {
            InvitationStatus.PENDING: {
                InvitationStatus.ACCEPTED,
                InvitationStatus.DECLINED,
                InvitationStatus.WITHDRAWN,
                InvitationStatus.EXPIRED,
            },
        }
    )

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="invitations", verbose_name="商户"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="merchant_invitations",
        verbose_name="受邀人",
    )  # fmt: skip
    role = models.CharField("角色", max_length=16, choices=MemberRole)
    status = models.CharField(
        "状态", max_length=16, choices=InvitationStatus, default=InvitationStatus.PENDING
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="邀请人",
    )  # fmt: skip
    expires_at = models.DateTimeField("有效期至")
    decided_at = models.DateTimeField("结束时间", null=True, blank=True)
    live_user = models.GeneratedField(
        expression=Case(When(status="pending", then=F("user_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        verbose_name="待回应的人",
    )

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "商户邀请"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "expires_at"], name="invitation_overdue")]
        constraints = [
            models.UniqueConstraint(fields=["merchant", "live_user"], name="invitation_once")
        ]

    def __str__(self):
        return f"{self.merchant} · {self.get_role_display()}"
