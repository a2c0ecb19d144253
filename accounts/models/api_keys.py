from django.db import models
from django.utils import timezone

from accounts.models.users import User, UserStatus
from config.db import ExactCharField, LockingQuerySet


class ApiKeyQuerySet(LockingQuerySet):
    def live(self, now):
        """Those that work: neither revoked nor expired, their owner active."""
        owners = {"owner__status": UserStatus.ACTIVE}
        return self.filter(revoked_at=None, expires_at__gt=now, **owners)


class ApiKey(models.Model):
    """A third party's key: the prefix finds the row, of the secret there is only its SHA-256.

    scopes: names of accounts.rbac.SCOPES.  networks: addresses and networks it may be used from;
    none: from anywhere.  minute, used: how many requests it had in which minute since 1970, changed
    by conditional UPDATE alone.
    """

    prefix = ExactCharField("前缀", max_length=12, unique=True)
    digest = ExactCharField(max_length=64)
    name = models.CharField("名称", max_length=64)
    owner = models.ForeignKey(User, models.PROTECT, related_name="api_keys", verbose_name="所有者")
    scopes = models.JSONField("权限范围", default=list)
    networks = models.JSONField("允许的 IP", default=list, blank=True)
    per_minute = models.PositiveIntegerField("每分钟请求上限", default=60)
    minute = models.PositiveIntegerField(default=0, editable=False)
    used = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="创建人"
    )
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    expires_at = models.DateTimeField("过期时间")
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)
    warned_at = models.DateTimeField("到期提醒时间", null=True, blank=True)
    revoked_at = models.DateTimeField("吊销时间", null=True, blank=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "API 密钥"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["owner", "revoked_at"], name="apikey_owner_live"),
            models.Index(fields=["expires_at"], name="apikey_expiring"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(used__lte=models.F("per_minute")), name="apikey_used_in_limit"
            )
        ]
        permissions = [("revoke_apikey", "吊销 API 密钥")]

    def __str__(self):
        return f"{self.name}（{self.prefix}）"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "live"
