from django.db import models

from config.db import TimestampedModel


class Organisation(TimestampedModel):
    """Where staff and counselors work: a company, a clinic, a department; written by
    services.organisations alone.

    Whoever reaches an organisation reaches all those below it.  Clients belong to none.
    """

    name = models.CharField("名称", max_length=64, unique=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children",
        verbose_name="上级机构",
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "机构"
        ordering = ["name"]

    def __str__(self):
        return self.name
