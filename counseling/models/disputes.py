from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.fields import EncryptedTextField
from accounts.scope import scoped
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions
from counseling.models.appointments import Appointment
from counseling.models.reschedules import Side


class DisputeStatus(models.TextChoices):
    OPEN = "open", "待咨询师说明"
    ANSWERED = "answered", "待裁定"
    UPHELD = "upheld", "支持来访者"
    REJECTED = "rejected", "未支持"
    WITHDRAWN = "withdrawn", "已撤回"


OPEN_DISPUTES = (DisputeStatus.OPEN, DisputeStatus.ANSWERED)


class DisputeReason(models.TextChoices):
    COUNSELOR_ABSENT = "counselor_absent", "咨询师未到场"
    WAS_THERE = "was_there", "我到场了却被标记未到场"
    SERVICE = "service", "服务与约定不符"
    OTHER = "other", "其他"


class DisputeQuerySet(LockingQuerySet):
    def visible_to(self, user):
        """Those of sessions that one booked or held; for staff, as far as their role reaches."""
        own = Q(appointment__user_id=user.pk) | Q(appointment__counselor__user_id=user.pk)
        return scoped(self, user, "counseling.view_dispute", besides=own)

    def evident_to(self, user):
        """Those whose evidence is for `user` to look at: their two sides, and who decides them."""
        own = Q(appointment__user_id=user.pk) | Q(appointment__counselor__user_id=user.pk)
        return scoped(self, user, "counseling.decide_dispute", besides=own)

    def open(self):
        return self.filter(status__in=OPEN_DISPUTES)


class Dispute(TimestampedModel):
    """What a client says went wrong with a session, its counselor's answer, and what staff decided.

    answer_by: until when the counselor is heard; staff decide after the answer or after that.
    decide_by: until when staff should.  refund: yuan that went back.
    """

    REVEALABLE = {"text": "来访者陈述", "answer": "咨询师说明"}
    _CLOSED = (DisputeStatus.UPHELD, DisputeStatus.REJECTED, DisputeStatus.WITHDRAWN)
    TRANSITIONS = Transitions(
        {
            DisputeStatus.OPEN: {DisputeStatus.ANSWERED, *_CLOSED},
            DisputeStatus.ANSWERED: {*_CLOSED},
        }
    )

    number = ExactCharField("争议编号", max_length=32, unique=True)
    appointment = models.OneToOneField(
        Appointment, models.PROTECT, related_name="dispute", verbose_name="预约"
    )
    reason = models.CharField("原因", max_length=20, choices=DisputeReason)
    text = EncryptedTextField("来访者陈述", bound_to="number", blank=True, default="")
    answer = EncryptedTextField("咨询师说明", bound_to="number", blank=True, default="")
    status = models.CharField(
        "状态", max_length=16, choices=DisputeStatus, default=DisputeStatus.OPEN
    )
    answer_by = models.DateTimeField("说明截止时间")
    answered_at = models.DateTimeField("说明时间", null=True, blank=True)
    decide_by = models.DateTimeField("裁定期限")
    decided_at = models.DateTimeField("裁定时间", null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="裁定人",
    )  # fmt: skip
    decision_note = models.CharField("裁定说明", max_length=200, blank=True)
    refund = models.DecimalField("退款(元)", max_digits=10, decimal_places=2, null=True, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "预约争议"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "decide_by"], name="dispute_to_decide")]
        permissions = [("decide_dispute", "裁定预约争议"), ("reveal_dispute", "查看争议陈述")]

    def __str__(self):
        return self.number

    @property
    def sides(self) -> tuple[int, int]:
        """Ids of the people whose session it was."""
        return self.appointment.user_id, self.appointment.counselor.user_id


class DisputeEvidence(models.Model):
    """A picture that client or counselor put in with what they say; for the two, and for staff who
    decide."""

    dispute = models.ForeignKey(
        Dispute, models.CASCADE, related_name="evidence", verbose_name="争议"
    )
    side = models.CharField("提交方", max_length=16, choices=Side)
    file = models.OneToOneField(
        "media.File", models.CASCADE, related_name="dispute_evidence", verbose_name="文件"
    )
    position = models.PositiveSmallIntegerField("顺序")

    class Meta:
        verbose_name = verbose_name_plural = "争议证据"
        ordering = ["dispute", "side", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["dispute", "side", "position"], name="disputeevidence_place"
            )
        ]

    def __str__(self):
        return f"{self.dispute} {self.side} {self.position}"
