from django.db import models

from accounts.fields import EncryptedTextField, blind_index_column
from config.db import ExactCharField, LockingQuerySet


class CodePurpose(models.TextChoices):
    LOGIN = "login", "登录"
    REGISTER = "register", "注册"
    RESET = "reset", "重置密码"
    BIND = "bind", "绑定手机"
    CHANGE = "change", "更换手机"
    STEP_UP = "step_up", "验证身份"


class CodeState(models.TextChoices):
    """unknown: the provider gave no answer that can be read; it may have been sent.

    sent: the provider took it.  delivered and undelivered: its receipt came.
    """

    PENDING = "pending", "待发送"
    SENT = "sent", "已发送"
    DELIVERED = "delivered", "已送达"
    UNDELIVERED = "undelivered", "未送达"
    UNKNOWN = "unknown", "未知"
    FAILED = "failed", "发送失败"


class PhoneCode(models.Model):
    """One code for one number and purpose; the code itself is nowhere, only its HMAC.

    attempts, used_at and voided_at change by conditional UPDATE alone (invariants J-7).
    network: the address it was asked for from; of an IPv6 address its /64.  asker: the
    account that asked, and so its openid; empty for a stranger.  message_id: the provider's.
    """

    phone = EncryptedTextField("手机号", index="phone", bound_to="digest")
    phone_index = blind_index_column("phone", verbose_name="手机号索引")
    purpose = models.CharField("用途", max_length=16, choices=CodePurpose)
    digest = ExactCharField(max_length=64)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    network = models.CharField("来源", max_length=64, blank=True)
    asker = ExactCharField("请求者", max_length=64, blank=True, default="", db_default="")
    state = models.CharField("状态", max_length=16, choices=CodeState, default=CodeState.PENDING)
    provider = models.CharField("短信商", max_length=16, blank=True)
    message_id = ExactCharField(
        "短信商流水号", max_length=64, blank=True, default="", db_default=""
    )
    error = models.CharField("错误", max_length=100, blank=True)
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("过期时间")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)
    reported_at = models.DateTimeField("回执时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "短信验证码"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["phone_index", "created_at"], name="phonecode_phone"),
            models.Index(fields=["network", "created_at"], name="phonecode_network"),
            models.Index(fields=["asker", "created_at"], name="phonecode_asker"),
            models.Index(fields=["created_at"], name="phonecode_created"),
            models.Index(fields=["message_id"], name="phonecode_message"),
        ]

    def __str__(self):
        return f"#{self.pk}"


class RateCounter(models.Model):
    """A row to lock while counting for `key`; used: how much of a budget is gone."""

    key = ExactCharField("键", max_length=120, unique=True)
    used = models.PositiveIntegerField("已用", default=0)
    expires_at = models.DateTimeField("过期时间")

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "限额计数"
        indexes = [models.Index(fields=["expires_at"], name="ratecounter_expired")]

    def __str__(self):
        return f"#{self.pk}"
