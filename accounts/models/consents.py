from django.db import models
from django.db.models import Case, F, Value, When

from accounts.models.users import User
from config.db import ExactCharField


class AgreementKind(models.TextChoices):
    USER = "user", "用户协议"
    PRIVACY = "privacy", "隐私政策"
    BOOKING = "booking", "预约协议"
    CLAIM = "claim", "认领协议"


class Agreement(models.Model):
    """One version of a legal text; the newest published one of a kind is in force."""

    kind = models.CharField("类型", max_length=16, choices=AgreementKind)
    version = models.PositiveIntegerField("版本")
    title = models.CharField("标题", max_length=100)
    body = models.TextField("正文")
    sha256 = ExactCharField("正文摘要", max_length=64, editable=False)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "协议文本"
        ordering = ["kind", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="agreement_version_once")
        ]

    def __str__(self):
        return f"{self.title} v{self.version}"


class Consent(models.Model):
    """Who agreed to which text, when and from where; agreeing again after withdrawal is a new row.

    live_agreement: the agreement while the consent stands; unique with the user.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="consents", verbose_name="用户")
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, related_name="consents", verbose_name="协议"
    )
    agreed_at = models.DateTimeField("同意时间", auto_now_add=True)
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    ip_address = models.GenericIPAddressField("IP 地址", null=True, blank=True)
    live_agreement = models.GeneratedField(
        expression=Case(
            When(withdrawn_at__isnull=True, then=F("agreement_id")), default=Value(None)
        ),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        verbose_name="有效协议",
    )

    class Meta:
        verbose_name = verbose_name_plural = "同意记录"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "live_agreement"], name="consent_once")
        ]

    def __str__(self):
        return f"{self.user} · {self.agreement}"
