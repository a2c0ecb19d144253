from django.db import models
from django.db.models import F, Q, Value
from django.utils import timezone

from config.db import LockingQuerySet, MinutesAfter, TimestampedModel
from config.states import Transitions
from counseling.models.counselors import Counselor, CounselorStatus


class Weekday(models.IntegerChoices):
    MONDAY = 0, "周一"
    TUESDAY = 1, "周二"
    WEDNESDAY = 2, "周三"
    THURSDAY = 3, "周四"
    FRIDAY = 4, "周五"
    SATURDAY = 5, "周六"
    SUNDAY = 6, "周日"


class WeeklyTemplate(TimestampedModel):
    """One interval of a counselor's week, cut into slots; times are Asia/Shanghai.

    break_minutes: what lies between two slots.  valid_until is the last day it counts.
    """

    counselor = models.ForeignKey(
        Counselor, models.CASCADE, related_name="weekly_templates", verbose_name="咨询师"
    )
    weekday = models.PositiveSmallIntegerField("星期", choices=Weekday)
    start_time = models.TimeField("开始时间")
    end_time = models.TimeField("结束时间")
    slot_minutes = models.PositiveSmallIntegerField("每段时长(分钟)", default=50)
    break_minutes = models.PositiveSmallIntegerField("间隔(分钟)", default=10)
    valid_from = models.DateField("生效日期", null=True, blank=True)
    valid_until = models.DateField("失效日期", null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "每周排班"
        ordering = ["counselor", "weekday", "start_time", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__lt=F("end_time")), name="weekly_start_before_end"
            ),
            models.CheckConstraint(condition=Q(slot_minutes__gte=10), name="weekly_slot_minutes"),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.start_time:%H:%M}–{self.end_time:%H:%M}"


class SlotStatus(models.TextChoices):
    OPEN = "open", "可预约"
    HELD = "held", "已保留"
    BOOKED = "booked", "已预约"
    CLOSED = "closed", "已关闭"


class TimeSlotQuerySet(LockingQuerySet):
    def bookable(self, now, until=None):
        """Free slots of published counselors, as far away as each wants it, before `until`."""
        notice = F("counselor__min_notice_minutes")
        rows = self.filter(
            status=SlotStatus.OPEN,
            start_at__gte=MinutesAfter(Value(now, models.DateTimeField()), notice),
            counselor__status=CounselorStatus.PUBLISHED,
            start_at__gt=now,
        )
        return rows if until is None else rows.filter(start_at__lt=until)


class TimeSlot(TimestampedModel):
    """One bookable stretch of a counselor's time, [start_at, end_at) in UTC.

    Slots of one counselor never overlap: the database refuses it (migration 0002).
    """

    TRANSITIONS = Transitions(
        {
            SlotStatus.OPEN: {SlotStatus.HELD, SlotStatus.BOOKED, SlotStatus.CLOSED},
            SlotStatus.HELD: {SlotStatus.BOOKED, SlotStatus.OPEN, SlotStatus.CLOSED},
            SlotStatus.BOOKED: {SlotStatus.OPEN, SlotStatus.CLOSED},
            SlotStatus.CLOSED: {SlotStatus.OPEN},
        }
    )

    counselor = models.ForeignKey(
        Counselor, models.CASCADE, related_name="slots", verbose_name="咨询师"
    )
    template = models.ForeignKey(
        WeeklyTemplate, models.SET_NULL, null=True, blank=True, related_name="slots",
        verbose_name="来自排班",
    )  # fmt: skip
    start_at = models.DateTimeField("开始时间")
    end_at = models.DateTimeField("结束时间")
    status = models.CharField("状态", max_length=16, choices=SlotStatus, default=SlotStatus.OPEN)

    objects = TimeSlotQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "时段"
        ordering = ["start_at", "pk"]
        indexes = [
            models.Index(fields=["counselor", "start_at"], name="slot_counselor_start"),
            models.Index(fields=["status", "start_at", "counselor"], name="slot_free_on"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_at__lt=F("end_at")), name="slot_start_before_end"
            )
        ]

    def __str__(self):
        return f"{timezone.localtime(self.start_at):%Y-%m-%d %H:%M}"
