from django.db import models

from accounts.fields import EncryptedTextField, blind_index_column
from accounts.models.phone_codes import CodeState
from config.db import ExactCharField


class EmailPurpose(models.TextChoices):
    BIND = "bind", "绑定邮箱"
    RESET = "reset", "重置密码"


class EmailCode(models.Model):
    """One code for one address and purpose; kept and changed like a PhoneCode (invariants J-7)."""

    email = EncryptedTextField("邮箱", index="email", bound_to="digest")
    email_index = blind_index_column("email", verbose_name="邮箱索引")
    purpose = models.CharField("用途", max_length=16, choices=EmailPurpose)
    digest = ExactCharField(max_length=64)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    network = models.CharField("来源", max_length=64, blank=True)
    state = models.CharField("状态", max_length=16, choices=CodeState, default=CodeState.PENDING)
    error = models.CharField("错误", max_length=100, blank=True)
    created_at = models.DateTimeField("创建时间")
    expires_at = models.DateTimeField("过期时间")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    voided_at = models.DateTimeField("作废时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "邮箱验证码"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["email_index", "created_at"], name="emailcode_email"),
            models.Index(fields=["network", "created_at"], name="emailcode_network"),
            models.Index(fields=["created_at"], name="emailcode_created"),
        ]

    def __str__(self):
        return f"#{self.pk}"
