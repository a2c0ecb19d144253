"""Claims from the wish to their end.

Locks: the order first, then animal, then claim.  Whoever holds the order's lock is the only one
to move its claim, so reading the claim after it is enough to decide.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.scope import reaches
from commerce.models import Order, OrderStatus, RefundReason
from commerce.payables import Want
from commerce.services.orders import complete_order, place_order
from commerce.services.refunds import WAITING, open_refund
from config.db import transact
from config.errors import Forbidden, NotFound, ReasonNeeded, StaleState
from config.sweeping import each
from farm.errors import EndNotAsked
from farm.models import AnimalClaim, ClaimRenewal, ClaimStatus, EndKind, RenewalStatus
from farm.services import notices
from farm.services.availability import lock_animal, settle
from farm.services.terms import EndPreview, periods_of, preview_end
from farm.services.waiting import waiting_at

KIND = "animal_claim"
PERMISSION = "farm.end_animalclaim"
Orders = dict[int, Order]


def claim_animal(animal_id: int, *, user: User, price_paid: Decimal) -> AnimalClaim:
    """Hold an animal for `user`, with the order that pays it; a free one is theirs at once.

    price_paid: what the person was shown; PriceChanged when it costs another amount.  Asked
    again while that order waits for its money, it is the same claim.  Raises the refusals of
    services.claiming; nothing is written then.
    """
    pending = AnimalClaim.objects.filter(user=user, animal_id=animal_id, status=ClaimStatus.PENDING)
    if waiting := waiting_at(price_paid, pending):
        return waiting
    order = place_order(user=user, wants=[Want(KIND, animal_id, expected_price=price_paid)])
    return AnimalClaim.objects.get(order_item__order=order)


def preview_for(claim_id: int, *, actor: User, now: datetime) -> EndPreview:
    """What ending it now would give back; refuses what ending it would refuse."""
    claim = _visible(claim_id, actor)
    claim.TRANSITIONS.check(claim.status, ClaimStatus.ENDED)
    return preview_end(claim, now)


@transact
def ask_to_end(
    claim_id: int, *, user: User, reason: str, now: datetime | None = None
) -> AnimalClaim:
    """The claimant wishes to end it early; merchant or staff decide.  Asked again, it is the
    first time that counts."""
    _orders, claim = _lock(claim_id)
    if claim.user_id != user.pk:
        raise NotFound
    claim.TRANSITIONS.check(claim.status, ClaimStatus.ENDED)
    if claim.end_asked_at is None:
        claim.end_asked_at, claim.end_asked_reason = now or timezone.now(), reason[:200]
        claim.save(update_fields=["end_asked_at", "end_asked_reason", "updated_at"])
        notices.end_asked(claim.pk)
    return claim


@transact
def refuse_end(claim_id: int, *, actor: User, reason: str) -> AnimalClaim:
    """Turn the claimant's wish down, with a reason; EndNotAsked when there is none."""
    _orders, claim = _lock(claim_id)
    _check_may_end(claim, actor, reason)
    if claim.end_asked_at is None or claim.status != ClaimStatus.ACTIVE:
        raise EndNotAsked
    claim.end_asked_at, claim.end_asked_reason = None, ""
    claim.save(update_fields=["end_asked_at", "end_asked_reason", "updated_at"])
    notices.end_refused(claim.pk, reason=reason)
    return claim


@transact
def end_early(
    claim_id: int, *, actor: User, reason: str, now: datetime | None = None
) -> AnimalClaim:
    """Merchant or staff end a claim; what it was not used for goes back.

    Asked for by the claimant, the days count up to that moment: waiting costs them nothing.
    """
    orders, claim = _lock(claim_id)
    _check_may_end(claim, actor, reason)
    now = now or timezone.now()
    code = RefundReason.CANCELLED if claim.end_asked_at else RefundReason.OTHER
    until = claim.end_asked_at or now
    _end(orders, claim, EndKind.EARLY, now=now, until=until, actor=actor, reason=reason, code=code)
    return claim


def _check_may_end(claim: AnimalClaim, actor: User, reason: str) -> None:
    """Whoever claimed it is the claimant, whatever else they are."""
    if claim.user_id == actor.pk:
        raise Forbidden
    if claim.merchant.user_id != actor.pk and not reaches(AnimalClaim, claim.pk, actor, PERMISSION):
        raise NotFound
    if not reason.strip():
        raise ReasonNeeded


def end_for_loss(claim_id: int, *, actor: User, reason: str, now: datetime) -> None:
    """The animal is dead or gone; call it in the transaction that says so of the animal."""
    orders, claim = _lock(claim_id)
    if claim.status == ClaimStatus.ACTIVE:
        _end(
            orders, claim, EndKind.LOSS, now=now, until=now, actor=actor, reason=reason,
            code=RefundReason.SERVICE,
        )  # fmt: skip


def _end(
    orders: Orders, claim: AnimalClaim, kind: EndKind, *, now: datetime, until: datetime,
    actor: User | None, reason: str, code: RefundReason,
) -> None:  # fmt: skip
    """End a claim whose orders are locked, and give back what is left of each price at `until`.

    StaleState when it was renewed in this very moment: that order is not locked.
    """
    claim.TRANSITIONS.check(claim.status, ClaimStatus.ENDED)
    animal = lock_animal(claim.animal_id)
    claim.refresh_from_db(fields=["ends_at"])  # renewals move it, under the animal's lock
    periods = periods_of(claim)
    if {period.order_id for period in periods} - orders.keys():
        raise StaleState
    move(
        claim, ClaimStatus.ENDED, actor=actor, reason=reason, ended_at=now, ended_by=actor,
        end_kind=kind, end_reason=reason[:200],
    )  # fmt: skip
    settle(animal)
    back = Decimal(0)
    for period in periods:
        order = orders[period.order_id]
        refund = _refundable(order, period.refund(until))
        if refund:
            open_refund(
                order.paid_by, amount=refund, key="claim-end", reason_code=code, reason=reason,
                actor=actor,
            )  # fmt: skip
        elif order.status == OrderStatus.PAID:
            complete_order(order.pk, actor=actor)
        back += refund
    notices.ended(claim.pk, refund=back)


def _refundable(order: Order, amount: Decimal) -> Decimal:
    """Of `amount`, what was paid and did not go back for another reason.

    What the buyer asked for and nobody approved yet still counts: it gives way to this refund.
    """
    payment = order.paid_by
    if payment is None:
        return Decimal(0)
    own = payment.refunds.filter(status__in=WAITING, requested_by=order.user_id)
    asked = own.aggregate(sum=Sum("amount"))
    return min(amount, payment.amount - payment.refunded_amount + (asked["sum"] or 0))


def end_due(*, now: datetime | None = None, limit: int = 500) -> int:
    """End claims whose time is over (C-6); how many."""
    now = now or timezone.now()
    due = AnimalClaim.objects.due(now).order_by("ends_at").values_list("pk", flat=True)
    return each(due[:limit], _end_due, now=now)


@transact
def _end_due(claim_id: int, now: datetime) -> bool:
    orders, claim = _lock(claim_id)
    animal = lock_animal(claim.animal_id)
    if not AnimalClaim.objects.due(now).filter(pk=claim.pk).exists():
        return False
    move(claim, ClaimStatus.ENDED, reason="到期", ended_at=claim.ends_at, end_kind=EndKind.TERM)
    settle(animal)
    for order in orders.values():
        if order.status == OrderStatus.PAID:
            complete_order(order.pk)
    notices.term_over(claim.pk)
    return True


def _visible(claim_id: int, actor: User) -> AnimalClaim:
    claim = AnimalClaim.objects.visible_to(actor).filter(pk=claim_id).first()
    if claim is None:
        raise NotFound
    return claim


def _lock(claim_id: int) -> tuple[Orders, AnimalClaim]:
    """The orders that paid for it, locked, its own first, and the claim as it is from then on."""
    rows = AnimalClaim.objects.filter(pk=claim_id)
    order_id = rows.values_list("order_item__order_id", flat=True).first()
    if order_id is None:
        raise NotFound
    renewals = ClaimRenewal.objects.filter(claim=claim_id, status=RenewalStatus.PAID)
    paid = [order_id, *renewals.values_list("order_item__order_id", flat=True)]
    orders = {order.pk: order for order in Order.objects.locked().filter(pk__in=paid)}
    return orders, rows.select_related("merchant", "order_item").get()
