from django.conf import settings
from django.db import models

from commerce.models.payments import Payment, payment_methods
from commerce.models.refunds import Refund
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions


class BillStatus(models.TextChoices):
    WAITING = "waiting", "待导入"
    IMPORTED = "imported", "已导入"
    FAILED = "failed", "导入失败"


class Bill(TimestampedModel):
    """A provider's bill of one business day; amounts in yuan, as the bill has them.

    WAITING and FAILED are tried every hour; error: why the last try came to nothing.
    """

    TRANSITIONS = Transitions(
        {
            BillStatus.WAITING: {BillStatus.IMPORTED, BillStatus.FAILED},
            BillStatus.FAILED: {BillStatus.IMPORTED, BillStatus.WAITING},
            BillStatus.IMPORTED: {BillStatus.WAITING},
        }
    )

    method = models.CharField("支付方式", max_length=16, choices=payment_methods)
    day = models.DateField("账单日期")
    status = models.CharField("状态", max_length=16, choices=BillStatus, default=BillStatus.WAITING)
    rows = models.PositiveIntegerField("笔数", default=0)
    came = models.DecimalField("收款(元)", max_digits=10, decimal_places=2, default=0)
    went_back = models.DecimalField("退款(元)", max_digits=10, decimal_places=2, default=0)
    imported_at = models.DateTimeField("导入时间", null=True, blank=True)
    error = models.CharField("错误", max_length=200, blank=True)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "渠道账单"
        ordering = ["-day", "method"]
        indexes = [models.Index(fields=["status", "day"], name="bill_due")]
        constraints = [models.UniqueConstraint(fields=["method", "day"], name="bill_once")]
        permissions = [("import_bill", "重新导入账单")]

    def __str__(self):
        return f"{self.get_method_display()} {self.day}"


class DifferenceKind(models.TextChoices):
    """Who lacks what, or what is another: of payments, and of refunds."""

    MISSING_HERE = "missing_here", "我方无此支付"
    MISSING_THERE = "missing_there", "账单无此支付"
    STATUS = "status", "支付状态不符"
    AMOUNT = "amount", "支付金额不符"
    TRANSACTION = "transaction", "流水号不符"
    REFUND_MISSING_HERE = "refund_missing_here", "我方无此退款"
    REFUND_MISSING_THERE = "refund_missing_there", "账单无此退款"
    REFUND_STATUS = "refund_status", "退款状态不符"
    REFUND_AMOUNT = "refund_amount", "退款金额不符"


class DifferenceStatus(models.TextChoices):
    OPEN = "open", "待处理"
    RESOLVED = "resolved", "已处理"


class BillDifference(TimestampedModel):
    """Something that a bill and our rows say otherwise, for a person to clear up.

    number: of the payment or refund.  ours, theirs: the amounts in yuan; None where there is none.
    key: what makes it the same difference when the bill is imported again.
    """

    TRANSITIONS = Transitions({DifferenceStatus.OPEN: {DifferenceStatus.RESOLVED}})

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="differences", verbose_name="账单")
    kind = models.CharField("类型", max_length=24, choices=DifferenceKind)
    key = ExactCharField("去重键", max_length=120, unique=True)
    number = ExactCharField("单号", max_length=64)
    transaction_id = ExactCharField("渠道流水号", max_length=64, blank=True)
    ours = models.DecimalField(
        "我方金额(元)", max_digits=10, decimal_places=2, null=True, blank=True
    )
    theirs = models.DecimalField(
        "账单金额(元)", max_digits=10, decimal_places=2, null=True, blank=True
    )
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="bill_differences",
        verbose_name="支付记录",
    )  # fmt: skip
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="bill_differences",
        verbose_name="退款",
    )  # fmt: skip
    status = models.CharField(
        "状态", max_length=16, choices=DifferenceStatus, default=DifferenceStatus.OPEN
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="处理人",
    )  # fmt: skip
    note = models.TextField("备注", max_length=2000, blank=True)
    resolved_at = models.DateTimeField("处理时间", null=True, blank=True)
    resolution = models.CharField("处理结果", max_length=200, blank=True)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "对账差异"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "kind"], name="difference_queue")]
        permissions = [("handle_billdifference", "处理对账差异")]

    def __str__(self):
        return f"{self.get_kind_display()} {self.number}"
