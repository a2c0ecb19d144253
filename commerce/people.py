"""What commerce knows of people, for accounts, which knows no commerce."""

from django.db.models import Exists, OuterRef, QuerySet

from accounts.services.people import Section
from commerce.models import Order, Refund
from config.admin import badge, yuan


def with_orders(users: QuerySet, wanted: bool) -> QuerySet:
    """Those who ever placed an order; wanted False: those who never did."""
    placed = Exists(Order.objects.filter(user=OuterRef("pk")))
    return users.filter(placed if wanted else ~placed)


def _state(row) -> str:
    return badge(row.status, row.get_status_display())


SECTIONS = [
    Section(
        "orders", "订单", "commerce.view_order",
        lambda pk: Order.objects.filter(user=pk).order_by("-pk"),
        {
            "订单编号": lambda row: row.number,
            "金额": lambda row: yuan(row.total_amount),
            "已退": lambda row: yuan(row.refunded_amount),
            "状态": _state,
            "下单时间": lambda row: row.created_at,
        },
        page="commerce.order",
        moment="created_at",
    ),
    Section(
        "refunds", "退款", "commerce.view_refund",
        lambda pk: Refund.objects.filter(order__user=pk).order_by("-pk"),
        {
            "退款编号": lambda row: row.number,
            "金额": lambda row: yuan(row.amount),
            "状态": _state,
            "申请时间": lambda row: row.created_at,
        },
        page="commerce.refund",
        lookup="order__user__id__exact",
    ),
]  # fmt: skip
