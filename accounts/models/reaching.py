from django.db import models

from accounts.models.notifications import channels
from accounts.models.users import User
from config.db import ExactCharField


class SubscribeQuota(models.Model):
    """How many subscribe messages of one WeChat template a person has accepted and not got yet.

    A hint for what to ask for: WeChat keeps the true number and says 43101 when it is zero.
    """

    user = models.ForeignKey(
        User, models.CASCADE, related_name="subscribe_quotas", verbose_name="用户"
    )
    template_id = ExactCharField("微信模板 ID", max_length=64)
    remaining = models.PositiveIntegerField("剩余次数", default=0)
    updated_at = models.DateTimeField("更新时间")

    class Meta:
        verbose_name = verbose_name_plural = "订阅消息额度"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "template_id"], name="subscribequota_once")
        ]

    def __str__(self):
        return f"{self.template_id} × {self.remaining}"


class SubscribeAnswer(models.Model):
    """One yes to one template, as the mini-program or WeChat's own event told it.

    Both tell of the same tap: the second to come is paired with the first and counts no more.
    """

    class Source(models.TextChoices):
        CLIENT = "client", "小程序上报"
        EVENT = "event", "微信推送"

    user = models.ForeignKey(
        User, models.CASCADE, related_name="subscribe_answers", verbose_name="用户"
    )
    template_id = ExactCharField("微信模板 ID", max_length=64)
    source = models.CharField("来源", max_length=16, choices=Source)
    paired = models.BooleanField("已与另一来源对上", default=False)
    created_at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "订阅回答"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["user", "template_id", "created_at"], name="subscribeanswer_pair"),
            models.Index(fields=["created_at"], name="subscribeanswer_old"),
        ]

    def __str__(self):
        return f"{self.template_id}：{self.get_source_display()}"


class WeChatEvent(models.Model):
    """One event that WeChat pushed: so that its repetitions do nothing.

    key: a hash of what the event says.  signature: one vouches for one event only.
    """

    key = ExactCharField("标识", max_length=64, unique=True)
    signature = ExactCharField("签名", max_length=40, unique=True)
    event = models.CharField("事件", max_length=64, blank=True)
    handled = models.BooleanField("已处理")
    created_at = models.DateTimeField("时间", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "微信推送事件"
        ordering = ["-pk"]

    def __str__(self):
        return self.event


class NotificationPreference(models.Model):
    """A person's yes or no to one notice by one channel; without a row it is yes."""

    user = models.ForeignKey(
        User, models.CASCADE, related_name="notification_preferences", verbose_name="用户"
    )
    template = models.CharField("模板", max_length=64)
    channel = models.CharField("渠道", max_length=16, choices=channels)
    enabled = models.BooleanField("接收")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知偏好"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "template", "channel"], name="notificationpreference_once"
            )
        ]

    def __str__(self):
        return f"{self.template}：{self.get_channel_display()}"


class QuietHours(models.Model):
    """From start to end, by the clock of Shanghai, nothing but the message centre; may span
    midnight.  Without a row no hour is quiet."""

    user = models.OneToOneField(
        User, models.CASCADE, related_name="quiet_hours", verbose_name="用户"
    )
    start = models.TimeField("开始")
    end = models.TimeField("结束")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "免打扰时段"
        ordering = ["pk"]

    def __str__(self):
        return f"{self.start:%H:%M}–{self.end:%H:%M}"
