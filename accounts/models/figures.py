from django.db import models

from accounts.models.users import User
from config.db import ExactCharField


class Period(models.TextChoices):
    DAY = "day", "按日"
    WEEK = "week", "按周"
    MONTH = "month", "按月"


class StatFigure(models.Model):
    """What a measure came to in one closed period, rolled up so that nobody counts it again.

    start: the period's first day (Asia/Shanghai; weeks begin on Monday).  part: the way in, the
    platform …; "" is the whole, and there for every day that is done, be it 0.
    """

    measure = ExactCharField("指标", max_length=32)
    period = models.CharField("周期", max_length=8, choices=Period, default=Period.DAY)
    start = models.DateField("开始日期")
    part = ExactCharField("分项", max_length=32, blank=True)
    value = models.BigIntegerField("数值")

    class Meta:
        verbose_name = verbose_name_plural = "统计汇总"
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "period", "start", "part"], name="figure_once"
            )
        ]

    def __str__(self):
        return f"{self.measure} {self.start} {self.part}"


class ActiveDay(models.Model):
    """Somebody used the platform on that day; noted of closed days out of tokens and logins."""

    user = models.ForeignKey(User, models.CASCADE, related_name="active_days", verbose_name="用户")
    day = models.DateField("日期")

    class Meta:
        verbose_name = verbose_name_plural = "活跃记录"
        constraints = [models.UniqueConstraint(fields=["day", "user"], name="active_day_once")]

    def __str__(self):
        return f"{self.user_id} {self.day}"


class Segment(models.TextChoices):
    """Who somebody is to the business, by when they came, were here and paid last, and how often.

    The first that fits, from above.
    """

    LOYAL = "loyal", "忠实用户"
    PAYING = "paying", "付费用户"
    LAPSED = "lapsed", "流失的付费用户"
    NEW = "new", "新用户"
    ACTIVE = "active", "活跃未付费"
    DORMANT = "dormant", "沉睡用户"


class UserSegment(models.Model):
    """The segment of a person as of the last roll-up; paid_orders: in all."""

    user = models.OneToOneField(
        User, models.CASCADE, primary_key=True, related_name="segment_row", verbose_name="用户"
    )
    segment = models.CharField("分群", max_length=16, choices=Segment)
    paid_orders = models.PositiveIntegerField("付费订单数", default=0)
    last_paid_at = models.DateTimeField("最近付费", null=True)
    last_active_on = models.DateField("最近活跃", null=True)
    computed_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = verbose_name_plural = "用户分群"
        indexes = [models.Index(fields=["segment"], name="segment_users")]

    def __str__(self):
        return f"{self.user_id} {self.segment}"
