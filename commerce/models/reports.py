from django.db import models

from commerce.models.orders import Order
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions


class ReportStatus(models.TextChoices):
    PENDING = "pending", "待上传"
    UPLOADED = "uploaded", "已上传"
    SKIPPED = "skipped", "无需上传"
    FAILED = "failed", "上传失败"


class ShippingReport(TimestampedModel):
    """What WeChat has to hear of an order that was paid by it: that it was handed over.

    Until then WeChat keeps the money (wire: 发货信息管理).  uploads: how often it was taken; a
    payment has two.  unsure: an upload went unanswered, so we ask before we send it again.
    settled_at: when WeChat says that it settles.
    """

    TRANSITIONS = Transitions(
        {
            ReportStatus.PENDING: {
                ReportStatus.UPLOADED, ReportStatus.SKIPPED, ReportStatus.FAILED,
            },
            ReportStatus.UPLOADED: {ReportStatus.PENDING},
            ReportStatus.SKIPPED: {ReportStatus.PENDING},
            ReportStatus.FAILED: {ReportStatus.PENDING},
        }
    )  # fmt: skip

    order = models.OneToOneField(
        Order, models.PROTECT, related_name="shipping_report", verbose_name="订单"
    )
    status = models.CharField(
        "状态", max_length=16, choices=ReportStatus, default=ReportStatus.PENDING
    )
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    next_try_at = models.DateTimeField("下次尝试时间", null=True, blank=True)
    unsure = models.BooleanField("结果未知", default=False)
    uploads = models.PositiveSmallIntegerField("成功上传次数", default=0)
    uploaded_at = models.DateTimeField("上传时间", null=True, blank=True)
    errcode = models.IntegerField("错误码", null=True, blank=True)
    error = models.CharField("错误", max_length=200, blank=True)
    settled_at = models.DateTimeField("微信结算时间", null=True, blank=True)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "微信发货信息"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "next_try_at"], name="report_pending")]
        permissions = [("retry_shippingreport", "重新上传发货信息")]

    def __str__(self):
        return f"{self.order_id}"
