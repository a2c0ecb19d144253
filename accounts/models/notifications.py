from django.db import models

from accounts.fields import EncryptedTextField
from accounts.models.users import User
from config.db import ExactCharField, LockingQuerySet


class Channel(models.TextChoices):
    IN_APP = "in_app", "站内信"
    SUBSCRIBE = "subscribe", "微信订阅消息"
    SMS = "sms", "短信"
    EMAIL = "email", "邮件"


def channels():
    """A callable: a new channel is no migration."""
    return Channel.choices


class NotificationStatus(models.TextChoices):
    PENDING = "pending", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    UNDELIVERABLE = "undeliverable", "无法送达"
    SKIPPED = "skipped", "用户已关闭"
    OVERTAKEN = "overtaken", "已有更新的消息"
    FAILED = "failed", "失败"


class NoticeKind(models.TextChoices):
    SECURITY = "security", "账号安全"
    MONEY = "money", "资金变动"
    SERVICE = "service", "服务进展"
    MARKETING = "marketing", "活动推广"


class NotificationTemplate(models.Model):
    """The words of one notice; {name} is filled in from the notice's context.

    scene: the place in the mini-program that asks for leave to send it by subscribe message.
    """

    code = models.SlugField("代码", max_length=64, unique=True)
    title = models.CharField("标题", max_length=64)
    body = models.CharField("正文", max_length=500)
    channels = models.JSONField("渠道", default=list, help_text='如 ["in_app", "subscribe"]')
    wechat_template_id = ExactCharField("微信模板 ID", max_length=64, blank=True)
    wechat_fields = models.JSONField(
        "微信模板字段", default=dict, blank=True, help_text='如 {"thing1": "{counselor}"}'
    )
    wechat_page = models.CharField("小程序页面", max_length=200, blank=True)
    kind = models.CharField("类别", max_length=16, choices=NoticeKind, default=NoticeKind.SERVICE)
    scene = models.SlugField("请求订阅的场景", max_length=32, blank=True, db_index=False)

    class Meta:
        verbose_name = verbose_name_plural = "通知模板"
        ordering = ["code"]

    def __str__(self):
        return self.title


class NotificationQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """A person's message centre: their in-app messages."""
        return self.filter(user=user, channel=Channel.IN_APP)


class Notification(models.Model):
    """One message to one person by one channel: the outbox, and for in-app the message itself.

    address: where to, when not to what the person has now.  message_id: what the provider calls
    it; reported_at: when it told what became of it.  subject: what it tells of, as "order:7"; of
    several about one subject the last tells how things stand.  replaces: its own template's too,
    where else all of a template stay true (two refunds).  expires_at: from then on it is not sent.
    """

    user = models.ForeignKey(
        User, models.CASCADE, related_name="notifications", verbose_name="收件人"
    )
    channel = models.CharField("渠道", max_length=16, choices=channels)
    template = models.CharField("模板", max_length=64)
    context = models.JSONField("内容参数", default=dict)
    address = EncryptedTextField("收件地址", blank=True, default="", bound_to="user_id")
    dedupe_key = ExactCharField("去重键", max_length=120, null=True, blank=True)
    subject = ExactCharField("事项", max_length=64, blank=True, default="", db_default="")
    replaces = models.BooleanField("取代同类消息", default=False, db_default=False)
    expires_at = models.DateTimeField("失效时间", null=True, blank=True)
    title = models.CharField("标题", max_length=64, blank=True)
    body = models.CharField("正文", max_length=500, blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=NotificationStatus, default=NotificationStatus.PENDING
    )
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    due_at = models.DateTimeField("下次发送时间")
    error = models.CharField("错误", max_length=200, blank=True)
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    sent_at = models.DateTimeField("发送时间", null=True, blank=True)
    message_id = ExactCharField("渠道流水号", max_length=64, blank=True, default="", db_default="")
    reported_at = models.DateTimeField("回执时间", null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "dedupe_key"], name="notification_once")
        ]
        indexes = [
            models.Index(fields=["status", "due_at"], name="notification_outbox"),
            models.Index(fields=["user", "channel", "read_at"], name="notification_inbox"),
            models.Index(fields=["message_id"], name="notification_message"),
            models.Index(fields=["user", "subject"], name="notification_subject"),
        ]
        permissions = [("resend_notification", "重新发送通知")]

    def __str__(self):
        return f"{self.template} → {self.user_id}"
