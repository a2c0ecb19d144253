from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.fields import EncryptedTextField, RowKeyField
from config.db import LockingQuerySet, TimestampedModel
from config.states import Transitions
from counseling.models.appointments import Appointment


class SessionNoteQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """One's own, whatever one may do besides."""
        return self.filter(author_id=user.pk)


class SessionNote(TimestampedModel):
    """What a counselor writes about a session, for nobody else (P-2).

    Changed until locks_at; after that another note of the session says more.  No relation leads
    here from other rows: that there is a note is nobody's business either.
    """

    appointment = models.ForeignKey(
        Appointment, models.PROTECT, related_name="+", verbose_name="预约"
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="作者"
    )
    row_key = RowKeyField()
    note = EncryptedTextField("记录")
    locks_at = models.DateTimeField("锁定时间")

    objects = SessionNoteQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询记录"
        ordering = ["pk"]
        default_permissions = ()

    def __str__(self):
        return f"咨询记录 {self.pk}"


class AccessStatus(models.TextChoices):
    PENDING = "pending", "待批准"
    APPROVED = "approved", "已批准"
    REJECTED = "rejected", "已拒绝"
    CLOSED = "closed", "已结束"


class NoteAccessQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Those that opened notes about oneself, or one's own."""
        sides = Q(appointment__user_id=user.pk) | Q(appointment__counselor__user_id=user.pk)
        opened = (AccessStatus.APPROVED, AccessStatus.CLOSED)
        return self.filter(sides, status__in=opened)

    def open_to(self, user, now):
        return self.filter(requested_by_id=user.pk, status=AccessStatus.APPROVED, ends_at__gt=now)


class NoteAccess(TimestampedModel):
    """Breaking the glass: one person reads the notes of one session, by a reason and another's yes.

    ends_at: from then on nothing opens.  reads: how often the notes were opened.
    """

    TRANSITIONS = Transitions(
        {
            AccessStatus.PENDING: {AccessStatus.APPROVED, AccessStatus.REJECTED},
            AccessStatus.APPROVED: {AccessStatus.CLOSED},
        }
    )

    appointment = models.ForeignKey(
        Appointment, models.PROTECT, related_name="+", verbose_name="预约"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="申请人"
    )
    reason = models.CharField("原因", max_length=200)
    status = models.CharField(
        "状态", max_length=16, choices=AccessStatus, default=AccessStatus.PENDING
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name="批准人",
    )  # fmt: skip
    decided_at = models.DateTimeField("处理时间", null=True, blank=True)
    ends_at = models.DateTimeField("有效期至", null=True, blank=True)
    reads = models.PositiveIntegerField("查阅次数", default=0)
    last_read_at = models.DateTimeField("最近查阅", null=True, blank=True)

    objects = NoteAccessQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "咨询记录查阅"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "created_at"], name="note_access_queue")]
        default_permissions = ("view",)
        permissions = [
            ("request_noteaccess", "申请查阅咨询记录"), ("approve_noteaccess", "批准查阅咨询记录"),
        ]  # fmt: skip

    def __str__(self):
        return f"查阅申请 {self.pk}"
