from django.db import models

from accounts.models.users import User
from config.db import ExactCharField


class LoginGuard(models.Model):
    """Wrong passwords of late in one scope: an account at an address, an account, an address.

    checking: how many of `failures` are still being compared, and may turn out right.
    """

    key = ExactCharField("范围", max_length=120, unique=True)
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name="用户"
    )
    failures = models.PositiveIntegerField("失败次数", default=0)
    checking = models.PositiveIntegerField("其中正在核对", default=0, db_default=0)
    last_at = models.DateTimeField("最近一次")

    class Meta:
        verbose_name = verbose_name_plural = "登录失败计数"
        # No index on last_at: counting would lock gaps in it, and two who count would deadlock.

    def __str__(self):
        return f"{self.key} ×{self.failures}"
