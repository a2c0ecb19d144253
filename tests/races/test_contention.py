"""Sixteen processes after the same slots: one winner each, no error (performance C1).

The pace (C2) is `make bench ARGS=--contention`'s to judge.
"""

import time

import pytest
from django.db import connections

from commerce.models import Order, OrderItem
from counseling.models import Appointment, TimeSlot
from tests.benchmarks.contention import CLIENTS, LOST, WON, build, fight, ours

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
SLOTS = 12


@pytest.fixture
def stage(settings):
    settings.CONSTANCE_CONFIG = settings.CONSTANCE_CONFIG | {}  # build() changes it
    yield build(SLOTS)
    connections.close_all()


def test_C1_of_sixteen_processes_one_gets_each_slot(stage):
    outcome = fight(stage, ours)

    assert outcome.kinds == {WON: SLOTS, LOST: SLOTS * (CLIENTS - 1)}
    sold = SLOTS + CLIENTS  # each client also took one to warm up
    assert Order.objects.count() == OrderItem.objects.count() == sold
    assert Appointment.objects.count() == TimeSlot.objects.filter(status="held").count() == sold


def test_C1_without_the_conditional_update_a_slot_has_several_winners(stage):
    """The negative control: everybody is told that the slot was theirs."""

    def naive(stage, client, slot):
        free = TimeSlot.objects.get(pk=slot.pk).status == "open"
        time.sleep(0.03)  # all sixteen walk over the slots in the same order
        TimeSlot.objects.filter(pk=slot.pk).update(status="held")
        return WON if free else LOST

    assert max(fight(stage, naive).kinds[WON] for _ in range(5)) > SLOTS
