from django.db import models

from config.db import LockingQuerySet


class Flow(models.TextChoices):
    """Which way money went.  RETURNED never bought anything: it came twice, too late, in vain."""

    SALE = "sale", "销售"
    REFUND = "refund", "退款"
    RETURNED = "returned", "原路退回"


# In the place of a merchant: what the platform sells itself, and all of it together.
PLATFORM, EVERYBODY = 0, -1


class OrderFigure(models.Model):
    """What orders of one kind, method and merchant came to on one closed day (Asia/Shanghai).

    Sales stand on the day they were paid, refunds on the day the money went back.  merchant_id:
    PLATFORM and EVERYBODY besides merchants; who looks at everything reads few rows.  method: ""
    when there was nothing to pay.  reason: why money went back, "" of a sale.  amount in yuan.
    What they are told apart by is the key: on MariaDB the rows of a month lie side by side.
    """

    pk = models.CompositePrimaryKey("merchant_id", "day", "flow", "kind", "method", "reason")
    day = models.DateField("日期")
    flow = models.CharField("流向", max_length=8, choices=Flow)
    merchant_id = models.BigIntegerField("商户 ID")
    kind = models.CharField("类型", max_length=32, blank=True)
    method = models.CharField("支付方式", max_length=16, blank=True)
    reason = models.CharField("退款原因", max_length=16, blank=True)
    number = models.PositiveIntegerField("笔数")
    amount = models.DecimalField("金额(元)", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "订单汇总"
        indexes = [models.Index(fields=["day"], name="orderfigure_day")]

    def __str__(self):
        return f"{self.day} {self.flow} {self.kind}"


class OrderDay(models.Model):
    """Whether the figures of a closed day stand; one without a row, or not kept, is counted live.

    Its lock is what counting a day and changing something of that day take turns by.
    """

    day = models.DateField("日期", primary_key=True)
    kept = models.BooleanField("已汇总", default=False)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "订单汇总日"

    def __str__(self):
        return str(self.day)
