from django.db import models
from django.db.models import Case, F, Value, When

from commerce.models import OrderItem
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions
from farm.models.claims import AnimalClaim


class RenewalStatus(models.TextChoices):
    PENDING = "pending", "待支付"
    PAID = "paid", "已续期"
    CANCELLED = "cancelled", "已取消"


class ClaimRenewal(TimestampedModel):
    """A further term of a claim, paid by an order of its own; price and months are copies.

    starts_at, ends_at: the term, from the old end of the claim on, once it is paid.
    live_claim: the claim while this one waits for its money; unique.
    """

    TRANSITIONS = Transitions(
        {
            RenewalStatus.PENDING: {RenewalStatus.PAID, RenewalStatus.CANCELLED},
            RenewalStatus.PAID: {RenewalStatus.CANCELLED},
        }
    )

    claim = models.ForeignKey(
        AnimalClaim, models.PROTECT, related_name="renewals", verbose_name="认领"
    )
    order_item = models.OneToOneField(
        OrderItem, models.PROTECT, related_name="claim_renewal", verbose_name="订单项"
    )
    price_paid = models.DecimalField("续期价格(元)", max_digits=10, decimal_places=2)
    months = models.PositiveSmallIntegerField("期限(月)")
    status = models.CharField(
        "状态", max_length=16, choices=RenewalStatus, default=RenewalStatus.PENDING
    )
    starts_at = models.DateTimeField("开始时间", null=True, blank=True)
    ends_at = models.DateTimeField("到期时间", null=True, blank=True)
    live_claim = models.GeneratedField(
        expression=Case(When(status="pending", then=F("claim_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="待支付的认领",
    )

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "认领续期"
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.claim} +{self.months}"
