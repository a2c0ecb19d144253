from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.models import Gender
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions
from content.models import DiseaseTag


class CounselorStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    REVIEWING = "reviewing", "审核中"
    PUBLISHED = "published", "已上架"
    SUSPENDED = "suspended", "已暂停"


class CounselorQuerySet(LockingQuerySet):
    def published(self):
        return self.filter(status=CounselorStatus.PUBLISHED)


class Counselor(TimestampedModel):
    """A person who counsels; what clients see of them.

    rating: shrunk mean of reviews, 0..5.  min_notice_minutes: how long before its start a slot
    can still be booked.  max_per_day, max_per_week: sessions by business day and week from
    Monday on; None is no limit.
    """

    TRANSITIONS = Transitions(
        {
            CounselorStatus.DRAFT: {CounselorStatus.REVIEWING, CounselorStatus.PUBLISHED},
            CounselorStatus.REVIEWING: {CounselorStatus.PUBLISHED, CounselorStatus.DRAFT},
            CounselorStatus.PUBLISHED: {CounselorStatus.SUSPENDED},
            CounselorStatus.SUSPENDED: {CounselorStatus.PUBLISHED},
        }
    )

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="counselor", verbose_name="用户"
    )
    name = models.CharField("姓名", max_length=32)
    title = models.CharField("头衔", max_length=64, blank=True)
    bio = models.TextField("简介", blank=True)
    avatar = models.URLField("头像", max_length=500, blank=True)
    gender = models.CharField("性别", max_length=8, choices=Gender, blank=True)
    city = models.CharField("城市", max_length=32, blank=True)
    languages = models.JSONField("语言", default=list, blank=True)
    orientation = models.CharField("流派取向", max_length=100, blank=True)
    practice_years = models.PositiveSmallIntegerField("从业年限", default=0)
    practice_hours = models.PositiveIntegerField("个案时长(小时)", default=0)
    specialties = models.ManyToManyField(
        DiseaseTag, blank=True, related_name="counselors", verbose_name="擅长方向"
    )
    status = models.CharField(
        "状态", max_length=16, choices=CounselorStatus, default=CounselorStatus.DRAFT
    )
    rating = models.DecimalField("评分", max_digits=3, decimal_places=2, default=0)
    rating_count = models.PositiveIntegerField("评价数", default=0)
    lowest_price = models.DecimalField(
        "最低价格(元)", max_digits=10, decimal_places=2, null=True, blank=True, editable=False
    )
    min_notice_minutes = models.PositiveIntegerField("最短提前预约(分钟)", default=60)
    max_per_day = models.PositiveSmallIntegerField("每日最多咨询数", null=True, blank=True)
    max_per_week = models.PositiveSmallIntegerField("每周最多咨询数", null=True, blank=True)
    works_on_holidays = models.BooleanField("法定节假日照常排班", default=False)

    objects = CounselorQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询师"
        ordering = ["-rating", "-pk"]
        indexes = [
            models.Index(fields=["status", "rating"], name="counselor_list"),
            models.Index(fields=["status", "lowest_price"], name="counselor_price"),
            models.Index(fields=["name"], name="counselor_name"),
        ]
        permissions = [("publish_counselor", "上架咨询师"), ("practise", "以咨询师身份接诊")]

    def __str__(self):
        return self.name


class ServiceKind(models.TextChoices):
    INDIVIDUAL = "individual", "个人咨询"
    COUPLE = "couple", "伴侣咨询"
    FAMILY = "family", "家庭咨询"


class Mode(models.TextChoices):
    VIDEO = "video", "视频"
    VOICE = "voice", "语音"
    OFFLINE = "offline", "面对面"


class Service(TimestampedModel):
    """What a counselor offers at which price: kind × mode × minutes."""

    counselor = models.ForeignKey(
        Counselor, models.PROTECT, related_name="services", verbose_name="咨询师"
    )
    kind = models.CharField(
        "类型", max_length=16, choices=ServiceKind, default=ServiceKind.INDIVIDUAL
    )
    mode = models.CharField("方式", max_length=16, choices=Mode, default=Mode.VIDEO)
    minutes = models.PositiveSmallIntegerField("时长(分钟)", default=50)
    price = models.DecimalField("价格(元)", max_digits=10, decimal_places=2)
    is_active = models.BooleanField("启用", default=True)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询服务"
        ordering = ["price", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["counselor", "kind", "mode", "minutes"], name="service_once"
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="service_price_not_negative"),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="service_minutes_positive"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}·{self.get_mode_display()} {self.minutes} 分钟"
