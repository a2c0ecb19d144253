"""Trying to book."""

import pytest

from commerce.models import Order
from counseling.models import Appointment, TimeSlot
from counseling.services.appointments import book


def attempt(client, slot, service, **options):
    return book(
        user=client.user,
        slot_id=slot.pk,
        service_id=service.pk,
        client_id=client.pk,
        **options,
    )


def refused(error, client, slot, service, **options):
    """Booking raises `error`, and neither order nor appointment nor hold remains."""
    before = (Order.objects.count(), Appointment.objects.count(), slot_states())
    with pytest.raises(error) as caught:
        attempt(client, slot, service, **options)
    assert (Order.objects.count(), Appointment.objects.count(), slot_states()) == before
    return caught.value


def slot_states():
    return dict(TimeSlot.objects.values_list("pk", "status"))
