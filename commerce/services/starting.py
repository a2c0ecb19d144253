"""Starting to pay an order: one attempt, told to the provider, handed to the client."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from accounts.models import User, WeChatIdentity
from commerce.errors import (
    OrderNotPayable,
    PayerUnknown,
    ProviderRefused,
    ProviderUnavailable,
    UnknownMethod,
)
from commerce.gateways.base import Gateway, GatewayError, GatewayUnknown, gateway_for
from commerce.models import Order, OrderItem, OrderStatus, Payment, PaymentStatus
from commerce.services.orders import stop_attempts
from commerce.services.payments import mark_closed, take_answer
from config.db import transact
from config.errors import NotFound
from config.numbers import new_number
from config.prepared import Prepared, PreparedUpdate
from config.rows import insert, made, new

logger = logging.getLogger(__name__)

# A prepay id lives two hours (WeChat Pay, JSAPI prepay); a new one is asked for a little before.
PREPAY_LIFE = timedelta(minutes=115)
FIRST_QUERY = timedelta(seconds=5)
# Said of an attempt that nobody can pay any more, though we did not know: take another one.
DEAD = {"ORDER_CLOSED", "OUT_TRADE_NO_USED"}


@dataclass(frozen=True)
class StartedPayment:
    """An attempt, and what the client hands to the provider's SDK."""

    payment: Payment
    parameters: Mapping[str, Any]


def start_payment(order_id: int, *, user: User, method: str) -> StartedPayment:
    """Let `user` pay a pending order of theirs; asked again, it is the same attempt.

    The attempt is on record before the provider hears of it, because its notice may come before
    its answer.  An order can be paid until expires_at; the provider may let a payment that
    comes a little later through, which is why expiry asks it first.  Raises NotFound,
    OrderNotPayable, UnknownMethod, PayerUnknown, ProviderRefused and ProviderUnavailable.
    """
    gateway = gateway_for(method)
    if not gateway.ready:
        raise UnknownMethod(method=method)
    payment, words = _attempt(order_id, user, method, gateway)
    if not _has_prepay(payment):
        try:
            payment = _prepay(gateway, payment, words)
        except _DeadAttempt:
            payment, words = _attempt(order_id, user, method, gateway)
            payment = _prepay(gateway, payment, words)
    return StartedPayment(payment, gateway.client_parameters(payment, description=words))


def _attempt(order_id: int, user: User, method: str, gateway: Gateway) -> tuple[Payment, str]:
    """The order's one attempt by that method and payer, and the words the provider shows."""
    try:
        return _live_attempt(order_id, user, method, gateway.payer_app)
    except IntegrityError:  # made by another request, after we looked and before we had the lock
        return _live_attempt(order_id, user, method, gateway.payer_app)


@transact
def _live_attempt(
    order_id: int, user: User, method: str, payer_app: str | None
) -> tuple[Payment, str]:
    """Two statements for a first attempt: the order is locked and all that decides comes along.

    has_live is seen as it was before the lock; live_order, which is unique, finds what came
    in between.  What else is live, by another method or payer, gets closed.
    """
    now = timezone.now()
    row = _order_to_pay.first(order=order_id, user=user.pk, app=payer_app or "")
    if row is None:
        raise NotFound
    order = made(Order, {name: row[name] for name in _ORDER_COLUMNS})
    if order.status != OrderStatus.PENDING or order.expires_at <= now:
        raise OrderNotPayable(status=order.status)
    if payer_app and row["payer"] is None:
        raise PayerUnknown
    payer = row["payer"] or ""
    live = _live_of.first(order=order.pk) if row["has_live"] else None
    if live is not None:
        if (live.method, live.payer, live.amount) == (method, payer, order.total_amount):
            live.order = order
            return live, _words(row)
        stop_attempts(order)
    attempt = new(
        Payment,
        number=new_number("PAY"),
        order=order,
        method=method,
        amount=order.total_amount,
        payer=payer,
        expires_at=order.expires_at,
        next_query_at=now + FIRST_QUERY,
    )
    return insert(attempt), _words(row)


_ORDER_COLUMNS = ("id", "number", "user_id", "status", "total_amount", "expires_at")


def _order_with_all(order: int, user: int, app: str) -> QuerySet:
    of_order = OrderItem.objects.filter(order=OuterRef("pk"))
    openids = WeChatIdentity.objects.filter(user=OuterRef("user_id"), appid=app)
    return (
        Order.objects.locked()
        .filter(pk=order, user_id=user)
        .annotate(
            payer=Subquery(openids.values("openid")[:1]),
            has_live=Exists(Payment.objects.live().filter(order=OuterRef("pk"))),
            title=Subquery(of_order.values("title")[:1]),
            items_count=Subquery(
                of_order.order_by().values("order").annotate(n=Count("pk")).values("n")
            ),
        )
        .values(*_ORDER_COLUMNS, "payer", "has_live", "title", "items_count")
    )


# Compiled once (config.prepared): what every payment asks.
_order_to_pay = Prepared(_order_with_all)
_live_of = Prepared(lambda order: Payment.objects.live().filter(order_id=order))


def _words(row: dict) -> str:
    more = row["items_count"] - 1
    return row["title"] + (f" 等 {more + 1} 件" if more else "")


def _has_prepay(payment: Payment) -> bool:
    return bool(payment.prepay_id) and timezone.now() - payment.prepaid_at < PREPAY_LIFE


class _DeadAttempt(Exception):
    pass


def _prepay(gateway: Gateway, payment: Payment, words: str) -> Payment:
    """Ask the provider for a prepay id and keep it; the same number and words on every try."""
    try:
        prepay_id = gateway.prepay(payment, description=words)
    except GatewayUnknown as error:
        logger.warning("prepay of %s: %s", payment.number, error)
        raise ProviderUnavailable from error
    except GatewayError as error:
        raise _refused(gateway, payment, error) from error
    return _keep_prepay(payment, prepay_id)


def _refused(gateway: Gateway, payment: Payment, error: GatewayError) -> Exception:
    """What to raise for a prepay that was refused, once we acted on why."""
    if error.code == "ORDER_PAID":
        take_answer(gateway, payment)
        return _not_payable(payment)
    if error.code in DEAD:
        mark_closed(payment.pk)
        return _DeadAttempt()
    logger.warning("prepay of %s refused: %s", payment.number, error)
    return ProviderUnavailable() if error.again else ProviderRefused(provider_code=error.code)


def _keep_prepay(payment: Payment, prepay_id: str) -> Payment:
    """Keep the id, unless a second click, a notice or a cancellation was faster."""
    now = timezone.now()
    kept = _prepaid(pk=payment.pk, prepay_id=prepay_id, now=now, dead=now - PREPAY_LIFE)
    if kept:
        payment.prepay_id, payment.prepaid_at = prepay_id, now
        return payment
    payment = Payment.objects.select_related("order").get(pk=payment.pk)
    if payment.status != PaymentStatus.PENDING:
        raise _not_payable(payment)
    return payment


_prepaid = PreparedUpdate(
    lambda pk, prepay_id, now, dead: (
        Payment.objects.filter(
            Q(prepay_id="") | Q(prepaid_at__lt=dead), pk=pk, status=PaymentStatus.PENDING
        ),
        {"prepay_id": prepay_id, "prepaid_at": now, "updated_at": now},
    )
)


def _not_payable(payment: Payment) -> OrderNotPayable:
    """Why an attempt cannot be paid: its order's status now, "paid" when its money is here."""
    status = Order.objects.values_list("status", flat=True).get(pk=payment.order_id)
    paid = Payment.objects.filter(pk=payment.pk, status=PaymentStatus.SUCCEEDED).exists()
    if paid and status == OrderStatus.PENDING:
        status = OrderStatus.PAID
    return OrderNotPayable(status=status)
