from django.conf import settings
from django.db import models

from commerce.models.merchants import Merchant
from config.db import LockingQuerySet, TimestampedModel


class MemberRole(models.TextChoices):
    MANAGER = "manager", "店长"
    CLERK = "clerk", "店员"
    VERIFIER = "verifier", "核销员"


# Who offers goods and sends them; the rest takes codes on the spot alone.
SERVING = (MemberRole.MANAGER, MemberRole.CLERK)


class MemberQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Of the merchant one owns or works for."""
        return self.filter(merchant__in=Merchant.objects.of(user))


class MerchantMember(TimestampedModel):
    """Somebody who works for a merchant, besides its owner; a person works for one."""

    merchant = models.ForeignKey(
        Merchant, models.CASCADE, related_name="members", verbose_name="商户"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="merchant_membership",
        verbose_name="用户",
    )  # fmt: skip
    role = models.CharField("角色", max_length=16, choices=MemberRole, default=MemberRole.CLERK)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="邀请人",
    )  # fmt: skip

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "商户成员"
        ordering = ["pk"]

    def __str__(self):
        return f"{self.merchant} · {self.get_role_display()}"
