from django.db import models
from django.db.models import Case, F, Q, Value, When

from commerce.models.orders import Order
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions


class PaymentMethod(models.TextChoices):
    WECHAT = "wechat", "微信支付"
    ALIPAY = "alipay", "支付宝"
    UNIONPAY = "unionpay", "银联"
    OFFLINE = "offline", "线下支付"


def payment_methods():
    """A callable: a new method is no migration."""
    return PaymentMethod.choices


class PaymentStatus(models.TextChoices):
    PENDING = "pending", "待支付"
    CLOSING = "closing", "关闭中"
    CLOSED = "closed", "已关闭"
    SUCCEEDED = "succeeded", "已到账"


OPEN = (PaymentStatus.PENDING, PaymentStatus.CLOSING)
LIVE = (PaymentStatus.PENDING,)


class PaymentQuerySet(LockingQuerySet):
    def visible_to(self, user):
        return self.filter(order__user_id=user.pk)

    def open(self):
        """Attempts whose end is not known yet: somebody may still pay them."""
        return self.filter(status__in=OPEN)

    def live(self):
        """Attempts that a client may be paying right now."""
        return self.filter(status__in=LIVE)


class Payment(TimestampedModel):
    """One attempt to pay an order: a row before the provider hears of it (invariants, rule 4).

    prepay_id is empty until the provider has answered.

    SUCCEEDED means money came; whether it paid the order says Order.paid_by, and what paid
    nothing goes back by a Refund.  live_order: the order while this attempt may be paid by its
    client; unique, so an order has one such attempt.  refunded_amount counts refunds that are
    asked for, under way or done (yuan) and never passes `amount`.  billed_on: the day whose bill of
    the provider has it.  next_query_at: when a sweep
    looks at it again (asks the provider, closes it, or delivers what it paid); None when there
    is nothing left to do.
    """

    TRANSITIONS = Transitions(
        {
            PaymentStatus.PENDING: {PaymentStatus.CLOSING, PaymentStatus.SUCCEEDED},
            PaymentStatus.CLOSING: {PaymentStatus.CLOSED, PaymentStatus.SUCCEEDED},
            PaymentStatus.CLOSED: {PaymentStatus.SUCCEEDED},  # a provider's last word wins
        }
    )  # fmt: skip

    number = ExactCharField("商户单号", max_length=32, unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="payments", verbose_name="订单")
    method = models.CharField("支付方式", max_length=16, choices=payment_methods)
    amount = models.DecimalField("金额(元)", max_digits=10, decimal_places=2)
    refunded_amount = models.DecimalField(
        "已退金额(元)", max_digits=10, decimal_places=2, default=0
    )
    status = models.CharField(
        "状态", max_length=16, choices=PaymentStatus, default=PaymentStatus.PENDING
    )
    payer = ExactCharField("付款人标识", max_length=128, blank=True)
    expires_at = models.DateTimeField("支付截止时间")
    prepay_id = ExactCharField("预支付标识", max_length=64, blank=True)
    prepaid_at = models.DateTimeField("预支付时间", null=True, blank=True)
    transaction_id = ExactCharField("渠道流水号", max_length=64, null=True, blank=True)
    paid_at = models.DateTimeField("支付时间", null=True, blank=True)
    billed_on = models.DateField("账单日期", null=True, blank=True)
    next_query_at = models.DateTimeField("下次处理时间", null=True, blank=True)
    queries = models.PositiveSmallIntegerField("查询次数", default=0)
    live_order = models.GeneratedField(
        expression=Case(When(status__in=LIVE, then=F("order_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="占用订单",
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "支付记录"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "next_query_at"], name="payment_pending"),
            models.Index(fields=["method", "paid_at"], name="payment_of_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["method", "transaction_id"], name="payment_transaction_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("amount")),
                name="payment_refunded_within_amount",
            ),
        ]

    def __str__(self):
        return self.number


class PaymentNotice(models.Model):
    """One event a provider told us of; its id is taken in once, its processing may be repeated."""

    method = models.CharField("渠道", max_length=16, choices=payment_methods)
    event_id = ExactCharField("事件 ID", max_length=64)
    number = ExactCharField("商户单号", max_length=64, blank=True)
    deliveries = models.PositiveIntegerField("收到次数", default=1)
    received_at = models.DateTimeField("首次收到", auto_now_add=True)
    processed_at = models.DateTimeField("处理时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "支付通知"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["method", "event_id"], name="notice_event_once")
        ]
        indexes = [
            models.Index(fields=["received_at"], name="notice_received"),
            models.Index(fields=["number"], name="notice_number"),
        ]

    def __str__(self):
        return self.event_id


class AnomalyKind(models.TextChoices):
    FORGED = "forged", "签名无效"
    STALE = "stale", "时间戳过期"
    UNKNOWN_NUMBER = "unknown_number", "单号不存在"
    MISMATCH = "mismatch", "信息不一致"
    LATE = "late", "订单关闭后到账"
    DOUBLE = "double", "重复支付"
    REFUND_FAILED = "refund_failed", "退款失败"
    LEDGER = "ledger", "账目不平"


class PaymentAnomaly(models.Model):
    """Something about money that a person should look at.

    detail: what was wrong, JSON, no keys and no whole bodies.  Forgeries are counted on one row
    per source and hour, so that an attacker fills no table.
    """

    kind = models.CharField("类型", max_length=16, choices=AnomalyKind)
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="anomalies",
        verbose_name="支付记录",
    )  # fmt: skip
    dedupe_key = ExactCharField("去重键", max_length=120, unique=True)
    detail = models.JSONField("详情", default=dict)
    count = models.PositiveIntegerField("次数", default=1)
    created_at = models.DateTimeField("首次发生", auto_now_add=True)
    last_at = models.DateTimeField("最近发生", auto_now=True)
    handled_at = models.DateTimeField("处理时间", null=True, blank=True)
    handled_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="处理人",
    )  # fmt: skip
    remark = models.CharField("处理说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "资金异常"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["kind", "created_at"], name="anomaly_kind")]
        permissions = [("handle_paymentanomaly", "处理资金异常")]

    def __str__(self):
        return f"{self.get_kind_display()} #{self.pk}"
