from django.db import models

from accounts.fields import EncryptedTextField
from accounts.models.users import User
from config.db import ExactCharField


class ParameterChange(models.Model):
    """One change of one live parameter; append-only.  old is None for the first value."""

    name = models.CharField("参数", max_length=64)
    old = models.JSONField("原值", null=True)
    new = models.JSONField("新值")
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="操作人"
    )
    rolls_back = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="撤销的变更",
    )
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "参数历史"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["name", "created_at"], name="parameterchange_name")]

    def __str__(self):
        return f"{self.name}：{self.old} → {self.new}"


class SecretParameter(models.Model):
    """What an operator saved for a parameter of settings.SECRET_PARAMETERS; never shown again."""

    name = ExactCharField("参数", max_length=64, unique=True)
    value = EncryptedTextField("值", blank=True, bound_to="name")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "保密参数"

    def __str__(self):
        return self.name


class CachePurge(models.Model):
    """Somebody emptied a namespace of the cache, or all of it (""): each process obeys."""

    namespace = models.CharField("命名空间", max_length=32, blank=True)
    key = models.CharField("键", max_length=200, blank=True)
    removed = models.PositiveIntegerField("共享缓存中删除的键", default=0)
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="操作人"
    )
    created_at = models.DateTimeField("时间", auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "缓存清除"
        ordering = ["-pk"]

    def __str__(self):
        return self.key or self.namespace or "全部"
