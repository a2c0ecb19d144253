from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Notification, User
from accounts.stats import failed_notices, new_users
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def test_new_users_count_those_who_left_since():
    for hours, status in ((1, "active"), (2, "deleted"), (20, "disabled"), (80, "active")):
        user = UserFactory()
        then = NOW - timedelta(hours=hours)
        User.objects.filter(pk=user.pk).update(created_at=then, status=status)

    assert new_users(NOW, count=3).values == [0, 1, 2]


def test_only_notices_that_failed_for_good_are_counted(user):
    for status in ("failed", "pending", "sent", "undeliverable"):
        Notification.objects.create(
            user=user, channel="subscribe", template="order_paid", status=status, due_at=NOW
        )

    assert failed_notices() == 1
