from django.conf import settings
from django.db import models

from config.db import LockingQuerySet
from counseling.models.appointments import Appointment


class Side(models.TextChoices):
    CLIENT = "client", "来访者"
    COUNSELOR = "counselor", "咨询师"
    STAFF = "staff", "平台"


class Reschedule(models.Model):
    """An appointment was moved to another time: what was agreed until then, and its new start.

    What the first of an appointment says was agreed is what its client agreed to when booking.
    """

    appointment = models.ForeignKey(
        Appointment, models.CASCADE, related_name="reschedules", verbose_name="预约"
    )
    start_at = models.DateTimeField("原开始时间")
    free_cancel_until = models.DateTimeField("原免费取消截止")
    fee_cancel_until = models.DateTimeField("原可退款取消截止")
    new_start_at = models.DateTimeField("新开始时间")
    side = models.CharField("改期方", max_length=16, choices=Side)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="操作人",
    )  # fmt: skip
    reason = models.CharField("原因", max_length=200, blank=True)
    created_at = models.DateTimeField("改期时间", auto_now_add=True)

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "改期记录"
        ordering = ["pk"]

    def __str__(self):
        return f"{self.appointment_id}: {self.start_at:%Y-%m-%d %H:%M} → {self.new_start_at:%H:%M}"
