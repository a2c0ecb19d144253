"""Ten thousand overdue orders (performance E1): expired in batches against one by one.

One by one is the real service of one order, as orders with a payment attempt go.  Both write all
that expiring an order promises: the move and its log, what it held, the buyer's notices.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from accounts.models import AgreementKind, Notification, StatusChange, User
from accounts.services.consents import current_agreement
from commerce.models import Merchant, Order, OrderItem, Payment, Product, StockMovement
from commerce.services.expiry import Lines, close_overdue
from commerce.services.sweeps import close_overdue_orders
from counseling.models import Appointment, ClientProfile, Counselor, Service, TimeSlot
from tests.benchmarks.sql.frame import Question

ORDERS, PRODUCTS, BUYERS, COUNSELORS = 10_000, 50, 1000, 50
ONE_BY_ONE = 500  # of them, for comparison: all would take a minute a round
TABLES = [Order, OrderItem, Payment, Product, Appointment, TimeSlot, StockMovement, Notification]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Known:
    goods: list[int]
    sessions: list[int]
    now: datetime


def fill(scale: float) -> Known:
    now = timezone.now()
    count = max(int(ORDERS * scale), 100)
    users = User.objects.bulk_create(User(username=f"sweep{n}") for n in range(BUYERS))
    merchant = Merchant.objects.create(
        user=users[0], merchant_type="flower_shop", business_name="X", business_license="SWEEP",
        status="approved", submitted_at=now,
    )  # fmt: skip
    goods = _orders("G", count, users, now)
    _sell(goods, merchant)
    sessions = _orders("S", count, users, now)
    _book(sessions, users)
    return Known([order.pk for order in goods], [order.pk for order in sessions], now)


def _orders(letter: str, count: int, users: list[User], now: datetime) -> list[Order]:
    rows = (
        Order(
            number=f"SWEEP{letter}{n:08}", user=users[n % len(users)], status="cancelled",
            total_amount=Decimal(10), expires_at=now - MINUTE,
        )
        for n in range(count)
    )  # fmt: skip
    Order.objects.bulk_create(rows, batch_size=1000)
    return list(Order.objects.filter(number__startswith=f"SWEEP{letter}").order_by("pk"))


def _items(kind: str, orders: list[Order], targets: list[int]) -> list[OrderItem]:
    rows = (
        OrderItem(
            order=order, kind=kind, target_id=targets[n % len(targets)], title="X",
            unit_price=Decimal(10),
        )
        for n, order in enumerate(orders)
    )  # fmt: skip
    OrderItem.objects.bulk_create(rows, batch_size=1000)
    return list(OrderItem.objects.filter(order__in=orders).order_by("order_id"))


def _sell(orders: list[Order], merchant: Merchant) -> None:
    products = Product.objects.bulk_create(
        Product(merchant=merchant, name=f"X{n}", price=10, category="鲜花", status="on_sale")
        for n in range(PRODUCTS)
    )
    _items("product", orders, [product.pk for product in products])


def _book(orders: list[Order], users: list[User]) -> None:
    counselors = Counselor.objects.bulk_create(
        Counselor(user=user, name="X", status="published") for user in users[:COUNSELORS]
    )
    services = Service.objects.bulk_create(Service(counselor=one, price=10) for one in counselors)
    clients = ClientProfile.objects.bulk_create(
        ClientProfile(user=user, name="X", birth_date="1990-05-01") for user in users
    )
    start = timezone.now() + timedelta(days=2)
    TimeSlot.objects.bulk_create(
        TimeSlot(
            counselor=counselors[n % COUNSELORS], status="held",
            start_at=start + n // COUNSELORS * timedelta(hours=1),
            end_at=start + n // COUNSELORS * timedelta(hours=1) + 50 * MINUTE,
        )
        for n in range(len(orders))
    )  # fmt: skip
    slots = list(TimeSlot.objects.filter(counselor__in=counselors).order_by("pk"))
    items = _items("appointment", orders, [slot.pk for slot in slots])
    agreement = current_agreement(AgreementKind.BOOKING)
    rows = (
        Appointment(
            number=f"SWEEP{n:08}", order_item=item, user=orders[n].user, counselor=slot.counselor,
            client=clients[n % len(clients)], slot=slot, service=services[n % COUNSELORS],
            kind="first", mode="video", start_at=slot.start_at, end_at=slot.end_at, price=10,
            fee_cancel_until=slot.start_at, free_cancel_until=slot.start_at, cancel_fee_percent=0,
            agreement=agreement,
        )
        for n, (item, slot) in enumerate(zip(items, slots, strict=True))
    )  # fmt: skip
    Appointment.objects.bulk_create(rows, batch_size=1000)


def questions(known: Known) -> list[Question]:
    return [
        _sweep("sweep: orders of goods", known.goods, known.now),
        _sweep("sweep: appointments", known.sessions, known.now),
    ]


def _sweep(name: str, order_ids: list[int], now: datetime) -> Question:
    some = order_ids[:ONE_BY_ONE]
    return Question(
        name,
        lambda: _all(order_ids, close_overdue_orders(now, limit=ORDERS)),
        full=lambda: _all(some, sum(close_overdue(pk, now=now, lines=Lines()) for pk in some)),
        full_share=len(some) / len(order_ids),
        before=_make_due(order_ids),
        gain=20,
    )


def _all(order_ids: list[int], expired: int) -> None:
    if expired != len(order_ids):
        raise RuntimeError(f"{expired} of {len(order_ids)} orders expired")


def _make_due(order_ids: list[int]) -> Callable[[], None]:
    """As if nothing had been swept, and only these were unpaid."""

    def again() -> None:
        with connection.cursor() as cursor:
            for model in (StatusChange, Notification, StockMovement):
                cursor.execute(f"DELETE FROM {model._meta.db_table}")
        Order.objects.update(status="cancelled")
        Order.objects.filter(pk__in=order_ids).update(status="pending")
        Product.objects.update(held=ORDERS, total=ORDERS, stock=0)
        TimeSlot.objects.update(status="held")
        Appointment.objects.update(status="pending_payment")

    return again
