"""Leaving against everything that may happen in the same moment (invariant P-8)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccountDeletion, User
from accounts.services import deletion
from config.errors import NotFound
from counseling.errors import ClientProfileUnknown
from counseling.models import Appointment, ClientProfile
from counseling.services import personal_data
from counseling.services.appointments import book
from tests.factories.accounts import UserFactory
from tests.factories.counseling import booker, offer
from tests.helpers import together

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]
ROUNDS = pytest.mark.parametrize("turn", range(5))


def due(user) -> AccountDeletion:
    row = deletion.request_deletion(user.pk)
    AccountDeletion.objects.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    return row


def now():
    return timezone.now()


@ROUNDS
def test_eight_requests_make_one(turn):
    user = UserFactory()

    outcomes = together(8, lambda i: deletion.request_deletion(user.pk))

    assert {outcome.pk for outcome in outcomes} == {AccountDeletion.objects.get().pk}


@ROUNDS
def test_eight_workers_delete_one_person_once(turn):
    user = UserFactory()
    due(user)

    outcomes = together(8, lambda i: deletion.finish_due(now()))

    assert sorted(outcomes) == [0] * 7 + [1]
    assert User.objects.get(pk=user.pk).status == "deleted"


@ROUNDS
def test_withdrawing_and_the_end_have_one_winner(turn):
    user = UserFactory(phone="13800138000")
    row = due(user)

    def job(i):
        if i % 2:
            return deletion.finish_due(now())
        return deletion.cancel_deletion(user.pk, actor=None)

    outcomes = together(4, job)

    row.refresh_from_db()
    user.refresh_from_db()
    withdrawn = outcomes[0] is None or outcomes[2] is None
    assert {type(o) for o in outcomes[::2]} <= {type(None), NotFound}
    if withdrawn:
        assert (row.status, user.status, user.phone) == ("cancelled", "active", "13800138000")
    else:
        assert (row.status, user.status, user.phone) == ("done", "deleted", None)
    assert sum(outcomes[1::2]) == (0 if withdrawn else 1)


def race_with_a_booking(client):
    slot, service = offer()

    def job(i):
        if i:
            return deletion.finish_due(now())
        return book(user=client.user, slot_id=slot.pk, service_id=service.pk, client_id=client.pk)

    return together(2, job)


@ROUNDS
def test_nobody_is_deleted_with_a_booking_open_nor_books_when_gone(turn):
    client = booker()
    row = due(client.user)

    booking, finished = race_with_a_booking(client)

    row.refresh_from_db()
    gone = User.objects.get(pk=client.user_id).status == "deleted"
    assert gone == (finished == 1) == (row.status == "done")
    assert Appointment.objects.live().exists() != gone
    if gone:
        assert isinstance(booking, ClientProfileUnknown)
        assert ClientProfile.objects.get().name == "已注销用户"
    else:
        assert row.blocked_by == ["appointments", "unpaid_orders"]


def test_without_the_lock_a_booking_slips_by(monkeypatch):
    """The negative control: looked at without the profiles' lock, and then a booking comes."""
    client = booker()
    due(client.user)
    slot, service = offer()
    monkeypatch.setattr(personal_data, "lock", lambda user: None)
    looked = deletion.blockers_of

    def look(user):
        found = looked(user)
        if not Appointment.objects.exists():
            outcomes = together(
                1,
                lambda i: book(
                    user=client.user, slot_id=slot.pk, service_id=service.pk, client_id=client.pk
                ),
            )
            booked.append(outcomes[0])
        return found

    booked = []
    monkeypatch.setattr(deletion, "blockers_of", look)
    monkeypatch.setattr(deletion, "_locked", lambda pk: User.objects.get(pk=pk))

    assert deletion.finish_due(now()) == 1
    assert Appointment.objects.live().count() == 1  # of somebody who is gone
