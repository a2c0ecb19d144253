"""What of orders and money can be exported; numbers of people are masked like everywhere."""

from accounts.exports import StatsExport
from accounts.services.export_kinds import Column, TableExport
from commerce.filters import OrderExportFilter, PaymentExportFilter, RefundExportFilter
from commerce.models import Order, Payment, Refund
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


class OrderStatsExport(StatsExport):
    label = "订单统计"
    query = OrderStatsQuery

    def table(self, *, viewer, now, **wanted):
        return rows_of(order_stats(**wanted, viewer=viewer, now=now))
