from django.db import models

from accounts.fields import EncryptedTextField
from accounts.models.users import User
from config.db import ExactCharField


class SecondFactor(models.Model):
    """Somebody's authenticator app.  It counts from confirmed_at on.

    pending_secret: shown as a QR code until a code of it proves that the app has it; meanwhile
    the confirmed one stays in force.  last_step: the newest 30 seconds whose code was taken; only
    a conditional UPDATE raises it, so a code works once (invariants J-11).
    """

    user = models.OneToOneField(
        User, models.CASCADE, related_name="second_factor", verbose_name="用户"
    )
    secret = EncryptedTextField("密钥", bound_to="user_id", blank=True, default="")
    pending_secret = EncryptedTextField("待确认的密钥", bound_to="user_id", blank=True, default="")
    pending_at = models.DateTimeField("开始设置", null=True, blank=True)
    last_step = models.BigIntegerField("最近使用的时间步", default=0)
    confirmed_at = models.DateTimeField("开启时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "两步验证"
        permissions = [("reset_secondfactor", "重置他人的两步验证")]

    def __str__(self):
        return f"#{self.user_id}"


class RecoveryCode(models.Model):
    """One way in without the app; digest: SHA-256 of 80 random bits and whose they are."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="recovery_codes", verbose_name="用户"
    )
    digest = ExactCharField("摘要", max_length=64)
    used_at = models.DateTimeField("使用时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "恢复码"
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recoverycode_once")]

    def __str__(self):
        return f"#{self.pk}"
