from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When

from accounts.fields import EncryptedTextField, RowKeyField
from accounts.scope import scoped
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions
from counseling.models.appointments import Appointment
from counseling.models.counselors import Counselor
from counseling.models.schedule import TimeSlot


class LeaveKind(models.TextChoices):
    LEAVE = "leave", "休假"
    SUSPENSION = "suspension", "暂停接诊"


class LeaveStatus(models.TextChoices):
    PENDING = "pending", "待审批"
    APPROVED = "approved", "已批准"
    REJECTED = "rejected", "已驳回"
    WITHDRAWN = "withdrawn", "已撤回"
    ENDED = "ended", "已销假"


class LeaveRequestQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """A counselor's own; for staff, as far as their role reaches."""
        own = Q(counselor__user_id=user.pk)
        return scoped(self, user, "counseling.view_leaverequest", besides=own)

    def running(self, counselor_id):
        """What keeps a counselor away, now or later."""
        return self.filter(counselor_id=counselor_id, status=LeaveStatus.APPROVED)

    def within(self, start, end):
        """Those that share a moment with [start, end); end None: with what is later than start."""
        rows = self.filter(Q(end_at=None) | Q(end_at__gt=start))
        return rows if end is None else rows.filter(start_at__lt=end)


class LeaveRequest(TimestampedModel):
    """Time in [start_at, end_at) in which a counselor sees nobody.

    A suspension is written here too, approved as it begins and without an end: it ends when the
    counselor is published again.
    """

    TRANSITIONS = Transitions(
        {
            LeaveStatus.PENDING: {
                LeaveStatus.APPROVED,
                LeaveStatus.REJECTED,
                LeaveStatus.WITHDRAWN,
            },
            LeaveStatus.APPROVED: {LeaveStatus.ENDED},
        }
    )

    counselor = models.ForeignKey(
        Counselor, models.PROTECT, related_name="leave_requests", verbose_name="咨询师"
    )
    kind = models.CharField("类型", max_length=16, choices=LeaveKind, default=LeaveKind.LEAVE)
    start_at = models.DateTimeField("开始时间")
    end_at = models.DateTimeField("结束时间", null=True, blank=True)
    row_key = RowKeyField()
    reason = EncryptedTextField("事由", blank=True)
    status = models.CharField(
        "状态", max_length=16, choices=LeaveStatus, default=LeaveStatus.PENDING
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+",
        verbose_name="申请人",
    )  # fmt: skip
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="审批人",
    )  # fmt: skip
    reviewed_at = models.DateTimeField("审批时间", null=True, blank=True)
    review_note = models.CharField("审批说明", max_length=200, blank=True)

    objects = LeaveRequestQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "休假"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["counselor", "status", "start_at"], name="leave_of_counselor"),
            models.Index(fields=["status", "created_at"], name="leave_queue"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_at=None) | Q(start_at__lt=F("end_at")),
                name="leave_start_before_end",
            )
        ]
        permissions = [("review_leaverequest", "审批休假")]

    def __str__(self):
        return f"{self.get_kind_display()} {self.pk}"


class AffectedStatus(models.TextChoices):
    OPEN = "open", "待处理"
    MOVED = "moved", "已改期"
    REASSIGNED = "reassigned", "已更换咨询师"
    CANCELLED = "cancelled", "已取消"
    KEPT = "kept", "照常进行"


class AffectedAppointmentQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Of the client, of the counselor who is away; for staff, as far as their role reaches."""
        own = Q(appointment__user_id=user.pk) | Q(leave__counselor__user_id=user.pk)
        return scoped(self, user, "counseling.view_affectedappointment", besides=own)

    def unsettled(self):
        return self.filter(status=AffectedStatus.OPEN)


class AffectedAppointment(TimestampedModel):
    """An appointment that a counselor's absence hits, and what became of it: exactly one thing.

    What is still open at deadline_at is cancelled with full refund.  offered_slots: times the
    client may choose from instead.  open_appointment: the appointment while it is open; unique,
    so of two absences at once one handles it.
    """

    TRANSITIONS = Transitions(
        {
            AffectedStatus.OPEN: {
                AffectedStatus.MOVED,
                AffectedStatus.REASSIGNED,
                AffectedStatus.CANCELLED,
                AffectedStatus.KEPT,
            }
        }
    )

    leave = models.ForeignKey(
        LeaveRequest, models.PROTECT, related_name="affected", verbose_name="休假"
    )
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, related_name="affected", verbose_name="预约"
    )
    status = models.CharField(
        "处理结果", max_length=16, choices=AffectedStatus, default=AffectedStatus.OPEN
    )
    deadline_at = models.DateTimeField("处理截止")
    offered_slots = models.ManyToManyField(
        TimeSlot, blank=True, related_name="+", verbose_name="可改约时段"
    )
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="提供改约人",
    )  # fmt: skip
    offered_at = models.DateTimeField("提供改约时间", null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="处理人",
    )  # fmt: skip
    resolved_at = models.DateTimeField("处理时间", null=True, blank=True)
    open_appointment = models.GeneratedField(
        expression=Case(
            When(status=AffectedStatus.OPEN, then=F("appointment_id")), default=Value(None)
        ),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="待处理预约",
    )

    objects = AffectedAppointmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "受影响预约"
        ordering = ["deadline_at", "pk"]
        indexes = [models.Index(fields=["status", "deadline_at"], name="affected_due")]
        constraints = [
            models.UniqueConstraint(fields=["leave", "appointment"], name="affected_once")
        ]
        permissions = [("handle_affectedappointment", "处理受影响预约")]

    def __str__(self):
        return f"受影响预约 {self.pk}"
