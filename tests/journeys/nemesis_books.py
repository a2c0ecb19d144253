"""What a storm left behind: what is unresolved, and where three books differ."""

import os
from collections import Counter
from datetime import timedelta

import django

from tests.journeys.stack import Stack


class Books:
    """The stack's own rows, read beside it; `book` is what the sandbox's provider wrote down."""

    def __init__(self, stack: Stack):
        """Sets Django up for the stack's database: once per process."""
        os.environ["VAR_DIR"] = str(stack.var)
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{stack.var}/db.sqlite3")
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
        django.setup()

    def unresolved(self) -> dict[str, int]:
        """{what: how many} of everything that somebody or a sweep still has to end."""
        from django.utils import timezone

        from accounts.models import Notification
        from commerce.models import Order, Payment, Refund, RefundStatus

        # The last waits for a second person, which no time resolves.
        ends = (RefundStatus.SUCCEEDED, RefundStatus.REJECTED, RefundStatus.CONFIRMING)
        left = {
            "payments": Payment.objects.open(),
            "deliveries": Payment.objects.filter(status="succeeded").exclude(next_query_at=None),
            "refunds": Refund.objects.exclude(status__in=ends),
            "refunds to conclude": Refund.objects.filter(status="succeeded").exclude(
                next_try_at=None
            ),
            "orders": Order.objects.overdue(timezone.now() + timedelta(minutes=1)),
            "notices": Notification.objects.filter(
                status__in=("pending", "sending"), due_at__lte=timezone.now()
            ),
        }
        return {name: number for name, rows in left.items() if (number := rows.count())}

    def differences(self, book: dict) -> dict[str, list]:
        return {
            "the ledger, payments and orders": self._flaws(),
            "payments and the provider's book": self._off_the_book(book["net_by_trade"]),
            "stock and orders": self._stock(),
            "orders paid and what their payments brought": self._paid(),
            "orders paid and what their buyers were told": self._told(),
        }

    def sums(self) -> dict[str, str]:
        from django.db.models import Sum

        from commerce.models import LedgerTransaction, Order, Payment, Refund

        came = Payment.objects.filter(status="succeeded").aggregate(sum=Sum("amount"))["sum"]
        went = Refund.objects.filter(status="succeeded").aggregate(sum=Sum("amount"))["sum"]
        return {
            "orders": Order.objects.count(), "came": came, "went_back": went,
            "transactions": LedgerTransaction.objects.count(),
        }  # fmt: skip

    def _flaws(self) -> list[str]:
        from commerce.services.ledger_check import flaws

        return [str(flaw) for flaw in flaws()]

    def _off_the_book(self, net_by_trade: dict[str, int]) -> list[str]:
        """Payments by WeChat whose money, in fen, is not what the provider says."""
        from commerce.gateways.money import fen
        from commerce.models import Payment, Refund

        ours: dict[str, int] = {}
        wechat = Payment.objects.filter(method="wechat", status="succeeded")
        for number, amount in wechat.values_list("number", "amount"):
            ours[number] = fen(amount)
        back = Refund.objects.filter(payment__method="wechat", status="succeeded")
        for number, amount in back.values_list("payment__number", "amount"):
            ours[number] -= fen(amount)
        return [
            f"{number}: {ours.get(number, 0)} here, {net_by_trade.get(number, 0)} there"
            for number in sorted(ours | net_by_trade)
            if ours.get(number, 0) != net_by_trade.get(number, 0)
        ]

    def _stock(self) -> list[str]:
        """Products whose pieces sold and held are not those of their orders."""
        from django.db.models import Sum

        from commerce.models import OrderItem, Product

        wrong = []
        for product in Product.objects.all():
            lines = OrderItem.objects.filter(kind="product", target_id=product.pk)
            for name, statuses in (
                ("sold", ("paid", "shipped", "verified", "completed", "refunding")),
                ("held", ("pending",)),
            ):
                rows = lines.filter(order__status__in=statuses)
                expected = rows.aggregate(sum=Sum("quantity"))["sum"] or 0
                if getattr(product, name) != expected:
                    wrong.append(f"{product}: {getattr(product, name)} {name}, not {expected}")
        return wrong

    def _paid(self) -> list[str]:
        """Money kept for an order that is not sold, or none for one that is."""
        from commerce.models import Order

        sold = ("paid", "shipped", "verified", "completed", "refunding", "refunded")
        free = Order.objects.filter(status__in=sold, paid_by=None, total_amount__gt=0)
        return [order.number for order in free]

    def _told(self) -> list[str]:
        """Paid orders whose buyer was told of it never, or more than once (Q-1)."""
        from accounts.models import Notification
        from commerce.models import Order
        from commerce.services.order_notices import subject_of

        notices = Notification.objects.filter(template="order_paid", channel="in_app")
        told = Counter(notices.values_list("subject", flat=True))
        paid = Order.objects.exclude(paid_by=None).exclude(fulfilment="none")
        return [
            f"{order}: {told[subject_of(order.pk)]} times"
            for order in paid
            if told[subject_of(order.pk)] != 1
        ]
