from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.fields import EncryptedTextField
from accounts.scope import scoped
from commerce.models.members import SERVING
from commerce.models.merchants import Merchant
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions


class OrderStatus(models.TextChoices):
    PENDING = "pending", "待支付"
    PAID = "paid", "已支付"
    SHIPPED = "shipped", "已发货"
    VERIFIED = "verified", "已核销"
    COMPLETED = "completed", "已完成"
    CANCELLED = "cancelled", "已取消"
    EXPIRED = "expired", "已过期"
    REFUNDING = "refunding", "退款中"
    REFUNDED = "refunded", "已退款"


class Fulfilment(models.TextChoices):
    """How what was bought reaches its buyer: by its own app, in a parcel, or on the spot."""

    NONE = "none", "无需履约"
    SHIPPING = "shipping", "快递发货"
    VERIFICATION = "verification", "到店核销"


# Handed over, and the buyer has not said yet that all is well.
HANDED_OVER = (OrderStatus.SHIPPED, OrderStatus.VERIFIED)
FINISHED = (
    OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.REFUNDED,
)  # fmt: skip


class OrderQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Without what the buyer has put away; merchants and staff see that too."""
        return self.filter(user_id=user.pk, hidden_at=None)

    def served_by(self, user, roles=SERVING):
        """Those `user` serves: of the merchant they own, or work for as one of `roles`, and as
        staff whose right it is."""
        own = Q(merchant__in=Merchant.objects.of(user, *roles))
        return scoped(self, user, "commerce.ship_order", besides=own)

    def sold(self):
        """What was paid, on the day of paid_at; for nothing too."""
        return self.filter(paid_at__isnull=False)

    def overdue(self, now):
        """Unpaid orders whose time to pay has run out at `now`."""
        return self.filter(status=OrderStatus.PENDING, expires_at__lte=now)

    def with_items(self):
        return self.prefetch_related("items")


MIXED = "mixed"


class Order(TimestampedModel):
    """What one user owes for a set of things bought together.

    kind: of its items, MIXED when they are of several.  method: how it was paid; empty while it is
    not, and when there was nothing to pay.
    refunded_amount: what went back (yuan); less than total_amount when a fee was kept.
    merchant: whose things they are; none for what the platform itself sells.  receiver,
    receiver_phone, region, address_detail: a copy of where it is sent to, empty when nothing is
    sent; encrypted for the order's number.  settles_at: when what was earned stops waiting for
    refunds (services.ledger); None when there is nothing to settle.  remark: the buyer's words to
    the seller; merchant_note: the seller's to themselves.  fulfilment: how it reaches the buyer,
    as it was when it was placed.  confirm_by, remind_at: when it completes by itself after it was
    handed over, and when the buyer hears of that.  hidden_at: put away by the buyer.
    """

    REVEALABLE = {
        "receiver": "收货人",
        "receiver_phone": "收货电话",
        "address_detail": "详细地址",
    }

    TRANSITIONS = Transitions(
        {
            OrderStatus.PENDING: {OrderStatus.PAID, OrderStatus.CANCELLED, OrderStatus.EXPIRED},
            OrderStatus.PAID: {
                OrderStatus.SHIPPED, OrderStatus.VERIFIED, OrderStatus.COMPLETED,
                OrderStatus.REFUNDING, OrderStatus.CANCELLED,
            },
            OrderStatus.SHIPPED: {OrderStatus.COMPLETED, OrderStatus.REFUNDING},
            OrderStatus.VERIFIED: {OrderStatus.COMPLETED, OrderStatus.REFUNDING},
            OrderStatus.COMPLETED: {OrderStatus.REFUNDING},
            OrderStatus.REFUNDING: {OrderStatus.REFUNDED, OrderStatus.PAID, OrderStatus.COMPLETED},
        }
    )  # fmt: skip

    number = ExactCharField("订单编号", max_length=32, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="orders", verbose_name="用户"
    )
    status = models.CharField(
        "状态", max_length=16, choices=OrderStatus, default=OrderStatus.PENDING
    )
    kind = models.CharField("类型", max_length=32, blank=True, default="")
    method = models.CharField("支付方式", max_length=16, blank=True, default="")
    total_amount = models.DecimalField("总金额(元)", max_digits=10, decimal_places=2)
    refunded_amount = models.DecimalField(
        "已退金额(元)", max_digits=10, decimal_places=2, default=0
    )
    expires_at = models.DateTimeField("支付截止时间")
    paid_at = models.DateTimeField("支付时间", null=True, blank=True)
    paid_by = models.OneToOneField(
        "commerce.Payment", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name="入账支付",
    )  # fmt: skip
    completed_at = models.DateTimeField("完成时间", null=True, blank=True)
    merchant = models.ForeignKey(
        "commerce.Merchant", models.PROTECT, null=True, blank=True, related_name="orders",
        verbose_name="商户",
    )  # fmt: skip
    receiver = EncryptedTextField("收货人", bound_to="number", blank=True, default="")
    receiver_phone = EncryptedTextField("收货电话", bound_to="number", blank=True, default="")
    region = EncryptedTextField("省市区", bound_to="number", blank=True, default="")
    address_detail = EncryptedTextField("详细地址", bound_to="number", blank=True, default="")
    remark = models.CharField("买家留言", max_length=200, blank=True)
    commission_percent = models.DecimalField(
        "佣金比例(%)", max_digits=10, decimal_places=2, null=True, blank=True
    )
    settles_at = models.DateTimeField("结算时间", null=True, blank=True)
    on_hold = models.BooleanField("暂停结算", default=False, db_default=False)
    merchant_note = models.CharField("商户备注", max_length=200, blank=True)
    fulfilment = models.CharField(
        "履约方式", max_length=16, choices=Fulfilment, default=Fulfilment.NONE
    )
    handed_over_at = models.DateTimeField("发货/核销时间", null=True, blank=True)
    confirm_by = models.DateTimeField("自动确认时间", null=True, blank=True)
    remind_at = models.DateTimeField("提醒确认时间", null=True, blank=True)
    hidden_at = models.DateTimeField("买家隐藏时间", null=True, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "订单"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["user", "status"], name="order_user_status"),
            models.Index(fields=["status", "expires_at"], name="order_overdue"),
            models.Index(fields=["status", "settles_at"], name="order_settles"),
            models.Index(
                fields=["paid_at", "merchant", "kind", "method", "total_amount"], name="order_sales"
            ),
            models.Index(fields=["created_at"], name="order_created_at"),
            models.Index(fields=["merchant", "status"], name="order_merchant_status"),
            models.Index(fields=["status", "confirm_by"], name="order_to_confirm"),
            models.Index(fields=["status", "remind_at"], name="order_to_remind"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(total_amount__gte=0), name="order_total_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("total_amount")),
                name="order_refunded_within_total",
            ),
        ]
        permissions = [
            ("cancel_order", "取消订单"),
            ("reveal_order", "查看完整收货信息"),
            ("ship_order", "发货与核销"),
        ]

    def __str__(self):
        return self.number

    def is_overdue(self, now) -> bool:
        """What the queryset calls overdue(), of a row that is here."""
        return self.status == OrderStatus.PENDING and self.expires_at <= now


class OrderItem(models.Model):
    """One line of an order; title, unit_price and image_url are copies of what was agreed then."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="items", verbose_name="订单")
    kind = models.CharField("类型", max_length=32)
    target_id = models.PositiveBigIntegerField("对象 ID")
    title = models.CharField("名称", max_length=200)
    unit_price = models.DecimalField("单价(元)", max_digits=10, decimal_places=2)
    quantity = models.PositiveIntegerField("数量", default=1)
    image_url = models.CharField("图片", max_length=500, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "订单项"
        ordering = ["kind", "target_id"]  # the order in which targets are locked
        indexes = [models.Index(fields=["kind", "target_id"], name="orderitem_target")]
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "target_id"], name="orderitem_once")
        ]

    def __str__(self):
        return self.title

    @property
    def amount(self):
        return self.unit_price * self.quantity
