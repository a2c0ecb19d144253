from django.db import models

from counseling.models.counselors import Counselor


class CounselorVisits(models.Model):
    """How often a counselor's page was looked at on a day (Asia/Shanghai), by whomever."""

    counselor = models.ForeignKey(
        Counselor, models.CASCADE, related_name="visits", verbose_name="咨询师"
    )
    day = models.DateField("日期")
    number = models.PositiveIntegerField("次数", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "咨询师主页访问"
        constraints = [models.UniqueConstraint(fields=["day", "counselor"], name="visits_once")]

    def __str__(self):
        return f"{self.counselor_id} {self.day}"
