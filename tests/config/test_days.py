from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db.models import Count, Sum

from accounts.models import User
from config.days import Daily, by_day, day_start, last_days
from tests.factories.accounts import UserFactory

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


def registered(*moments):
    for moment in moments:
        user = UserFactory()
        User.objects.filter(pk=user.pk).update(created_at=datetime.fromisoformat(moment))


def test_a_day_starts_at_midnight_in_shanghai():
    assert day_start(date(2026, 11, 21)) == datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def test_before_eight_utc_it_is_already_tomorrow_there():
    late = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    assert last_days(late, 2) == [date(2026, 11, 20), date(2026, 11, 21)]


@pytest.mark.django_db
def test_days_without_anything_are_zero_and_borders_are_those_of_shanghai():
    registered(
        "2026-11-18T15:59:59+00:00",  # the 18th, 23:59:59: too old
        "2026-11-18T16:00:00+00:00",  # the 19th, 00:00
        "2026-11-20T03:59:59+00:00",  # the 20th, 11:59:59: yesterday, before this hour
        "2026-11-20T04:00:00+00:00",  # the 20th, 12:00: yesterday, not yet by this hour
        "2026-11-20T16:00:00+00:00",  # the 21st, 00:00
    )

    users = by_day(User.objects.all(), "created_at", now=NOON, count=3, users=(Count, "pk"))[
        "users"
    ]

    assert users == Daily(
        days=[date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)],
        values=[1, 2, 1],
        yesterday_so_far=1,
    )
    assert (users.today, users.yesterday) == (1, 2)


@pytest.mark.django_db
def test_all_measures_are_one_statement(django_assert_num_queries):
    registered("2026-11-21T01:00:00+00:00", "2026-11-21T02:00:00+00:00")
    User.objects.update(token_version=7)

    with django_assert_num_queries(1):
        found = by_day(
            User.objects.all(),
            "created_at",
            now=NOON,
            count=2,
            users=(Count, "pk"),
            versions=(Sum, "token_version"),
        )

    assert found["users"].values == [0, 2]
    assert found["versions"].values == [0, 14]


def test_money_stays_exact():
    daily = Daily([date(2026, 11, 20), date(2026, 11, 21)], [Decimal("0.10"), Decimal("0.20")], 0)
    assert daily.today - daily.yesterday == Decimal("0.10")
