from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from commerce.models import (
    AnomalyKind,
    Order,
    Payment,
    PaymentAnomaly,
    Refund,
    RefundReason,
    RefundStatus,
)
from commerce.stats import RefundQueues, refund_queues, refunds, sales, unhandled_anomalies
from config.numbers import new_number

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # noon in Shanghai


def paid(user, amount, hours_ago) -> Order:
    at = NOW - timedelta(hours=hours_ago)
    return Order.objects.create(
        number=new_number("ORD"),
        user=user,
        status="paid",
        total_amount=Decimal(amount),
        expires_at=at,
        paid_at=at,
    )


def refunded(order, amount, status=RefundStatus.SUCCEEDED, hours_ago=0) -> Refund:
    payment = order.payments.first() or Payment.objects.create(
        number=new_number("PAY"),
        order=order,
        method="wechat",
        amount=order.total_amount,
        expires_at=NOW,
        next_query_at=NOW,
    )
    Order.objects.filter(pk=order.pk, paid_by=None).update(paid_by=payment)
    return Refund.objects.create(
        number=new_number("REF"),
        order=order,
        payment=payment,
        key=new_number("KEY"),
        amount=Decimal(amount),
        status=status,
        reason_code=RefundReason.OTHER,
        next_try_at=NOW,
        succeeded_at=NOW - timedelta(hours=hours_ago) if status == "succeeded" else None,
    )


def test_sales_are_counted_on_the_day_they_were_paid(user):
    paid(user, "300.10", 1)
    paid(user, "200.20", 11)  # 01:00 today
    paid(user, "100.00", 13)  # 23:00 yesterday
    paid(user, "50.00", 25)  # 11:00 yesterday: before this time of day
    Order.objects.create(number="O", user=user, total_amount=9, expires_at=NOW)  # never paid

    found = sales(NOW, count=3)

    assert found.number.values == [0, 2, 2]
    assert found.amount.values == [0, Decimal("150.00"), Decimal("500.30")]
    assert found.amount.yesterday_so_far == Decimal("50.00")


def test_refunds_are_counted_on_the_day_the_money_went_back(user):
    order = paid(user, "300.00", 60)
    refunded(order, "90.00", hours_ago=2)
    refunded(order, "10.00", hours_ago=14)
    refunded(order, "5.00", status=RefundStatus.PROCESSING)

    found = refunds(NOW, count=2)

    assert found.number.values == [1, 1]
    assert found.amount.values == [Decimal("10.00"), Decimal("90.00")]


def test_refunds_that_wait_are_counted_in_one_statement(user, django_assert_num_queries):
    order = paid(user, "300.00", 1)
    for status in (RefundStatus.REQUESTED, RefundStatus.REQUESTED, RefundStatus.FAILED):
        refunded(order, "1.00", status=status)
    refunded(order, "1.00")

    with django_assert_num_queries(1):
        assert refund_queues() == RefundQueues(requested=2, confirming=0, failed=1)


def test_handled_anomalies_no_longer_wait(user):
    PaymentAnomaly.objects.create(kind=AnomalyKind.LATE, dedupe_key="1")
    PaymentAnomaly.objects.create(kind=AnomalyKind.LATE, dedupe_key="2", handled_at=NOW)

    assert unhandled_anomalies() == 1
