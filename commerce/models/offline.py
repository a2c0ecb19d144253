from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When

from commerce.models.payments import Payment
from commerce.models.refunds import Refund
from config.db import ExactCharField, LockingQuerySet, TimestampedModel
from config.states import Transitions


class OfflineWay(models.TextChoices):
    CASH = "cash", "现金"
    TRANSFER = "transfer", "转账"


class OfflineStatus(models.TextChoices):
    WAITING = "waiting", "待复核"
    CONFIRMED = "confirmed", "已确认"
    REFUSED = "refused", "已驳回"


COUNTING = (OfflineStatus.WAITING, OfflineStatus.CONFIRMED)


class OfflineRecord(TimestampedModel):
    """Money that changed hands past every provider, as a member of staff says: what came for a
    payment, or, with a refund, what went back of it.

    gateways.offline takes a CONFIRMED one for a provider's word.  amount: yuan, what is due, typed
    by nobody.  reference: of the bank or the receipt; one counts once, in either direction.
    proof: a picture of it, kept with it.
    live_reference, live_payment, live_refund: the same while it counts; unique.
    """

    TRANSITIONS = Transitions(
        {OfflineStatus.WAITING: {OfflineStatus.CONFIRMED, OfflineStatus.REFUSED}}
    )

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="offline_records", verbose_name="支付记录"
    )
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="offline_records",
        verbose_name="退款",
    )  # fmt: skip
    way = models.CharField("方式", max_length=16, choices=OfflineWay)
    amount = models.DecimalField("金额(元)", max_digits=10, decimal_places=2)
    reference = ExactCharField("凭证号", max_length=64)
    note = models.CharField("说明", max_length=200, blank=True)
    proof = models.OneToOneField(
        "media.File", models.PROTECT, null=True, blank=True, related_name="offline_record",
        verbose_name="凭证图片",
    )  # fmt: skip
    status = models.CharField(
        "状态", max_length=16, choices=OfflineStatus, default=OfflineStatus.WAITING
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="登记人"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name="复核人",
    )  # fmt: skip
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    live_reference = models.GeneratedField(
        expression=Case(When(status__in=COUNTING, then=F("reference")), default=Value(None)),
        output_field=ExactCharField(max_length=64, null=True),
        db_persist=True,
        unique=True,
        verbose_name="有效凭证号",
    )
    live_payment = models.GeneratedField(
        expression=Case(
            When(status__in=COUNTING, refund__isnull=True, then=F("payment_id")),
            default=Value(None),
        ),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="有效支付",
    )
    live_refund = models.GeneratedField(
        expression=Case(When(status__in=COUNTING, then=F("refund_id")), default=Value(None)),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
        unique=True,
        verbose_name="有效退款",
    )

    objects = LockingQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "线下收退款"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["status", "created_at"], name="offline_queue")]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="offline_amount_positive"),
            models.CheckConstraint(
                condition=~Q(status="confirmed")
                | Q(decided_by__isnull=True, refund__isnull=True)
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("recorded_by"))),
                name="offline_two_persons",
            ),
        ]
        permissions = [("handle_offlinerecord", "线下收退款的登记与复核")]

    def __str__(self):
        return self.reference
