from django.conf import settings
from django.db import models
from django.db.models import Case, F, Value, When

from accounts.fields import EncryptedTextField, RowKeyField
from config.db import LockingQuerySet, TimestampedModel


class AddressQuerySet(LockingQuerySet):
    def visible_to(self, user):
        return self.filter(user_id=user.pk)


class Address(TimestampedModel):
    """Where somebody has things sent to; orders copy it, so it may change or go at any time.

    default_of: the person while this one is taken unless they say otherwise; unique, so each has
    one such address.
    """

    REVEALABLE = {"receiver": "收货人", "phone": "手机号", "detail": "详细地址"}

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="addresses", verbose_name="用户"
    )
    row_key = RowKeyField()
    receiver = EncryptedTextField("收货人")
    phone = EncryptedTextField("手机号")
    region = EncryptedTextField("省市区")
    detail = EncryptedTextField("详细地址")
    is_default = models.BooleanField("默认地址", default=False)
    default_of = models.GeneratedField(
        expression=Case(When(is_default=True, then=F("user_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="默认地址的用户",
    )

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "收货地址"
        ordering = ["-is_default", "-pk"]
        permissions = [("reveal_address", "查看完整收货地址")]

    def __str__(self):
        return f"收货地址 {self.pk}"
