import json
from typing import Any

from django.db import models
from django.db.models import Case, F, Q, Value, When

from accounts.fields import EncryptedTextField
from accounts.models.users import User
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions


class ExportStatus(models.TextChoices):
    PENDING = "pending", "等待处理"
    PROCESSING = "processing", "生成中"
    READY = "ready", "已完成"
    FAILED = "failed", "失败"
    CANCELLED = "cancelled", "已取消"
    EXPIRED = "expired", "已过期"


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel（XLSX）"
    ZIP = "zip", "ZIP"


LIVE = [ExportStatus.PENDING, ExportStatus.PROCESSING]


class ExportQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """A person's own exports; nobody takes another's file."""
        return self.filter(requested_by=user)

    def live(self):
        return self.filter(status__in=LIVE)


class ExportJob(TimestampedModel):
    """One file asked for, made in the background; written by services.exports alone.

    filters, columns: frozen when it was asked for, as settings.EXPORTS[kind] understands them.
    sealed_filters: the former as JSON; whom somebody looked for is nobody else's business.
    unmasked: phone numbers and their like in full; needs a permission and a reason.
    lease_until: when a sweep looks at it again: a worker that is alive keeps moving it on.
    reach: how far its requester's rights reached when it was made (accounts.scope.reach_of).
    attempts: how often it was begun.  Each has a file of its own: two workers never write one.
    live_fingerprint: what is asked for, while it is under way: once per person.
    """

    TRANSITIONS = Transitions(
        {
            ExportStatus.PENDING: {
                ExportStatus.PROCESSING, ExportStatus.FAILED, ExportStatus.CANCELLED,
            },
            ExportStatus.PROCESSING: {
                ExportStatus.READY, ExportStatus.PENDING, ExportStatus.FAILED,
                ExportStatus.CANCELLED,
            },
            ExportStatus.READY: {ExportStatus.EXPIRED},
        }
    )  # fmt: skip

    key = ExactCharField("文件键", max_length=43, unique=True)
    requested_by = models.ForeignKey(
        User, models.PROTECT, related_name="exports", verbose_name="申请人"
    )
    kind = models.CharField("内容", max_length=32)
    format = models.CharField("格式", max_length=8, choices=ExportFormat)
    sealed_filters = EncryptedTextField("筛选条件", blank=True, default="", bound_to="key")
    columns = models.JSONField("列", default=list)
    unmasked = models.BooleanField("未脱敏", default=False)
    reason = models.CharField("原因", max_length=200, blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=ExportStatus, default=ExportStatus.PENDING
    )
    reach = models.JSONField("数据范围", null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    total = models.PositiveIntegerField("总行数", null=True, blank=True)
    done = models.PositiveIntegerField("已写行数", default=0)
    size = models.PositiveBigIntegerField("文件大小(字节)", null=True, blank=True)
    error = models.CharField("错误", max_length=200, blank=True)
    lease_until = models.DateTimeField("下次检查时间")
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)
    expires_at = models.DateTimeField("文件过期时间", null=True, blank=True)
    downloads = models.PositiveIntegerField("下载次数", default=0)
    fingerprint = ExactCharField("请求指纹", max_length=64, editable=False)
    live_fingerprint = models.GeneratedField(
        expression=Case(When(status__in=LIVE, then=F("fingerprint")), default=Value(None)),
        output_field=ExactCharField(max_length=64, null=True),
        db_persist=True,
        verbose_name="进行中的请求",
    )

    objects = ExportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导出任务"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["requested_by", "live_fingerprint"], name="export_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(unmasked=False) | ~Q(reason=""), name="export_unmasked_with_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["status", "lease_until"], name="export_due"),
            models.Index(fields=["status", "expires_at"], name="export_expired"),
        ]
        permissions = [("export_unmasked", "导出未脱敏数据")]

    def __str__(self):
        return f"导出 #{self.pk}"

    @property
    def filters(self) -> dict[str, Any] | None:
        """None when they are lost; never an empty dict then, which would mean everything."""
        try:
            return json.loads(self.sealed_filters)
        except ValueError:
            return None

    @filters.setter
    def filters(self, wanted: dict[str, Any]) -> None:
        self.sealed_filters = json.dumps(wanted, ensure_ascii=False)

    @property
    def progress(self) -> int:
        """Per cent."""
        if self.status in {ExportStatus.READY, ExportStatus.EXPIRED}:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0

    @property
    def path(self) -> str:
        """Where the file of the last attempt lies in the storage."""
        return self.path_of(self.attempts)

    def path_of(self, attempt: int) -> str:
        """Unguessable, and another one for each attempt."""
        return f"exports/{self.key}-{attempt}.{self.format}"
