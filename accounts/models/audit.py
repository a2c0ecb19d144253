from django.db import models

from accounts.models.users import User
from accounts.seals import SignatureField
from config.db import ExactCharField


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete rows of the audit log."""


class AppendOnlyQuerySet(models.QuerySet):
    """Rows are added and read; services.audit_chain alone lets go of old ones, by _raw_delete."""

    def _refuse(self, *args, **kwargs):
        raise AppendOnlyError(f"{self.model.__name__} is append-only")

    update = bulk_update = update_or_create = delete = _refuse


class AppendOnlyModel(models.Model):
    """Rows that are never changed and never deleted one by one."""

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise AppendOnlyError(f"{type(self).__name__} is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise AppendOnlyError(f"{type(self).__name__} is append-only")


class StatusChange(models.Model):
    """One move of one status field; written by accounts.audit.move() alone."""

    model = models.CharField("对象类型", max_length=64)
    object_pk = models.PositiveBigIntegerField("对象 ID")
    old = models.CharField("原状态", max_length=32)
    new = models.CharField("新状态", max_length=32)
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="操作人"
    )
    reason = models.CharField("原因", max_length=200, blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "状态变更"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["model", "object_pk"], name="statuschange_object")]

    def __str__(self):
        return f"{self.model}#{self.object_pk} {self.old} → {self.new}"


class OperationLog(AppendOnlyModel):
    """One write by staff, in the back office or by API, refusals included.  Append-only.

    changes: [{"object": "app.model#pk", "fields": {name: [from, to]}}], redacted like the rest.
    """

    class Status(models.TextChoices):
        SUCCESS = "success", "成功"
        FAILED = "failed", "失败"

    admin = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="操作人"
    )
    admin_name = models.CharField("操作人名称", max_length=64, blank=True)
    module = models.CharField("模块", max_length=32)
    operation = models.CharField("操作", max_length=64)
    target_id = models.CharField("对象 ID", max_length=64, blank=True)
    target_type = models.CharField("对象类型", max_length=32, blank=True)
    request_method = models.CharField("请求方法", max_length=8)
    request_url = models.CharField("请求地址", max_length=500)
    request_params = models.JSONField("请求参数", default=dict)
    changes = models.JSONField("变更内容", default=list)
    ip_address = models.GenericIPAddressField("IP 地址", null=True, blank=True)
    user_agent = models.CharField("浏览器标识", max_length=300, blank=True)
    status = models.CharField("结果", max_length=8, choices=Status)
    error_message = models.CharField("错误信息", max_length=500, blank=True)
    execution_time = models.PositiveIntegerField("耗时(毫秒)", default=0)
    request_id = models.CharField("请求标识", max_length=64, blank=True)
    created_at = models.DateTimeField("时间", auto_now_add=True)
    signature = SignatureField("签名", max_length=64, default="", editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "操作日志"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["admin", "created_at"], name="oplog_admin"),
            models.Index(fields=["module", "created_at"], name="oplog_module"),
            models.Index(fields=["created_at"], name="oplog_created"),
            models.Index(fields=["target_type", "target_id"], name="oplog_target"),
        ]

    def __str__(self):
        return f"{self.admin_name} {self.operation}"


class AuditSeal(AppendOnlyModel):
    """A link of the chain over the operation log, written by services.audit_chain alone.

    digest: over the row, seq and the digest before (`previous`).  No foreign key: a link outlives
    a row that somebody deleted behind our back, and names it.
    """

    seq = models.PositiveBigIntegerField("序号", primary_key=True)
    log_id = models.PositiveBigIntegerField("日志 ID", unique=True)
    previous = ExactCharField("前一摘要", max_length=64)
    digest = ExactCharField("摘要", max_length=64)
    sealed_at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = verbose_name_plural = "日志封存"
        ordering = ["seq"]

    def __str__(self):
        return str(self.seq)
