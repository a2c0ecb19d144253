"""On the spot: the buyer shows a code, the seller's till takes it once."""

from django.utils import timezone

from accounts.audit import move
from accounts.models import User
from accounts.services import limits
from commerce.errors import (
    CodeMalformed,
    CodeUnknown,
    CodeUsed,
    NotVerifiable,
    RefundOpen,
    TooManyGuesses,
)
from commerce.models import MemberRole, Order, OrderStatus, VerificationCode
from commerce.services import order_notices
from commerce.services.codes import normal_code
from commerce.services.handing_over import has_open_refund, waiting_times
from commerce.services.orders import lock_order
from commerce.services.reports import report_later
from config.db import transact

GUESSES_PER_HOUR = 20
HOUR = 3600


def verify_code(text: str, *, actor: User) -> Order:
    """PAID to VERIFIED by the code its buyer showed; once, whoever of the seller's takes it.

    CodeMalformed for a slip of the finger.  CodeUnknown for a code that is nobody's, or of an
    order that is not `actor`'s to serve: each counts as a guess, and after GUESSES_PER_HOUR
    comes TooManyGuesses.  CodeUsed, NotVerifiable and RefundOpen as they say.
    """
    code = normal_code(text)
    if code is None:
        raise CodeMalformed
    key = _take_guess(actor)
    order_id = _order_of(code, actor)
    if order_id is None:
        raise CodeUnknown
    limits.restore_budget(key)
    return _verify(order_id, actor)


def _take_guess(actor: User) -> str:
    """Taken before we look, so that guesses side by side are no more than one after another."""
    now = timezone.now()
    key = f"verify:{actor.pk}:{now:%Y%m%d%H}"
    limits.make_counters([key])
    if not limits.spend_budget(key, GUESSES_PER_HOUR):
        raise TooManyGuesses(retry_after=HOUR - now.minute * 60 - now.second)
    return key


def _order_of(code: str, actor: User) -> int | None:
    found = VerificationCode.objects.filter(
        code=code, order__in=Order.objects.served_by(actor, MemberRole.values)
    )
    return found.values_list("order_id", flat=True).first()


@transact
def _verify(order_id: int, actor: User) -> Order:
    order = lock_order(order_id)
    code = VerificationCode.objects.get(order=order)
    if code.used_at is not None:
        raise CodeUsed(used_at=code.used_at)
    if order.status != OrderStatus.PAID:
        raise NotVerifiable(status=order.status)
    if has_open_refund(order):
        raise RefundOpen
    now = timezone.now()
    unused = VerificationCode.objects.filter(pk=code.pk, used_at=None)
    if not unused.update(used_at=now, used_by=actor, updated_at=now):
        raise CodeUsed
    move(order, OrderStatus.VERIFIED, actor=actor, **waiting_times(now))
    order_notices.verified(order)
    report_later(order)
    return order
