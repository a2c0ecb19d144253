from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, Q

from accounts.models import Gender
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions
from content.models import DiseaseTag


class CounselorStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    REVIEWING = "reviewing", "审核中"
    PUBLISHED = "published", "已上架"
    SUSPENDED = "suspended", "已暂停"


class Profile(models.Model):
    """What somebody says of their practice: as an applicant, later as a counselor."""

    name = models.CharField("姓名", max_length=32)
    title = models.CharField("头衔", max_length=64, blank=True)
    bio = models.TextField("简介", blank=True)
    gender = models.CharField("性别", max_length=8, choices=Gender, blank=True)
    city = models.CharField("城市", max_length=32, blank=True)
    languages = models.JSONField("语言", default=list, blank=True)
    training = models.TextField("受训背景", max_length=2000, blank=True)
    orientation = models.CharField("流派取向", max_length=100, blank=True)
    practice_years = models.PositiveSmallIntegerField("从业年限", default=0)
    practice_hours = models.PositiveIntegerField("个案时长(小时)", default=0)
    supervision_hours = models.PositiveIntegerField("督导时长(小时)", default=0)
    specialties = models.ManyToManyField(
        DiseaseTag, blank=True, related_name="%(class)ss", verbose_name="擅长方向"
    )

    class Meta:
        abstract = True


def practising(now: datetime, prefix: str = "") -> Q:
    """The rule of who is shown and can be booked: published, with a qualification that is valid.

    prefix: the way to the counselor, as "counselor__".
    """
    return Q(
        **{
            f"{prefix}status": CounselorStatus.PUBLISHED,
            f"{prefix}qualified_until__gt": now,
        }
    )


class CounselorQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """One's own profile; what clients see is practising()."""
        return self.filter(user_id=user.pk)

    def practising(self, now):
        return self.filter(practising(now))

    def with_practising(self, now):
        """Each with whether it is, as `practising`."""
        return self.annotate(practising=ExpressionWrapper(practising(now), models.BooleanField()))


class Counselor(Profile, TimestampedModel):
    """A person who counsels; what clients see of them.

    rating: shrunk mean of reviews, 0..5.  min_notice_minutes: how long before its start a slot
    can still be booked.  max_per_day, max_per_week: sessions by business day and week from
    Monday on; None is no limit.  qualified_until: the end of the last valid qualification, None
    without one; services.qualifications keeps it.
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
    avatar = models.URLField("头像", max_length=500, blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=CounselorStatus, default=CounselorStatus.DRAFT
    )
    rating = models.DecimalField("评分", max_digits=3, decimal_places=2, default=0)
    rating_count = models.PositiveIntegerField("评价数", default=0)
    lowest_price = models.DecimalField(
        "最低价格(元)", max_digits=10, decimal_places=2, null=True, blank=True, editable=False
    )
    qualified_until = models.DateTimeField("资质有效至", null=True, blank=True, editable=False)
    min_notice_minutes = models.PositiveIntegerField("最短提前预约(分钟)", default=60)
    max_per_day = models.PositiveSmallIntegerField("每日最多咨询数", null=True, blank=True)
    max_per_week = models.PositiveSmallIntegerField("每周最多咨询数", null=True, blank=True)
    works_on_holidays = models.BooleanField("法定节假日照常排班", default=False)

    objects = CounselorQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询师"
        ordering = ["-rating", "-pk"]
        indexes = [
            models.Index(fields=["status", "rating", "qualified_until"], name="counselor_listed"),
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


class Location(TimestampedModel):
    """A studio of a counselor, for sessions face to face."""

    counselor = models.ForeignKey(
        Counselor, models.CASCADE, related_name="locations", verbose_name="咨询师"
    )
    city = models.CharField("城市", max_length=32)
    address = models.CharField("地址", max_length=200)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询室"
        ordering = ["pk"]

    def __str__(self):
        return f"{self.city} {self.address}"


class Service(TimestampedModel):
    """What a counselor offers at which price: kind × mode × minutes.

    first_price: of the first session with this counselor, when it differs from `price`.
    location: where sessions face to face take place.
    """

    counselor = models.ForeignKey(
        Counselor, models.PROTECT, related_name="services", verbose_name="咨询师"
    )
    kind = models.CharField(
        "类型", max_length=16, choices=ServiceKind, default=ServiceKind.INDIVIDUAL
    )
    mode = models.CharField("方式", max_length=16, choices=Mode, default=Mode.VIDEO)
    minutes = models.PositiveSmallIntegerField("时长(分钟)", default=50)
    price = models.DecimalField("价格(元)", max_digits=10, decimal_places=2)
    first_price = models.DecimalField(
        "首次价格(元)", max_digits=10, decimal_places=2, null=True, blank=True,
        help_text="与该咨询师的第一次咨询；留空则同价",
    )  # fmt: skip
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="services",
        verbose_name="咨询室", help_text="面对面咨询必填",
    )  # fmt: skip
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
            models.CheckConstraint(
                condition=Q(first_price__isnull=True) | Q(first_price__gte=0),
                name="service_first_not_negative",
            ),
            models.CheckConstraint(condition=Q(minutes__gt=0), name="service_minutes_positive"),
            models.CheckConstraint(
                condition=~Q(mode=Mode.OFFLINE) | Q(location__isnull=False) | Q(is_active=False),
                name="service_offline_has_place",
                violation_error_message="面对面服务需要选择咨询室",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}·{self.get_mode_display()} {self.minutes} 分钟"
