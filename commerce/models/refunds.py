from django.db import models
from django.db.models import F, Q

from commerce.models.orders import Order
from commerce.models.payments import Payment
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions


class RefundStatus(models.TextChoices):
    REQUESTED = "requested", "待审核"
    CONFIRMING = "confirming", "待复核"
    APPROVED = "approved", "待退款"
    PROCESSING = "processing", "退款中"
    SUCCEEDED = "succeeded", "已退款"
    FAILED = "failed", "退款异常"
    REJECTED = "rejected", "已驳回"


class RefundReason(models.TextChoices):
    CANCELLED = "cancelled", "用户取消"
    COUNSELOR = "counselor", "咨询师取消"
    LATE = "late", "超时到账"
    DOUBLE = "double", "重复支付"
    UNFULFILLABLE = "unfulfillable", "无法交付"
    SERVICE = "service", "服务问题"
    OTHER = "other", "其他"

    @classmethod
    def buyers(cls) -> list[tuple[str, str]]:
        """Those a buyer may give; the rest say what happened by itself."""
        return [(code.value, code.label) for code in (cls.CANCELLED, cls.SERVICE, cls.OTHER)]


class RefundQuerySet(LockingQuerySet):
    def visible_to(self, user):
        return self.filter(order__user_id=user.pk)

    def open(self):
        """Whose end is not known yet."""
        return self.exclude(status__in=(RefundStatus.SUCCEEDED, RefundStatus.REJECTED))

    def gone_back(self):
        """Whose money is back, on the day of succeeded_at."""
        return self.filter(status=RefundStatus.SUCCEEDED)

    def of_sales(self):
        """Of what bought something; not what came twice, too late or in vain."""
        return self.filter(payment=F("order__paid_by"))

    def ending_orders(self):
        """Those after which nothing is owed any more; not what came twice or too late."""
        return self.filter(closes_order=True)


class Refund(TimestampedModel):
    """Money going back for one payment.  `number` is what the provider knows it by, on every try.

    `key` makes asking twice harmless: one refund per payment and key ("late", "cancel", …).
    APPROVED and PROCESSING are retried until the provider says what became of it; unknown is
    never failure (invariants M-11).  CONFIRMING waits for a second person, confirmed_by, who is
    never reviewed_by nor requested_by (invariants M-19).  closes_order: its success ends the order
    and takes back what was bought; refunds of late and double payments leave the order alone.
    next_try_at: when a sweep takes the next step; None when there is none.
    """

    TRANSITIONS = Transitions(
        {
            RefundStatus.REQUESTED: {
                RefundStatus.APPROVED, RefundStatus.CONFIRMING, RefundStatus.REJECTED,
            },
            RefundStatus.CONFIRMING: {RefundStatus.APPROVED, RefundStatus.REJECTED},
            RefundStatus.APPROVED: {
                RefundStatus.PROCESSING, RefundStatus.SUCCEEDED, RefundStatus.FAILED,
            },
            RefundStatus.PROCESSING: {RefundStatus.SUCCEEDED, RefundStatus.FAILED},
            RefundStatus.FAILED: {RefundStatus.APPROVED, RefundStatus.SUCCEEDED},
        }
    )  # fmt: skip

    number = ExactCharField("退款单号", max_length=32, unique=True)
    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="refunds", verbose_name="支付记录"
    )
    order = models.ForeignKey(Order, models.PROTECT, related_name="refunds", verbose_name="订单")
    key = ExactCharField("去重键", max_length=64)
    amount = models.DecimalField("金额(元)", max_digits=10, decimal_places=2)
    status = models.CharField(
        "状态", max_length=16, choices=RefundStatus, default=RefundStatus.APPROVED
    )
    reason_code = models.CharField("原因", max_length=16, choices=RefundReason)
    reason = models.CharField("说明", max_length=200, blank=True)
    requested_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="申请人",
    )  # fmt: skip
    reviewed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="审核人",
    )  # fmt: skip
    confirmed_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="复核人",
    )  # fmt: skip
    review_note = models.CharField("审核意见", max_length=200, blank=True)
    provider_id = ExactCharField("渠道退款号", max_length=64, blank=True)
    closes_order = models.BooleanField("完结订单", default=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试时间", null=True, blank=True)
    error = models.CharField("错误", max_length=200, blank=True)
    succeeded_at = models.DateTimeField("到账时间", null=True, blank=True)
    billed_on = models.DateField("账单日期", null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "退款"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "next_try_at"], name="refund_pending"),
            models.Index(fields=["succeeded_at"], name="refund_of_day"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["payment", "key"], name="refund_key_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(reviewed_by__isnull=True)
                | ~Q(confirmed_by=F("reviewed_by")),
                name="refund_two_persons",
            ),
        ]
        permissions = [("approve_refund", "审核退款")]

    def __str__(self):
        return self.number
