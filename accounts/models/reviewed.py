from django.conf import settings
from django.db import models


class Reviewed(models.Model):
    """Something that staff decide about; commerce.services.decisions writes what they decided.

    submitted_at: since when it waits.  review_note: the reason, in words for its owner.
    """

    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="审核人",
    )  # fmt: skip
    review_note = models.CharField("审核意见", max_length=200, blank=True)

    class Meta:
        abstract = True
