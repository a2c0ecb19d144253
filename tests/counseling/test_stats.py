from datetime import UTC, datetime, timedelta

import pytest

from commerce.models import Order
from counseling.models import Appointment, CounselorStatus
from counseling.stats import bookings, counselors_in_review, sessions
from tests.factories.counseling import CounselorFactory, booked, booker

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # noon in Shanghai


def appointment(*, made: int = 0, starts: int = 0, status: str = "confirmed") -> None:
    """One made and starting that many hours from NOW."""
    row = booked(booker())
    start = NOW + timedelta(hours=starts)
    Appointment.objects.filter(pk=row.pk).update(start_at=start, status=status)
    Order.objects.filter(items__appointment=row).update(created_at=NOW + timedelta(hours=made))


def test_bookings_are_counted_on_the_day_they_were_made_whatever_became_of_them():
    appointment(made=-1)
    appointment(made=-2, status="cancelled")
    appointment(made=-13)  # 23:00 yesterday
    appointment(made=-26, status="expired")  # 10:00 yesterday

    found = bookings(NOW, count=3)

    assert found.values == [0, 2, 2]
    assert found.yesterday_so_far == 1


def test_sessions_of_today_hold_those_to_come_and_not_those_called_off():
    appointment(starts=-2, status="completed")
    appointment(starts=11)  # 23:00 today
    appointment(starts=12)  # midnight: tomorrow
    appointment(starts=1, status="cancelled")
    appointment(starts=1, status="pending_payment")
    appointment(starts=-14, status="no_show")  # 22:00 yesterday

    assert sessions(NOW, count=2).values == [1, 2]


def test_counselors_who_wait_for_a_review():
    CounselorFactory(status=CounselorStatus.REVIEWING)
    CounselorFactory(status=CounselorStatus.DRAFT)

    assert counselors_in_review() == 1
