from django.db import models

from accounts.models.users import User
from config.db import LockingQuerySet, TimestampedModel


class TagColour(models.TextChoices):
    GREY = "grey", "灰"
    BLUE = "blue", "蓝"
    GREEN = "green", "绿"
    ORANGE = "orange", "橙"
    RED = "red", "红"


class UserTag(TimestampedModel):
    """What staff call a group of people, for themselves: nobody else ever sees it."""

    name = models.CharField("名称", max_length=20, unique=True)
    colour = models.CharField("颜色", max_length=8, choices=TagColour, default=TagColour.GREY)
    description = models.CharField("说明", max_length=200, blank=True)
    users = models.ManyToManyField(
        User, through="accounts.UserTagging", through_fields=("tag", "user"), related_name="tags",
        verbose_name="用户",
    )  # fmt: skip

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "用户标签"
        ordering = ["name"]

    def __str__(self):
        return self.name


class UserTagging(models.Model):
    """One tag on one person: who put it there, and when."""

    tag = models.ForeignKey(UserTag, models.CASCADE, related_name="taggings", verbose_name="标签")
    user = models.ForeignKey(User, models.CASCADE, related_name="taggings", verbose_name="用户")
    tagged_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="操作人"
    )
    created_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "用户的标签"
        constraints = [models.UniqueConstraint(fields=["user", "tag"], name="user_tag_once")]
        indexes = [models.Index(fields=["tag", "user"], name="user_tag_people")]

    def __str__(self):
        return f"{self.tag_id} → {self.user_id}"
