from datetime import timedelta

from django.db import IntegrityError
from django.utils import timezone

from accounts.audit import move, move_all
from accounts.services.parameters import parameter
from commerce.payables import Offer
from config.numbers import new_number
from config.rows import insert, new
from counseling.errors import SlotTaken
from counseling.models import Appointment, AppointmentStatus, SlotStatus
from counseling.services import notices
from counseling.services.booking import take_slot
from counseling.services.outcomes import settle
from counseling.services.reminding import next_reminder
from counseling.services.slots import free_slots, move_slot

# What a refund finds when the session was neither cancelled nor held: it goes this way first.
_BEFORE_REFUND = {
    AppointmentStatus.CONFIRMED: AppointmentStatus.CANCELLED,
    AppointmentStatus.IN_PROGRESS: AppointmentStatus.COMPLETED,
}
_REFUNDABLE = (
    AppointmentStatus.CANCELLED,
    AppointmentStatus.COMPLETED,
    AppointmentStatus.NO_SHOW,
)


class AppointmentPayable:
    """Sells sessions; Want.target_id is the slot's id.

    options: service_id, client_id, note, agreement_version (may be left out).
    Locks follow order, items, slot, appointment: the slot is always moved first.  The item keeps
    the slot that was bought; after a reschedule the appointment has another.
    """

    label = "预约"

    def quote(self, user, want):
        booking = take_slot(user, want)
        return Offer(
            title=booking.title,
            unit_price=booking.price,
            details=booking,
            hold_seconds=parameter("HOLD_TTL_SECONDS"),
            alone=True,
        )

    def reserve(self, item, want, offer):
        booking = offer.details
        free, fee = parameter("CANCEL_FREE_HOURS"), parameter("CANCEL_FEE_HOURS")
        try:
            insert(
                new(
                    Appointment,
                    number=new_number("APT"),
                    order_item=item,
                    user_id=booking.user_id,
                    client_id=booking.client_id,
                    counselor_id=booking.counselor_id,
                    slot_id=booking.slot_id,
                    service_id=booking.service_id,
                    agreement_id=booking.agreement_id,
                    kind=booking.kind,
                    mode=booking.mode,
                    start_at=booking.start_at,
                    end_at=booking.end_at,
                    price=booking.price,
                    note=booking.note,
                    free_cancel_until=booking.start_at - timedelta(hours=free),
                    fee_cancel_until=booking.start_at - timedelta(hours=fee),
                    cancel_fee_percent=parameter("CANCEL_FEE_PERCENT"),
                )
            )
        except IntegrityError as error:  # the second net below the slot's conditional UPDATE
            if "live_slot" not in str(error):
                raise
            raise SlotTaken(slot_id=booking.slot_id) from error

    def fulfil(self, item):
        if not move_slot(item.target_id, SlotStatus.HELD, SlotStatus.BOOKED):
            raise SlotTaken(slot_id=item.target_id)
        appointment = self._locked(item)
        remind_at = next_reminder(appointment.start_at, timezone.now())
        move(appointment, AppointmentStatus.CONFIRMED, remind_at=remind_at)
        notices.confirmed(appointment.pk)

    def release(self, items, *, expired):
        """Without those services.appointments.cancel() called off before it closed the order."""
        rows = Appointment.objects.filter(  # still: their orders are locked
            order_item__in=items, status=AppointmentStatus.PENDING_PAYMENT
        )
        unpaid = dict(rows.values_list("order_item_id", "pk"))
        if not unpaid:
            return
        slots = [item.target_id for item in items if item.pk in unpaid]
        free_slots(slots, SlotStatus.HELD, now=timezone.now())
        rows = list(Appointment.objects.locked().filter(pk__in=unpaid.values()))
        move_all(rows, AppointmentStatus.EXPIRED if expired else AppointmentStatus.CANCELLED)
        settle(*rows)

    def revoke(self, item):
        appointment = Appointment.objects.get(order_item=item)  # still: its order is locked
        if appointment.status == AppointmentStatus.CONFIRMED:
            free_slots([appointment.slot_id], SlotStatus.BOOKED, now=timezone.now())
        appointment = self._locked(item)
        if appointment.status in _BEFORE_REFUND:
            move(appointment, _BEFORE_REFUND[appointment.status], reason="退款")
        if appointment.status in _REFUNDABLE:
            move(appointment, AppointmentStatus.REFUNDED)
        settle(appointment)

    def _locked(self, item) -> Appointment:
        return Appointment.objects.locked().get(order_item=item)
