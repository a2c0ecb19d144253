"""Orders and refunds on chosen days of November 2026."""

from datetime import UTC, date, datetime
from decimal import Decimal

from accounts.models import User
from commerce.models import Order, Payment, Refund
from config.days import SHANGHAI
from tests.factories.accounts import UserFactory

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)  # 11:00 in Shanghai
TODAY = date(2026, 11, 20)
SPAN = {"from": "2026-11-01", "to": "2026-11-20"}


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, 30, tzinfo=SHANGHAI)


def sold(day=TODAY, amount="100.00", *, kind="product", method="wechat", merchant=None, hour=12):
    """A paid order of that day; its payment when there was something to pay."""
    user = User.objects.first() or UserFactory()
    number = f"X{Order.objects.count():08}"
    order = Order.objects.create(
        number=number, user=user, status="paid", kind=kind, method=method, merchant=merchant,
        total_amount=Decimal(amount), expires_at=NOW, paid_at=at(day, hour),
    )  # fmt: skip
    if method:
        order.paid_by = attempt(order, method)
        order.save()
    return order


def attempt(order, method="wechat") -> Payment:
    return Payment.objects.create(
        number=f"P{Payment.objects.count():08}", order=order, method=method,
        amount=order.total_amount, status="succeeded", expires_at=NOW, paid_at=order.paid_at,
    )  # fmt: skip


def returned(order, day, amount, *, reason="other", payment=None, hour=12) -> Refund:
    return Refund.objects.create(
        number=f"R{Refund.objects.count():08}", order=order, payment=payment or order.paid_by,
        key=f"{Refund.objects.count()}", amount=Decimal(amount), status="succeeded",
        reason_code=reason, succeeded_at=at(day, hour),
    )  # fmt: skip
