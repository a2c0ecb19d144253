"""What staff decide about refunds: one lets it go, above a limit another confirms (M-19).

Nobody decides about a refund of their own or one they asked for, and nobody decides twice.
"""

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services.notifications import notify
from commerce.errors import CannotReviewOwn, RefundUnderWay, SecondPersonNeeded
from commerce.models import Order, OrderStatus, Refund, RefundStatus
from commerce.services.order_notices import subject_of
from commerce.services.orders import lock_order
from commerce.services.refunds import WAITING, is_large, turn_down
from commerce.services.wake import REFUND, wake
from config.db import transact
from config.errors import IllegalTransition, NotFound
from config.numbers import new_number

# The provider's word for a refund that will never happen under its number.
CLOSED = "CLOSED"


def _reviewable(refund_id: int, actor: User) -> tuple[Order, Refund]:
    order_id = Refund.objects.filter(pk=refund_id).values_list("order_id", flat=True).first()
    order = lock_order(order_id)
    refund = Refund.objects.locked().get(pk=refund_id)
    if actor.pk in {refund.requested_by_id, order.user_id}:
        raise CannotReviewOwn
    return order, refund


@transact
def approve_refund(refund_id: int, *, actor: User, note: str = "") -> Refund:
    """Let a requested refund go out, or to a second person when the payment's refunds pass
    REFUND_SECOND_PERSON_ABOVE."""
    order, refund = _reviewable(refund_id, actor)
    if refund.status == RefundStatus.CONFIRMING:
        raise SecondPersonNeeded
    reviewed = {"reviewed_by": actor, "review_note": note[:200]}
    if is_large(refund.payment_id):
        refund.TRANSITIONS.check(refund.status, RefundStatus.APPROVED)
        move(refund, RefundStatus.CONFIRMING, actor=actor, reason=note, **reviewed)
    else:
        _send(order, refund, actor, note, **reviewed)
    return refund


@transact
def confirm_refund(refund_id: int, *, actor: User, note: str = "") -> Refund:
    """The second person's yes.  SecondPersonNeeded when it is the first one's again."""
    order, refund = _reviewable(refund_id, actor)
    refund.TRANSITIONS.check(refund.status, RefundStatus.APPROVED)
    if refund.status != RefundStatus.CONFIRMING or actor.pk == refund.reviewed_by_id:
        raise SecondPersonNeeded
    _send(order, refund, actor, note, confirmed_by=actor)
    return refund


def _send(order: Order, refund: Refund, actor: User, note: str, **changes) -> None:
    now = timezone.now()
    move(refund, RefundStatus.APPROVED, actor=actor, reason=note, next_try_at=now, **changes)
    if refund.closes_order and order.status != OrderStatus.REFUNDING:
        move(order, OrderStatus.REFUNDING, actor=actor, reason=refund.reason)
    wake(REFUND)


@transact
def reject_refund(refund_id: int, *, actor: User, note: str = "") -> Refund:
    """Turn a requested refund down and tell the buyer why.

    RefundUnderWay when what was bought is called off already: then the money has to go back.
    """
    order, refund = _reviewable(refund_id, actor)
    if refund.status in WAITING and refund.closes_order and order.status == OrderStatus.REFUNDING:
        raise RefundUnderWay
    turn_down(refund, actor=actor, note=note)
    notify(order.user, "refund_rejected", dedupe_key=f"refund:{refund.pk}:rejected",
           subject=subject_of(order.pk),
           number=order.number, amount=f"{refund.amount:.2f}", note=note)  # fmt: skip
    return refund


@transact
def retry_refund(refund_id: int, *, actor: User) -> Refund:
    """Try a failed refund again: under its number, unless the provider closed that for good."""
    refund = Refund.objects.locked().filter(pk=refund_id).first()
    if refund is None:
        raise NotFound
    if actor.pk == refund.order.user_id:
        raise CannotReviewOwn
    if refund.status != RefundStatus.FAILED:  # others may become APPROVED too, by other people
        raise IllegalTransition(old=refund.status, new=RefundStatus.APPROVED)
    number = new_number("REF") if refund.error == CLOSED else refund.number
    move(
        refund, RefundStatus.APPROVED, actor=actor, reason="重试", number=number, error="",
        attempts=0, next_try_at=timezone.now(),
    )  # fmt: skip
    wake(REFUND)
    return refund
