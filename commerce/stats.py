"""Figures about money: what came in, what went back, what waits for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, Sum

from accounts.models import User
from accounts.scope import seen_by
from commerce.models import (
    OfflineRecord,
    OfflineStatus,
    Order,
    PaymentAnomaly,
    PaymentMethod,
    Refund,
    RefundStatus,
)
from config.dashboard import TREND_DAYS, Figure, Line, Panel, Queue
from config.days import Daily, by_day
from config.measures import Measure

_PAYMENTS, _REFUNDS = "commerce.view_payment", "commerce.view_refund"
_ANOMALIES, _OFFLINE = "commerce.view_paymentanomaly", "commerce.view_offlinerecord"


ORDERS = Measure("orders", "下单", Order.objects.all, feature=True)
PAID = Measure(
    "paid_orders",
    "付费订单",
    Order.objects.sold,
    moment="paid_at",
    feature=True,
)
MEASURES = [ORDERS, PAID]


@dataclass(frozen=True)
class Flow:
    """Money in one direction, per day: how many times, and how much in yuan."""

    number: Daily
    amount: Daily


@dataclass(frozen=True)
class RefundQueues:
    requested: int
    confirming: int
    failed: int


def sales(now: datetime, *, viewer: User | None = None, count: int = TREND_DAYS) -> Flow:
    """Orders by the day they were paid; what was refunded later stays in (see refunds)."""
    measures = {"number": (Count, "pk"), "amount": (Sum, "total_amount")}
    paid = seen_by(Order.objects.sold(), viewer, _PAYMENTS)
    return Flow(**by_day(paid, "paid_at", now=now, count=count, **measures))


def refunds(now: datetime, *, viewer: User | None = None, count: int = TREND_DAYS) -> Flow:
    """Refunds of sales by the day the money went back (services.order_stats counts the same)."""
    done = seen_by(Refund.objects.gone_back().of_sales(), viewer, _REFUNDS)
    measures = {"number": (Count, "pk"), "amount": (Sum, "amount")}
    return Flow(**by_day(done, "succeeded_at", now=now, count=count, **measures))


def refund_queues(viewer: User | None = None) -> RefundQueues:
    """Refunds that wait for a reviewer or a second one, and those the provider refused."""
    statuses = (RefundStatus.REQUESTED, RefundStatus.CONFIRMING, RefundStatus.FAILED)
    return RefundQueues(
        **seen_by(Refund.objects.filter(status__in=statuses), viewer, _REFUNDS)
        .order_by()
        .aggregate(**{status: Count("pk", filter=Q(status=status)) for status in statuses})
    )


def unhandled_anomalies(viewer: User | None = None) -> int:
    return seen_by(PaymentAnomaly.objects.filter(handled_at=None), viewer, _ANOMALIES).count()


def offline_waiting(viewer: User | None = None) -> int:
    """Records of money taken in or given back by hand that nobody has confirmed."""
    waiting = OfflineRecord.objects.filter(status=OfflineStatus.WAITING)
    return seen_by(waiting, viewer, _OFFLINE).count()


def to_pay_back(viewer: User | None = None) -> int:
    """Refunds that somebody has to give back by hand."""
    due = Refund.objects.filter(
        status=RefundStatus.PROCESSING, payment__method=PaymentMethod.OFFLINE
    )
    return seen_by(due, viewer, _REFUNDS).count()


def spending(user_ids: Sequence[int]) -> dict[int, tuple[int, datetime]]:
    """{user: (paid orders, the last one's moment)} of those who ever paid."""
    paid = Order.objects.sold().filter(user__in=user_ids).order_by()
    rows = paid.values_list("user").annotate(number=Count("pk"), last=Max("paid_at"))
    return {user_id: (number, last) for user_id, number, last in rows}


def panel(user: User, now: datetime) -> Panel:
    """The dashboard's part about money."""
    figures, queues, lines = [], [], []
    if user.has_perm(_PAYMENTS):
        paid = sales(now, viewer=user)
        page = "admin:commerce_order_changelist"
        figures += [
            Figure("已付订单", paid.number, "receipt_long", page),
            Figure("收款", paid.amount, "payments", page, money=True),
        ]
        lines += [
            Line("近 14 天业务量", "已付订单", paid.number),
            Line("近 14 天收款与退款（元）", "收款", paid.amount),
        ]
    if user.has_perm(_REFUNDS):
        returned, waiting = refunds(now, viewer=user), refund_queues(user)
        page = "admin:commerce_refund_changelist"
        figures.append(Figure("退款", returned.amount, "currency_exchange", page, money=True))
        lines.append(Line("近 14 天收款与退款（元）", "退款", returned.amount))
        queues += [
            Queue("待审核的退款", waiting.requested, page, "status__exact=requested"),
            Queue("待复核的退款", waiting.confirming, page, "status__exact=confirming"),
            Queue("退款异常", waiting.failed, page, "status__exact=failed"),
        ]
    if user.has_perm(_OFFLINE):
        page = "admin:commerce_offlinerecord_changelist"
        by_hand = "status__exact=processing&payment__method__exact=offline"
        queues += [
            Queue("待复核的线下收退款", offline_waiting(user), page, "status__exact=waiting"),
            Queue("待线下退回", to_pay_back(user), "admin:commerce_refund_changelist", by_hand),
        ]
    if user.has_perm(_ANOMALIES):
        page, query = "admin:commerce_paymentanomaly_changelist", "handled_at__isnull=True"
        queues.append(Queue("未处理的资金异常", unhandled_anomalies(user), page, query))
    return Panel(figures, queues, lines)
