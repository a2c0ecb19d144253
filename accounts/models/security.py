from django.db import models
from django.utils import timezone

from accounts.models.users import User
from config.db import ExactCharField, LockingQuerySet


class LoginSessionQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """A person's logins that still live."""
        return self.filter(user=user, revoked_at=None, expires_at__gt=timezone.now())


class LoginSession(models.Model):
    """One login on one device; its refresh tokens are a family that ends with it.

    stepped_up_at: when whoever holds it last showed that it is them (services.step_up).
    """

    sid = ExactCharField("会话标识", max_length=43, unique=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions", verbose_name="用户")
    method = models.CharField("登录方式", max_length=16)
    device_name = models.CharField("设备", max_length=100, blank=True)
    platform = models.CharField("平台", max_length=32, blank=True)
    ip_address = models.GenericIPAddressField("IP 地址", null=True, blank=True)
    user_agent = models.CharField("浏览器标识", max_length=300, blank=True)
    restricted = models.BooleanField("仅可修改密码", default=False, db_default=False)
    created_at = models.DateTimeField("登录时间", auto_now_add=True)
    last_seen_at = models.DateTimeField("最近活动", auto_now_add=True)
    expires_at = models.DateTimeField("过期时间")
    stepped_up_at = models.DateTimeField("验证身份时间", null=True, blank=True)
    revoked_at = models.DateTimeField("撤销时间", null=True, blank=True)
    revoked_reason = models.CharField("撤销原因", max_length=32, blank=True)

    objects = LoginSessionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "登录设备"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["user", "revoked_at"], name="session_user_live"),
            models.Index(fields=["expires_at"], name="session_expired"),
            models.Index(fields=["last_seen_at", "user"], name="session_last_seen"),
            models.Index(fields=["created_at"], name="session_created"),
        ]
        permissions = [("revoke_loginsession", "撤销登录")]

    def __str__(self):
        return f"{self.device_name or self.platform or '未知设备'} #{self.pk}"


class RefreshToken(models.Model):
    """One refresh token; consumed_at is set by the one UPDATE that wins (invariants J-2)."""

    jti = ExactCharField("令牌标识", max_length=43, unique=True)
    session = models.ForeignKey(LoginSession, models.CASCADE, related_name="refresh_tokens")
    issued_at = models.DateTimeField("签发时间")
    expires_at = models.DateTimeField("过期时间")
    consumed_at = models.DateTimeField("使用时间", null=True, blank=True)
    successor = models.OneToOneField(
        "self", models.CASCADE, null=True, blank=True, related_name="predecessor"
    )

    class Meta:
        verbose_name = verbose_name_plural = "刷新令牌"
        indexes = [
            models.Index(fields=["expires_at"], name="refresh_expired"),
            models.Index(fields=["issued_at"], name="refresh_issued"),
        ]

    def __str__(self):
        return f"#{self.pk}"


class LoginLogQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)


class LoginLog(models.Model):
    """One attempt to log in, successful or not.

    unexamined: set until somebody looked whether the device and the place are new, then null.
    """

    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="用户"
    )
    method = models.CharField("方式", max_length=16)
    account = models.CharField("账号(脱敏)", max_length=64, blank=True)
    succeeded = models.BooleanField("成功")
    reason = models.CharField("原因", max_length=64, blank=True)
    ip_address = models.GenericIPAddressField("IP 地址", null=True, blank=True)
    user_agent = models.CharField("浏览器标识", max_length=300, blank=True)
    device_name = models.CharField("设备", max_length=100, blank=True, db_default="")
    platform = models.CharField("平台", max_length=32, blank=True, db_default="")
    unexamined = models.BooleanField(null=True, default=None, editable=False)
    created_at = models.DateTimeField("时间", auto_now_add=True)

    objects = LoginLogQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "登录日志"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["user", "created_at"], name="loginlog_user"),
            models.Index(fields=["created_at"], name="loginlog_created"),
            models.Index(fields=["unexamined"], name="loginlog_unexamined"),
        ]

    def __str__(self):
        return f"{self.account} {'成功' if self.succeeded else '失败'}"
