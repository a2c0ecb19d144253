"""What cancelling costs, by the policy that was frozen when the session was booked."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.utils import timezone
from django.utils.translation import gettext as _

from counseling.models import Appointment, AppointmentStatus

CENT = Decimal("0.01")


@dataclass(frozen=True)
class CancelPreview:
    """fee and refund in yuan; until: how long this answer stays true; policy: for a person."""

    fee: Decimal
    refund: Decimal
    until: datetime
    policy: str


def preview_cancel(
    appointment: Appointment, now: datetime, *, by_client: bool = True
) -> CancelPreview:
    """What cancelling at `now` costs.  Counselor and staff (by_client false) cancel free of charge.

    Free up to and including free_cancel_until, a fee up to and including fee_cancel_until.
    """
    unpaid = appointment.status == AppointmentStatus.PENDING_PAYMENT
    price = Decimal(0) if unpaid else appointment.price
    percent, until = _tier(appointment, now) if by_client else (0, appointment.start_at)
    fee = (price * percent / 100).quantize(CENT, ROUND_HALF_UP)
    return CancelPreview(fee, price - fee, until, policy_text(appointment))


def _tier(appointment: Appointment, now: datetime) -> tuple[int, datetime]:
    if now <= appointment.free_cancel_until:
        return 0, appointment.free_cancel_until
    if now <= appointment.fee_cancel_until:
        return appointment.cancel_fee_percent, appointment.fee_cancel_until
    return 100, appointment.start_at


def policy_text(appointment: Appointment) -> str:
    return _(
        "%(free)s 前可免费取消；此后至 %(fee)s 前取消收取 %(percent)s%% 费用；再之后取消不退款"
    ) % {
        "free": _moment(appointment.free_cancel_until),
        "fee": _moment(appointment.fee_cancel_until),
        "percent": appointment.cancel_fee_percent,
    }


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
