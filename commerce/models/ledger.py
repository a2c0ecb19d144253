from django.db import models
from django.db.models import Q

from accounts.models.audit import AppendOnlyModel, AppendOnlyQuerySet
from commerce.models.merchants import Merchant
from commerce.models.orders import Order
from commerce.models.payments import Payment, payment_methods
from commerce.models.refunds import Refund
from config.db import ExactCharField


class LedgerCause(models.TextChoices):
    PAYMENT = "payment", "到账"
    SALE = "sale", "订单入账"
    REFUND = "refund", "退款到账"
    RETURN = "return", "订单退款"
    RELEASE = "release", "结算"


class LedgerAccount(models.TextChoices):
    CLEARING = "clearing", "渠道资金"
    UNAPPLIED = "unapplied", "待核销款"
    PENDING = "pending", "待结算货款"
    AVAILABLE = "available", "可结算货款"
    COMMISSION = "commission", "平台佣金"
    FEES = "fees", "留存手续费"


class LedgerTransaction(AppendOnlyModel):
    """What one cause did to the books; its entries sum to zero.  Append-only.

    key: names the cause, so that the same cause counts once.  order: without a constraint of the
    database, because money is booked under the lock of its payment or refund, and the constraint
    would take the order's after it, against the order of locks (CONTRIBUTING); orders are never
    deleted.
    """

    cause = models.CharField("事由", max_length=16, choices=LedgerCause)
    key = ExactCharField("去重键", max_length=64, unique=True)
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="ledger_transactions", verbose_name="订单",
        db_constraint=False,
    )  # fmt: skip
    payment = models.ForeignKey(
        Payment, models.PROTECT, null=True, blank=True, related_name="ledger_transactions",
        verbose_name="支付记录",
    )  # fmt: skip
    refund = models.ForeignKey(
        Refund, models.PROTECT, null=True, blank=True, related_name="ledger_transactions",
        verbose_name="退款",
    )  # fmt: skip
    created_at = models.DateTimeField("记账时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "记账凭证"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["created_at"], name="ledger_created")]

    def __str__(self):
        return f"{self.get_cause_display()} #{self.pk}"


class LedgerEntryQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user):
        return self.filter(merchant__user_id=user.pk)


class LedgerEntry(AppendOnlyModel):
    """One line of a transaction: `amount` (yuan) onto an account, negative off it.

    What came in stands positive on CLEARING (one per method) and negative on what it is owed
    to.  merchant: whose part of PENDING, AVAILABLE and COMMISSION it is; empty: our own sales.
    """

    transaction = models.ForeignKey(
        LedgerTransaction, models.PROTECT, related_name="entries", verbose_name="凭证"
    )
    account = models.CharField("科目", max_length=16, choices=LedgerAccount)
    method = models.CharField("支付方式", max_length=16, choices=payment_methods, blank=True)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, null=True, blank=True, related_name="ledger_entries",
        verbose_name="商户",
    )  # fmt: skip
    amount = models.DecimalField("金额(元)", max_digits=10, decimal_places=2)

    objects = LedgerEntryQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "分录"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["merchant", "account"], name="entry_merchant"),
            models.Index(fields=["account", "method"], name="entry_account"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="entry_amount_not_zero"),
            models.UniqueConstraint(fields=["transaction", "account"], name="entry_account_once"),
        ]

    def __str__(self):
        return f"{self.get_account_display()} {self.amount}"
