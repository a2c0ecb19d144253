from django.db import models
from django.db.models import Case, F, Value, When

from accounts.models.users import User
from config.db import LockingQuerySet
from config.states import Transitions


class DeletionStatus(models.TextChoices):
    PENDING = "pending", "冷静期"
    CANCELLED = "cancelled", "已撤销"
    DONE = "done", "已注销"


class AccountDeletion(models.Model):
    """One decision to delete an account: waits until due_at, then the person is anonymised.

    live_user: the person while it is pending; unique, so nobody has two.  blocked_by: codes of
    what stood in the way when it was due last.  swept_at: when what requests under way had
    written after the end was erased too.
    """

    TRANSITIONS = Transitions(
        {DeletionStatus.PENDING: {DeletionStatus.CANCELLED, DeletionStatus.DONE}}
    )

    user = models.ForeignKey(User, models.PROTECT, related_name="deletions", verbose_name="用户")
    status = models.CharField(
        "状态", max_length=16, choices=DeletionStatus, default=DeletionStatus.PENDING
    )
    requested_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="发起人"
    )
    reason = models.CharField("原因", max_length=200, blank=True)
    created_at = models.DateTimeField("申请时间", auto_now_add=True)
    due_at = models.DateTimeField("注销时间")
    reminded_at = models.DateTimeField("提醒时间", null=True, blank=True)
    blocked_at = models.DateTimeField("最近受阻", null=True, blank=True)
    blocked_by = models.JSONField("受阻原因", default=list, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    swept_at = models.DateTimeField("复查时间", null=True, blank=True)
    live_user = models.GeneratedField(
        expression=Case(
            When(status=DeletionStatus.PENDING, then=F("user_id")), default=Value(None)
        ),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="冷静期中的用户",
    )

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "注销申请"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["status", "due_at"], name="deletion_due"),
            models.Index(fields=["swept_at", "ended_at"], name="deletion_second_pass"),
        ]

    def __str__(self):
        return f"#{self.pk}"
