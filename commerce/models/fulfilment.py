from django.conf import settings
from django.db import models

from accounts.fields import EncryptedTextField, RowKeyField, blind_index_column
from commerce.models.orders import Order
from config.db import ExactCharField, LockingQuerySet, TimestampedModel


class Carrier(models.TextChoices):
    """Who brings a parcel; the codes are WeChat's (express_company)."""

    SF = "SF", "顺丰速运"
    YTO = "YTO", "圆通速递"
    ZTO = "ZTO", "中通快递"
    STO = "STO", "申通快递"
    YUNDA = "YD", "韵达速递"
    JT = "JTSD", "极兔速递"
    JD = "JD", "京东快递"
    EMS = "EMS", "EMS"
    POST = "YZPY", "邮政快递包裹"
    DEPPON = "DBL", "德邦快递"


def carriers():
    """A callable: a new carrier is no migration."""
    return Carrier.choices


class Shipment(TimestampedModel):
    """One parcel of an order.  wrong_number: what its number was before it was corrected."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="shipments", verbose_name="订单")
    carrier = models.CharField("快递公司", max_length=16, choices=carriers)
    tracking_number = ExactCharField("运单号", max_length=40)
    wrong_number = ExactCharField("更正前的运单号", max_length=40, blank=True)
    shipped_at = models.DateTimeField("发货时间")
    shipped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="发货人",
    )  # fmt: skip

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "发货"
        ordering = ["pk"]
        indexes = [models.Index(fields=["shipped_at"], name="shipment_shipped")]
        constraints = [
            models.UniqueConstraint(fields=["carrier", "tracking_number"], name="shipment_once")
        ]

    def __str__(self):
        return self.tracking_number


class VerificationCode(TimestampedModel):
    """What the buyer shows on the spot to get what was paid.  used_by: whose till took it."""

    order = models.OneToOneField(
        Order, models.PROTECT, related_name="verification_code", verbose_name="订单"
    )
    row_key = RowKeyField()
    code = EncryptedTextField("核销码", null=True, blank=True, index="verification_code")
    code_index = blind_index_column("code", unique=True, verbose_name="核销码索引")
    used_at = models.DateTimeField("核销时间", null=True, blank=True)
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="核销人",
    )  # fmt: skip

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "核销码"
        ordering = ["-pk"]

    def __str__(self):
        return f"核销码 {self.pk}"
