from django.db import models

from accounts.fields import EncryptedTextField
from accounts.models.users import User
from config.db import ExactCharField


class IdempotencyRecord(models.Model):
    """The first answer to one Idempotency-Key of one person on one route; kept for 7 days.

    status is 0 while the first request runs.  The answer is sealed: it may hold what its tables
    seal.  fingerprint: an HMAC, for a request may hold a number that a digest would let guess.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    route = ExactCharField(max_length=100)
    key = ExactCharField(max_length=128)
    fingerprint = ExactCharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = EncryptedTextField(blank=True, default="", bound_to="id")
    started_at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "幂等记录"
        constraints = [
            models.UniqueConstraint(fields=["user", "route", "key"], name="idempotency_once")
        ]
        indexes = [models.Index(fields=["started_at"], name="idempotency_started")]

    def __str__(self):
        return f"{self.route} {self.key}"
