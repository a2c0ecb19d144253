from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from accounts.fields import EncryptedTextField
from accounts.scope import scoped
from commerce.models import OrderItem
from config.db import BusinessWeek, ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions
from counseling.models.clients import ClientProfile
from counseling.models.counselors import Counselor, Mode, Service, ServiceKind
from counseling.models.schedule import TimeSlot


class AppointmentStatus(models.TextChoices):
    PENDING_PAYMENT = "pending_payment", "待支付"
    CONFIRMED = "confirmed", "已确认"
    IN_PROGRESS = "in_progress", "进行中"
    COMPLETED = "completed", "已完成"
    NO_SHOW = "no_show", "未到场"
    CANCELLED = "cancelled", "已取消"
    EXPIRED = "expired", "已过期"
    REFUNDED = "refunded", "已退款"


LIVE = (
    AppointmentStatus.PENDING_PAYMENT,
    AppointmentStatus.CONFIRMED,
    AppointmentStatus.IN_PROGRESS,
)


class AppointmentQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """What a person booked or holds as a counselor; for staff, as far as their role reaches."""
        own = Q(user_id=user.pk) | Q(counselor__user_id=user.pk)
        return scoped(self, user, "counseling.view_appointment", besides=own)

    def live(self):
        return self.filter(status__in=LIVE)

    def over(self, before):
        """Sessions that ended by then and that nobody completed; none whose counselor was away."""
        unfinished = (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)
        rows = self.filter(status__in=unfinished, end_at__lte=before)
        return rows.exclude(affected__status="open")


class Appointment(TimestampedModel):
    """One booked session.  Times, price and cancel policy are copies of what was agreed.

    live_slot: the slot while this appointment occupies it; unique, so a slot never has two.
    week: the Monday of the business week it starts in.
    Cancelling is free until free_cancel_until, costs cancel_fee_percent until
    fee_cancel_until, and gives nothing back after that.
    """

    TRANSITIONS = Transitions(
        {
            AppointmentStatus.PENDING_PAYMENT: {
                AppointmentStatus.CONFIRMED,
                AppointmentStatus.CANCELLED,
                AppointmentStatus.EXPIRED,
            },
            AppointmentStatus.CONFIRMED: {
                AppointmentStatus.IN_PROGRESS,
                AppointmentStatus.COMPLETED,
                AppointmentStatus.NO_SHOW,
                AppointmentStatus.CANCELLED,
            },
            AppointmentStatus.IN_PROGRESS: {
                AppointmentStatus.COMPLETED,
                AppointmentStatus.NO_SHOW,
            },
            AppointmentStatus.CANCELLED: {AppointmentStatus.REFUNDED},
            AppointmentStatus.COMPLETED: {AppointmentStatus.REFUNDED},
            AppointmentStatus.NO_SHOW: {AppointmentStatus.REFUNDED},
        }
    )

    number = ExactCharField("预约编号", max_length=32, unique=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="appointments", verbose_name="用户"
    )
    client = models.ForeignKey(
        ClientProfile, models.PROTECT, related_name="appointments", verbose_name="来访者"
    )
    counselor = models.ForeignKey(
        Counselor, models.PROTECT, related_name="appointments", verbose_name="咨询师"
    )
    slot = models.ForeignKey(
        TimeSlot, models.PROTECT, related_name="appointments", verbose_name="时段"
    )
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="appointments", verbose_name="服务"
    )
    order_item = models.OneToOneField(
        OrderItem, models.PROTECT, related_name="appointment", verbose_name="订单项"
    )
    agreement = models.ForeignKey(
        "accounts.Agreement", models.PROTECT, related_name="+", verbose_name="预约协议"
    )
    kind = models.CharField("类型", max_length=16, choices=ServiceKind)
    mode = models.CharField("方式", max_length=16, choices=Mode)
    start_at = models.DateTimeField("开始时间")
    end_at = models.DateTimeField("结束时间")
    price = models.DecimalField("价格(元)", max_digits=10, decimal_places=2)
    note = EncryptedTextField("来访说明", blank=True, bound_to="number")
    free_cancel_until = models.DateTimeField("免费取消截止")
    fee_cancel_until = models.DateTimeField("可退款取消截止")
    cancel_fee_percent = models.PositiveSmallIntegerField("取消费用(%)")
    status = models.CharField(
        "状态", max_length=16, choices=AppointmentStatus,
        default=AppointmentStatus.PENDING_PAYMENT,
    )  # fmt: skip
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="取消人",
    )  # fmt: skip
    cancel_reason = models.CharField("取消原因", max_length=200, blank=True)
    times_moved = models.PositiveSmallIntegerField("改期次数", default=0)
    remind_at = models.DateTimeField("下次提醒时间", null=True, blank=True)
    live_slot = models.GeneratedField(
        expression=Case(When(status__in=LIVE, then=F("slot_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="占用时段",
    )
    week = models.GeneratedField(
        expression=BusinessWeek("start_at"),
        output_field=models.DateField(),
        db_persist=True,
        verbose_name="所在周",
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "预约"
        ordering = ["-start_at", "-pk"]
        indexes = [
            models.Index(fields=["user", "status"], name="appointment_user_status"),
            models.Index(fields=["counselor", "start_at"], name="appointment_counselor"),
            models.Index(
                fields=["counselor", "week", "start_at", "status"], name="appointment_load"
            ),
            models.Index(fields=["status", "end_at"], name="appointment_past"),
            models.Index(fields=["start_at", "status"], name="appointment_of_day"),
            models.Index(fields=["remind_at"], name="appointment_remind"),
        ]
        permissions = [
            ("cancel_appointment", "取消预约"),
            ("complete_appointment", "完成预约"),
            ("reschedule_appointment", "改期预约"),
        ]

    def __str__(self):
        return self.number

    @property
    def time_text(self) -> str:
        """When it takes place, as the back office shows it."""
        start = timezone.localtime(self.start_at)
        return f"{start:%Y-%m-%d %H:%M}–{timezone.localtime(self.end_at):%H:%M}"
