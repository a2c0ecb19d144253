from django.db import models
from django.db.models import F, Q, Value
from django.utils import timezone

from accounts.scope import scoped
from config.db import LockingQuerySet, MinutesAfter, TimestampedModel
from config.states import Transitions
from counseling.models.counselors import Counselor, practising

MOST_WEEKS = 8


class Weekday(models.IntegerChoices):
    MONDAY = 0, "周一"
    TUESDAY = 1, "周二"
    WEDNESDAY = 2, "周三"
    THURSDAY = 3, "周四"
    FRIDAY = 4, "周五"
    SATURDAY = 5, "周六"
    SUNDAY = 6, "周日"


class RuleQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """A counselor's own; for staff, as far as their role reaches."""
        permission = f"counseling.view_{self.model._meta.model_name}"
        return scoped(self, user, permission, besides=Q(counselor__user_id=user.pk))


class Hours(TimestampedModel):
    """A stretch of a day that is cut into slots; times are Asia/Shanghai.

    break_minutes: what lies at least between these slots and others of the counselor.
    """

    slot_minutes = models.PositiveSmallIntegerField("每段时长(分钟)", default=50)
    break_minutes = models.PositiveSmallIntegerField("间隔(分钟)", default=10)
    is_active = models.BooleanField("启用", default=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        abstract = True


class WeeklyTemplate(Hours):
    """One interval of a counselor's week, in force from valid_from to valid_until inclusive.

    every_weeks: 2 is every other week; the week that holds anchor_date is one of them.
    """

    counselor = models.ForeignKey(
        Counselor, models.CASCADE, related_name="weekly_templates", verbose_name="咨询师"
    )
    weekday = models.PositiveSmallIntegerField("星期", choices=Weekday)
    start_time = models.TimeField("开始时间")
    end_time = models.TimeField("结束时间")
    every_weeks = models.PositiveSmallIntegerField(
        "每几周一次", default=1, help_text="1 为每周，2 为隔周"
    )
    anchor_date = models.DateField(
        "起算日期", null=True, blank=True, help_text="所在的一周有排班；隔周及以上时必填"
    )
    valid_from = models.DateField("生效日期", null=True, blank=True)
    valid_until = models.DateField("失效日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "每周排班"
        ordering = ["counselor", "weekday", "start_time", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__lt=F("end_time")), name="weekly_start_before_end"
            ),
            models.CheckConstraint(condition=Q(slot_minutes__gte=10), name="weekly_slot_minutes"),
            models.CheckConstraint(
                condition=Q(every_weeks=1)
                | Q(every_weeks__range=(2, MOST_WEEKS), anchor_date__isnull=False),
                name="weekly_anchor",
                violation_error_message="隔周排班请填写起算日期，最多每 8 周一次",
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.start_time:%H:%M}–{self.end_time:%H:%M}"


class ExceptionKind(models.TextChoices):
    OFF = "off", "休息"
    REPLACE = "replace", "改为"
    ADD = "add", "加开"


class ScheduleException(Hours):
    """What is different on one date: time off, other hours than usual, or more of them.

    off without times is the whole day.  An end that is not after the start is on the next day.
    """

    counselor = models.ForeignKey(
        Counselor, models.CASCADE, related_name="schedule_exceptions", verbose_name="咨询师"
    )
    date = models.DateField("日期")
    kind = models.CharField("类型", max_length=8, choices=ExceptionKind)
    start_time = models.TimeField("开始时间", null=True, blank=True)
    end_time = models.TimeField(
        "结束时间", null=True, blank=True, help_text="不晚于开始时间时，指次日"
    )
    note = models.CharField("备注", max_length=100, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "日期例外"
        ordering = ["date", "start_time", "pk"]
        indexes = [models.Index(fields=["counselor", "date"], name="exception_counselor_date")]
        constraints = [
            models.CheckConstraint(
                condition=Q(start_time__isnull=False, end_time__isnull=False)
                | Q(kind=ExceptionKind.OFF, start_time__isnull=True, end_time__isnull=True),
                name="exception_has_hours",
                violation_error_message="请填写开始与结束时间；整天休息则都不填",
            ),
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=10), name="exception_slot_minutes"
            ),
        ]

    def __str__(self):
        return f"{self.date:%Y-%m-%d} {self.get_kind_display()}"


class HolidayKind(models.TextChoices):
    OFF = "off", "放假"
    WORK = "work", "调休上班"


class Holiday(TimestampedModel):
    """One day of the calendar that the State Council publishes.

    works_as: the weekday whose templates a make-up workday has; without it, its own.
    """

    date = models.DateField("日期", unique=True)
    name = models.CharField("名称", max_length=32)
    kind = models.CharField("类型", max_length=8, choices=HolidayKind, default=HolidayKind.OFF)
    works_as = models.PositiveSmallIntegerField(
        "按星期几排班", choices=Weekday, null=True, blank=True, help_text="仅用于调休上班"
    )

    class Meta:
        verbose_name = verbose_name_plural = "节假日"
        ordering = ["-date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=HolidayKind.WORK) | Q(works_as__isnull=True),
                name="holiday_works_as",
                violation_error_message="只有调休上班日可以指定按星期几排班",
            )
        ]

    def __str__(self):
        return f"{self.date:%Y-%m-%d} {self.name}"


class SlotStatus(models.TextChoices):
    OPEN = "open", "可预约"
    HELD = "held", "已保留"
    BOOKED = "booked", "已预约"
    CLOSED = "closed", "已关闭"


class TimeSlotQuerySet(LockingQuerySet):
    def free(self, now, until=None):
        """Open slots of practising counselors, as far away as each wants it, before `until`.

        Those a counselor has strength for as well: services.availability.bookable().
        """
        notice = F("counselor__min_notice_minutes")
        rows = self.filter(
            practising(now, "counselor__"),
            status=SlotStatus.OPEN,
            start_at__gte=MinutesAfter(Value(now, models.DateTimeField()), notice),
            start_at__gt=now,
        )
        return rows if until is None else rows.filter(start_at__lt=until)


class TimeSlot(TimestampedModel):
    """One bookable stretch of a counselor's time, [start_at, end_at) in UTC.

    Slots of one counselor never overlap: the database refuses it (migration 0002).
    leave: what took it out of booking, or does as soon as whoever has it gives it back.
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
    exception = models.ForeignKey(
        ScheduleException, models.SET_NULL, null=True, blank=True, related_name="slots",
        verbose_name="来自例外",
    )  # fmt: skip
    start_at = models.DateTimeField("开始时间")
    end_at = models.DateTimeField("结束时间")
    status = models.CharField("状态", max_length=16, choices=SlotStatus, default=SlotStatus.OPEN)
    leave = models.ForeignKey(
        "counseling.LeaveRequest", models.SET_NULL, null=True, blank=True, related_name="slots",
        verbose_name="因休假关闭",
    )  # fmt: skip

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
