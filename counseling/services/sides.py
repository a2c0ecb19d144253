"""Who somebody is to an appointment, and holding it.

Locks: the order first, then slots in key order, then the client's profiles, then the appointment.
Whoever holds the order's lock is the only one to move its appointment, so reading the appointment
after it is enough to decide.
"""

from accounts.models import User
from accounts.scope import reaches
from commerce.models import Order
from commerce.services.orders import lock_order
from config.errors import NotFound
from counseling.models import Appointment, Side


def side_of(appointment: Appointment, actor: User, permission: str) -> Side:
    """NotFound for a stranger.

    Whoever booked is the client, whatever else they are: staff pay the fee as anybody does.
    """
    if appointment.user_id == actor.pk:
        return Side.CLIENT
    if appointment.counselor.user_id == actor.pk:
        return Side.COUNSELOR
    if reaches(Appointment, appointment.pk, actor, permission):
        return Side.STAFF
    raise NotFound


def lock_with_order(appointment_id: int) -> tuple[Order, Appointment]:
    """The order, locked, and the appointment as it is from then on; NotFound for no such."""
    rows = Appointment.objects.filter(pk=appointment_id)
    order_id = rows.values_list("order_item__order_id", flat=True).first()
    if order_id is None:
        raise NotFound
    return lock_order(order_id), rows.select_related("counselor").get()


def locked(appointment_id: int) -> Appointment:
    return Appointment.objects.locked().get(pk=appointment_id)
