"""Notes opened once by one of two who say yes, and one profile of oneself, whoever is first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Notification
from counseling.models import ClientProfile, NoteAccess
from counseling.services.clients import create_client
from counseling.services.note_access import (
    approve_access,
    read_notes,
    reject_access,
    request_access,
)
from counseling.services.notes import write_note
from tests.factories.accounts import StaffFactory, UserFactory
from tests.factories.counseling import completed
from tests.helpers import together
from tests.races.commerce_tools import names

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def test_P2_yes_and_no_at_once_are_one_answer_and_every_reading_counts():
    appointment = completed(start_at=timezone.now() - timedelta(hours=2))
    write_note(appointment.pk, author=appointment.counselor.user, note="她说起了父亲")
    asker, *others = (StaffFactory("super_admin") for _ in range(4))
    access = request_access(appointment.pk, actor=asker, reason="投诉核查")
    decide = [approve_access, reject_access, approve_access]

    outcomes = together(3, lambda i: decide[i](access.pk, actor=others[i]))

    assert names(outcomes) == ["IllegalTransition"] * 2 + ["NoteAccess"]
    access.refresh_from_db()
    told = Notification.objects.filter(template="session_note_opened").count()
    assert told == (2 if access.status == "approved" else 0)
    if access.status == "approved":
        together(6, lambda i: read_notes(access.pk, actor=asker))
        assert NoteAccess.objects.get().reads == 6


def test_one_profile_of_oneself_of_eight_at_once():
    user, born = UserFactory(), timezone.localdate() - timedelta(days=9000)

    outcomes = together(
        8, lambda i: create_client(user=user, name="林小满", relation="self", birth_date=born)
    )

    assert names(outcomes) == ["ClientProfile"] + ["DuplicateSelfProfile"] * 7
    assert ClientProfile.objects.count() == 1
