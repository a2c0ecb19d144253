"""What the two sides of an appointment are told.

Contexts hold no word about the client: notices are not encrypted.
"""

from decimal import Decimal

from django.utils import timezone

from accounts.services.notifications import notify
from commerce.services.order_notices import subject_of
from counseling.models import Appointment, Reschedule

# WeChat refuses a longer `thing` (47003); `name` takes ten Chinese characters.
THING, NAME = 20, 10


def confirmed(appointment_id: int) -> None:
    """Tell the client that the session stands and the counselor that somebody booked."""
    appointment = with_people(appointment_id)
    context = context_of(appointment)
    notify(
        appointment.user,
        "appointment_confirmed",
        dedupe_key=f"appointment_confirmed:{appointment.pk}",
        subject=subject_of(appointment.order_item.order_id),
        **context,
    )
    notify(
        appointment.counselor.user,
        "appointment_new",
        dedupe_key=f"appointment_new:{appointment.pk}",
        subject=subject_of(appointment.order_item.order_id),
        **context,
    )


def cancelled(appointment_id: int, *, refund: Decimal) -> None:
    """Tell both sides; the client also what comes back (yuan)."""
    appointment = with_people(appointment_id)
    context = context_of(appointment)
    outcome = f"退款 {refund:.2f} 元将原路退回" if refund else "本次取消无退款"
    for user, remark in (
        (appointment.user, outcome if appointment.price else "预约已取消"),
        (appointment.counselor.user, "预约已取消"),
    ):
        notify(
            user,
            "appointment_cancelled",
            dedupe_key=f"appointment_cancelled:{appointment.pk}:{user.pk}",
            subject=subject_of(appointment.order_item.order_id),
            remark=remark[:THING],
            **context,
        )


def rescheduled(moved: Reschedule) -> None:
    """Tell both sides the new time and the one it was."""
    appointment = with_people(moved.appointment_id)
    for user in (appointment.user, appointment.counselor.user):
        notify(
            user,
            "appointment_rescheduled",
            dedupe_key=f"appointment_rescheduled:{moved.pk}:{user.pk}",
            subject=subject_of(appointment.order_item.order_id),
            replaces=True,
            remark=f"原时间 {timezone.localtime(moved.start_at):%m-%d %H:%M}",
            **context_of(appointment),
        )


def reminder(appointment_id: int, *, hours: int) -> None:
    """Remind both sides of the start, once per start and `hours` ahead of it."""
    appointment = with_people(appointment_id)
    start = f"{appointment.start_at:%Y%m%d%H%M}"
    for user in (appointment.user, appointment.counselor.user):
        notify(
            user,
            "appointment_reminder",
            dedupe_key=f"appointment_reminder:{appointment.pk}:{start}:{hours}:{user.pk}",
            subject=subject_of(appointment.order_item.order_id),
            expires_at=appointment.start_at,
            **context_of(appointment),
        )


def reassigned(moved: Reschedule) -> None:
    """Tell the client who sees them instead, and that counselor that somebody comes."""
    appointment = with_people(moved.appointment_id)
    for user, template in (
        (appointment.user, "session_reassigned"),
        (appointment.counselor.user, "appointment_new"),
    ):
        notify(
            user,
            template,
            dedupe_key=f"{template}:{appointment.pk}:{moved.pk}",
            subject=subject_of(appointment.order_item.order_id),
            **context_of(appointment),
        )


def with_people(appointment_id: int) -> Appointment:
    related = ("user", "counselor__user", "order_item")
    return Appointment.objects.select_related(*related).get(pk=appointment_id)


def context_of(appointment: Appointment) -> dict:
    """JSON values that fit WeChat's field types (time, thing, name, character_string)."""
    start = timezone.localtime(appointment.start_at)
    return {
        "appointment_id": appointment.pk,
        "number": appointment.number,
        "counselor": appointment.counselor.name[:NAME],
        "service": f"{appointment.get_kind_display()}·{appointment.get_mode_display()}"[:THING],
        "start": f"{start:%Y年%m月%d日 %H:%M}",
    }
