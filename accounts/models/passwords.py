from django.db import models

from accounts.models.users import User


class UserPassword(models.Model):
    """What is known about somebody's password beside its hash, which is on the user row."""

    user = models.OneToOneField(
        User, models.CASCADE, related_name="password_record", verbose_name="用户"
    )
    changed_at = models.DateTimeField("最近修改")
    must_change = models.BooleanField("须修改密码", default=False)
    history = models.JSONField("用过的密码(哈希)", default=list)

    class Meta:
        verbose_name = verbose_name_plural = "密码记录"

    def __str__(self):
        return f"#{self.user_id}"
