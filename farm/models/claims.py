from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When

from accounts.scope import scoped
from commerce.models import Merchant, OrderItem
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions
from farm.models.animals import Animal


class ClaimStatus(models.TextChoices):
    PENDING = "pending", "待支付"
    ACTIVE = "active", "认领中"
    ENDED = "ended", "已结束"
    CANCELLED = "cancelled", "已取消"


LIVE = (ClaimStatus.PENDING, ClaimStatus.ACTIVE)


class EndKind(models.TextChoices):
    TERM = "term", "到期"
    EARLY = "early", "提前结束"
    LOSS = "loss", "动物离世或走失"
    REFUND = "refund", "退款"


class AnimalClaimQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """What a person claimed or holds as a merchant; for staff, as far as their role reaches."""
        own = Q(user_id=user.pk) | Q(merchant__user_id=user.pk)
        return scoped(self, user, "farm.view_animalclaim", besides=own)

    def live(self):
        return self.filter(status__in=LIVE)

    def due(self, now):
        """Claims whose time is over and that nobody ended; not while a renewal may be paid."""
        over = self.filter(status=ClaimStatus.ACTIVE, ends_at__lte=now)
        return over.exclude(renewals__status="pending")


class AnimalClaim(TimestampedModel):
    """One person's claim on one animal, for a term.  Merchant, name, price and term are copies of
    what was agreed (C-7).

    live_animal: the animal while this claim holds it; unique, so an animal never has two (C-1).
    claimed_at, ends_at: the term, from the moment the money came.  agreed_at, agreed_from: when
    and from which address the person agreed to the terms.  end_asked_at: the claimant wishes to
    end it early; merchant or staff decide.  reminded_days: the last reminder that went out.
    """

    TRANSITIONS = Transitions(
        {
            ClaimStatus.PENDING: {ClaimStatus.ACTIVE, ClaimStatus.CANCELLED},
            ClaimStatus.ACTIVE: {ClaimStatus.ENDED, ClaimStatus.CANCELLED},
        }
    )

    number = ExactCharField("认领编号", max_length=32, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="animal_claims", verbose_name="用户"
    )
    animal = models.ForeignKey(Animal, models.PROTECT, related_name="claims", verbose_name="动物")
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="animal_claims", verbose_name="商户"
    )
    order_item = models.OneToOneField(
        OrderItem, models.PROTECT, related_name="animal_claim", verbose_name="订单项"
    )
    agreement = models.ForeignKey(
        "accounts.Agreement", models.PROTECT, related_name="+", verbose_name="认领协议"
    )
    agreed_at = models.DateTimeField("同意协议时间")
    agreed_from = models.GenericIPAddressField("同意协议时的 IP", null=True, blank=True)
    animal_name = models.CharField("动物名字", max_length=32)
    price_paid = models.DecimalField("认领价格(元)", max_digits=10, decimal_places=2)
    months = models.PositiveSmallIntegerField("期限(月)")
    status = models.CharField(
        "状态", max_length=16, choices=ClaimStatus, default=ClaimStatus.PENDING
    )
    claimed_at = models.DateTimeField("认领时间", null=True, blank=True)
    ends_at = models.DateTimeField("到期时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="结束人",
    )  # fmt: skip
    end_kind = models.CharField("结束方式", max_length=16, choices=EndKind, blank=True)
    end_reason = models.CharField("结束原因", max_length=200, blank=True)
    end_asked_at = models.DateTimeField("申请提前结束时间", null=True, blank=True)
    end_asked_reason = models.CharField("申请提前结束原因", max_length=200, blank=True)
    reminded_days = models.PositiveSmallIntegerField("已提醒(到期前天数)", default=0)
    live_animal = models.GeneratedField(
        expression=Case(When(status__in=LIVE, then=F("animal_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="占用动物",
    )

    objects = AnimalClaimQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "认领"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["user", "status"], name="claim_user_status"),
            models.Index(fields=["status", "ends_at"], name="claim_due"),
            models.Index(fields=["claimed_at"], name="claim_claimed_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=("active", "ended"))
                | Q(claimed_at__isnull=False, ends_at__isnull=False),
                name="claim_active_has_term",
            )
        ]
        permissions = [("end_animalclaim", "提前结束认领")]

    def __str__(self):
        return self.number
