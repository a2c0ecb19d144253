"""Appointments that are paid, cancelled and refunded in a hurry, and who is told of it (Q-5)."""

import threading
from collections.abc import Callable
from contextlib import suppress

from accounts.channels import ChannelError
from accounts.models import Notification, NotificationTemplate
from commerce.gateways.base import RefundResult, RefundState
from commerce.models import Refund
from commerce.services.payments import deliver
from commerce.services.refunds import conclude_refund, settle_refund
from config.errors import Busy
from counseling.models import Appointment
from counseling.services.appointments import cancel
from tests.factories.counseling import pay

SEEN: list[tuple[int, str]] = []  # (user, template) as it reached the outside
_tried: set[int] = set()
_lock = threading.Lock()
# How far the i-th goes, and what is then true of it.
ENDS = ["appointment_confirmed", "appointment_cancelled", "refund_succeeded"]


class SlowAtFirst:
    """A channel of this suite: the confirmation never gets through at its first attempt."""

    def send(self, note):
        with _lock:
            first = note.pk not in _tried
            _tried.add(note.pk)
            if first and note.template == "appointment_confirmed":
                raise ChannelError("busy")
            SEEN.append((note.user_id, note.template))
        return ""


def tell_by(settings, channel: str) -> None:
    """Everything about an appointment leaves the app, by that channel alone."""
    SEEN.clear()
    _tried.clear()
    settings.NOTIFICATION_CHANNELS = settings.NOTIFICATION_CHANNELS | {"sms": channel}
    told = NotificationTemplate.objects.filter(code__in=[*ENDS, "appointment_new"])
    told.update(channels=["in_app", "sms"])


def hurry(appointment: Appointment, i: int) -> str:
    """Pay, cancel and refund, as far as `i` goes; which notice tells how it ended."""
    end = ENDS[i % 3]
    insist(lambda: deliver(pay(appointment)))
    if end != ENDS[0]:
        insist(lambda: cancel(appointment.pk, actor=appointment.user))
    if end == ENDS[2]:
        refund = Refund.objects.get(order=appointment.order_item.order)
        done = RefundResult(refund.number, RefundState.SUCCEEDED, amount=refund.amount)
        insist(lambda: settle_refund(refund.number, done))
        insist(lambda: conclude_refund(refund))
    return end


def insist(job: Callable[[], object]) -> None:
    """As clients, providers and beat do where too many are at it: once more."""
    for _ in range(50):
        with suppress(Busy):
            job()
            return
    raise Busy


def last_seen(user) -> tuple[str, str]:
    """The last notice that reached somebody outside, and the last in the message centre."""
    outside = [template for who, template in SEEN if who == user.pk]
    inside = Notification.objects.visible_to(user).order_by("-pk").first()
    return outside[-1], inside.template
