"""What of orders and money can be exported; numbers of people are masked like everywhere."""

from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.errors import ExportInvalid
from accounts.exports import StatsExport
from accounts.models import ExportJob, User
from accounts.services.export_kinds import Column, TableExport
from commerce.filters import (
    DifferenceExportFilter,
    LedgerExportFilter,
    MerchantLedgerFilter,
    MerchantOrderFilter,
    OrderExportFilter,
    PaymentExportFilter,
    RefundExportFilter,
)
from commerce.models import (
    BillDifference,
    LedgerAccount,
    LedgerEntry,
    LedgerTransaction,
    MemberRole,
    Merchant,
    Order,
    Payment,
    Refund,
)
from commerce.payables import kind_labels
from commerce.serializers.stats import OrderStatsQuery
from commerce.services.order_stats import order_stats
from commerce.services.stat_tables import rows_of
from config.masking import mask_name, mask_phone


def _titles(order: Order) -> str:
    return "、".join(f"{item.title}×{item.quantity}" for item in order.items.all())


def _kinds(order: Order) -> str:
    names = kind_labels()
    kinds = dict.fromkeys(item.kind for item in order.items.all())
    return "、".join(names.get(kind, kind) for kind in kinds)


def _method(order: Order) -> str:
    return order.paid_by.get_method_display() if order.paid_by else ""


class OrderExport(TableExport):
    label = "订单"
    permission = "commerce.view_order"
    filterset = OrderExportFilter
    columns = {
        "number": Column("订单编号", lambda order: order.number),
        "status": Column("状态", lambda order: order.get_status_display()),
        "kinds": Column("类型", _kinds),
        "titles": Column("内容", _titles),
        "total_amount": Column("总金额(元)", lambda order: order.total_amount),
        "refunded_amount": Column("已退金额(元)", lambda order: order.refunded_amount),
        "method": Column("支付方式", _method),
        "merchant": Column("商户", lambda order: order.merchant or ""),
        "user_id": Column("用户 ID", lambda order: order.user_id),
        "phone": Column(
            "用户手机号",
            lambda order: order.user.phone,
            lambda order: mask_phone(order.user.phone),
        ),
        "receiver": Column(
            "收货人", lambda order: order.receiver, lambda order: mask_name(order.receiver)
        ),
        "receiver_phone": Column(
            "收货电话",
            lambda order: order.receiver_phone,
            lambda order: mask_phone(order.receiver_phone),
        ),
        "created_at": Column("下单时间", lambda order: order.created_at),
        "paid_at": Column("支付时间", lambda order: order.paid_at),
        "completed_at": Column("完成时间", lambda order: order.completed_at),
    }
    choices = {"kind": lambda: list(kind_labels().items())}

    def rows(self, user):
        people = Order.objects.select_related("user", "merchant", "paid_by")
        return people.prefetch_related("items")


class PaymentExport(TableExport):
    label = "支付记录"
    permission = "commerce.view_payment"
    filterset = PaymentExportFilter
    columns = {
        "number": Column("商户单号", lambda payment: payment.number),
        "order": Column("订单编号", lambda payment: payment.order.number),
        "method": Column("支付方式", lambda payment: payment.get_method_display()),
        "amount": Column("金额(元)", lambda payment: payment.amount),
        "refunded_amount": Column("已退金额(元)", lambda payment: payment.refunded_amount),
        "status": Column("状态", lambda payment: payment.get_status_display()),
        "transaction_id": Column("渠道流水号", lambda payment: payment.transaction_id),
        "created_at": Column("创建时间", lambda payment: payment.created_at),
        "paid_at": Column("支付时间", lambda payment: payment.paid_at),
        "billed_on": Column("账单日期", lambda payment: payment.billed_on),
    }

    def rows(self, user):
        return Payment.objects.select_related("order")


class RefundExport(TableExport):
    label = "退款"
    permission = "commerce.view_refund"
    filterset = RefundExportFilter
    columns = {
        "number": Column("退款单号", lambda refund: refund.number),
        "order": Column("订单编号", lambda refund: refund.order.number),
        "payment": Column("商户单号", lambda refund: refund.payment.number),
        "method": Column("支付方式", lambda refund: refund.payment.get_method_display()),
        "amount": Column("金额(元)", lambda refund: refund.amount),
        "status": Column("状态", lambda refund: refund.get_status_display()),
        "reason_code": Column("原因", lambda refund: refund.get_reason_code_display()),
        "reason": Column("说明", lambda refund: refund.reason),
        "reviewed_by": Column("审核人", lambda refund: refund.reviewed_by or ""),
        "confirmed_by": Column("复核人", lambda refund: refund.confirmed_by or ""),
        "created_at": Column("申请时间", lambda refund: refund.created_at),
        "succeeded_at": Column("到账时间", lambda refund: refund.succeeded_at),
    }

    def rows(self, user):
        return Refund.objects.select_related("order", "payment", "reviewed_by", "confirmed_by")


def _on(account: LedgerAccount) -> Column:
    """What a transaction did to an account; its entries have been fetched."""

    def amount(booked: LedgerTransaction) -> Decimal | str:
        return next((e.amount for e in booked.entries.all() if e.account == account), "")

    return Column(f"{account.label}(元)", amount)


class LedgerExport(TableExport):
    """A line per transaction, a column per account: each line sums to zero."""

    label = "账目"
    permission = "commerce.view_ledgertransaction"
    filterset = LedgerExportFilter
    columns = {
        "created_at": Column("记账时间", lambda booked: booked.created_at),
        "cause": Column("事由", lambda booked: booked.get_cause_display()),
        "order": Column("订单编号", lambda booked: booked.order.number),
        "payment": Column("商户单号", lambda booked: booked.payment or ""),
        "refund": Column("退款单号", lambda booked: booked.refund or ""),
        "merchant": Column("商户", lambda booked: booked.order.merchant or ""),
        **{str(account.value): _on(account) for account in LedgerAccount},
    }

    def rows(self, user):
        booked = LedgerTransaction.objects.select_related("order__merchant", "payment", "refund")
        return booked.prefetch_related("entries")


class DifferenceExport(TableExport):
    label = "对账差异"
    permission = "commerce.view_billdifference"
    filterset = DifferenceExportFilter
    columns = {
        "day": Column("账单日期", lambda row: row.bill.day),
        "method": Column("支付方式", lambda row: row.bill.get_method_display()),
        "kind": Column("类型", lambda row: row.get_kind_display()),
        "number": Column("单号", lambda row: row.number),
        "transaction_id": Column("渠道流水号", lambda row: row.transaction_id),
        "ours": Column("我方金额(元)", lambda row: row.ours),
        "theirs": Column("账单金额(元)", lambda row: row.theirs),
        "status": Column("状态", lambda row: row.get_status_display()),
        "assigned_to": Column("处理人", lambda row: row.assigned_to or ""),
        "note": Column("备注", lambda row: row.note),
        "resolved_at": Column("处理时间", lambda row: row.resolved_at),
        "resolution": Column("处理结果", lambda row: row.resolution),
        "created_at": Column("发现时间", lambda row: row.created_at),
    }

    def rows(self, user):
        return BillDifference.objects.select_related("bill", "assigned_to")


class MerchantExport(TableExport):
    """Rows of one's own shops, for who runs them, and never unmasked.

    The shops are kept with the job: who stops running one of them gets nothing of its file, and
    nothing of another's by the same job.
    """

    def shops(self, user: User) -> list[int]:
        raise NotImplementedError

    def allows(self, user, *, unmasked):
        return not unmasked and bool(self.shops(user))

    def check(self, filters, *, user):
        if "merchants" in filters:
            raise ExportInvalid(filters={"merchants": [_("没有这个筛选条件")]})
        return super().check(filters, user=user) | {
            "merchants": ",".join(map(str, sorted(self.shops(user))))
        }

    def still_theirs(self, job: ExportJob) -> bool:
        kept = (job.filters or {}).get("merchants", "")
        run = map(str, self.shops(job.requested_by))
        return bool(kept) and set(kept.split(",")) <= set(run)

    def wanted(self, *, unmasked):
        return []  # no permission, but a shop

    def reach(self, job):
        return None  # the shops among its filters


class MerchantOrderExport(MerchantExport):
    """What GET /merchants/orders lists, for the owner and managers, who may see figures too."""

    label = "商户订单"
    filterset = MerchantOrderFilter
    columns = {
        name: OrderExport.columns[name]
        for name in (
            "number", "status", "kinds", "titles", "total_amount", "refunded_amount", "merchant",
            "user_id", "receiver", "receiver_phone", "created_at", "paid_at", "completed_at",
        )
    } | {
        "fulfilment": Column("履约方式", lambda order: order.get_fulfilment_display()),
        "handed_over_at": Column("发货/核销时间", lambda order: order.handed_over_at),
        "remark": Column("买家留言", lambda order: order.remark),
        "merchant_note": Column("商户备注", lambda order: order.merchant_note),
    }  # fmt: skip

    def shops(self, user):
        managed = Merchant.objects.of(user, MemberRole.MANAGER)
        return list(managed.values_list("pk", flat=True))

    def rows(self, user):
        own = Order.objects.filter(merchant__in=self.shops(user))
        return own.select_related("merchant").prefetch_related("items")


class MerchantLedgerExport(MerchantExport):
    """What GET /merchants/ledger lists: the books are the owner's alone."""

    label = "商户账目"
    filterset = MerchantLedgerFilter
    columns = {
        "booked_at": Column("记账时间", lambda entry: entry.transaction.created_at),
        "cause": Column("事由", lambda entry: entry.transaction.get_cause_display()),
        "account": Column("科目", lambda entry: entry.get_account_display()),
        "amount": Column("金额(元)", lambda entry: -entry.amount),
        "order": Column("订单编号", lambda entry: entry.transaction.order.number),
    }

    def shops(self, user):
        return list(Merchant.objects.visible_to(user).values_list("pk", flat=True))

    def rows(self, user):
        return LedgerEntry.objects.visible_to(user).select_related("transaction__order")


class OrderStatsExport(StatsExport):
    label = "订单统计"
    query = OrderStatsQuery
    figures = staticmethod(order_stats)
    figures_table = staticmethod(rows_of)
