from django.conf import settings
from django.db import models
from django.db.models import Case, F, Value, When

from accounts.fields import EncryptedTextField, RowKeyField
from accounts.models import Gender
from config.db import LockingQuerySet, TimestampedModel


class Relation(models.TextChoices):
    SELF = "self", "本人"
    CHILD = "child", "子女"
    PARTNER = "partner", "伴侣"
    PARENT = "parent", "父母"
    OTHER = "other", "其他"


class ClientProfileQuerySet(LockingQuerySet):
    def visible_to(self, user):
        return self.filter(user_id=user.pk, archived_at=None)


class ClientProfile(TimestampedModel):
    """Whom an appointment is for (来访者): the user or somebody they book for.

    Names and contacts are encrypted.  Under 18 a guardian's consent is needed to book, under 14
    the guardian's number besides (P-9).  A profile with appointments is archived, never deleted.

    self_of: the user while this is they themselves; unique, so nobody is there twice.
    """

    REVEALABLE = {
        "name": "姓名",
        "phone": "手机号",
        "emergency_name": "紧急联系人",
        "emergency_phone": "紧急联系电话",
        "guardian_name": "监护人",
        "guardian_phone": "监护人电话",
    }

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="client_profiles",
        verbose_name="用户",
    )  # fmt: skip
    relation = models.CharField(
        "与本人关系", max_length=16, choices=Relation, default=Relation.SELF
    )
    row_key = RowKeyField()
    name = EncryptedTextField("姓名")
    gender = models.CharField("性别", max_length=8, choices=Gender, blank=True)
    birth_date = models.DateField("出生日期")
    phone = EncryptedTextField("手机号", blank=True)
    emergency_name = EncryptedTextField("紧急联系人", blank=True)
    emergency_phone = EncryptedTextField("紧急联系电话", blank=True)
    guardian_name = EncryptedTextField("监护人", blank=True)
    guardian_phone = EncryptedTextField("监护人电话", blank=True)
    guardian_consented_at = models.DateTimeField("监护人同意时间", null=True, blank=True)
    archived_at = models.DateTimeField("归档时间", null=True, blank=True)
    self_of = models.GeneratedField(
        expression=Case(
            When(relation=Relation.SELF, archived_at=None, then=F("user_id")), default=Value(None)
        ),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="本人",
    )

    objects = ClientProfileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "来访者"
        ordering = ["pk"]
        indexes = [models.Index(fields=["created_at"], name="client_created")]
        permissions = [("reveal_clientprofile", "查看来访者完整信息")]

    def __str__(self):
        return f"来访者 {self.pk}"
