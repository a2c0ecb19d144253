"""GET /user by when people came, when they were seen, what they bought and how staff call them."""

from datetime import UTC, datetime

import pytest

from accounts.models import LoginSession, User, UserTag
from commerce.models import Order
from config.numbers import new_number
from tests.factories.accounts import UserFactory
from tests.helpers import Api, data, refusal


@pytest.fixture
def admin(staff):
    return Api(staff("admin", nickname="运营"))


def came(name: str, at: datetime) -> User:
    user = UserFactory(username=name)
    User.objects.filter(pk=user.pk).update(created_at=at)
    return user


def seen(user: User, at: datetime) -> None:
    session = LoginSession.objects.create(
        sid=f"{user.pk}-{at:%d%H%M}", user=user, method="test", expires_at=at
    )
    LoginSession.objects.filter(pk=session.pk).update(last_seen_at=at)


def ordered(user: User) -> None:
    Order.objects.create(
        number=new_number("ORD"), user=user, total_amount=1, expires_at=user.created_at
    )


def names(admin, **query) -> list[str]:
    people = data(admin.get("/user", {"ordering": "username", "size": 100} | query))["list"]
    return [person["username"] for person in people if person["id"] != admin.user.pk]


def test_registered_between_two_days_of_shanghai_both_included(admin):
    came("before", datetime(2026, 3, 9, 15, 59, 59, tzinfo=UTC))
    came("first", datetime(2026, 3, 9, 16, 0, 0, tzinfo=UTC))
    came("last", datetime(2026, 3, 11, 15, 59, 59, tzinfo=UTC))
    came("after", datetime(2026, 3, 11, 16, 0, 0, tzinfo=UTC))

    days = {"registered_from": "2026-03-10", "registered_to": "2026-03-11"}
    assert names(admin, **days) == ["first", "last"]
    assert names(admin, registered_to="2026-03-09") == ["before"]


def test_last_active_is_the_last_of_all_logins(admin):
    anna, bert, carl = (UserFactory(username=name) for name in ("anna", "bert", "carl"))
    for user, days in ((anna, (1, 20)), (bert, (5, 10)), (carl, ())):
        for day in days:
            seen(user, datetime(2026, 3, day, 4, tzinfo=UTC))

    assert names(admin, last_active_from="2026-03-10") == ["anna", "bert"]
    assert names(admin, last_active_from="2026-03-11") == ["anna"]
    assert names(admin, last_active_to="2026-03-10") == ["bert", "carl"]  # carl: never
    both = {"last_active_from": "2026-03-05", "last_active_to": "2026-03-19"}
    assert names(admin, **both) == ["bert"]
    person = data(admin.get(f"/user/{anna.pk}"))
    assert person["last_active_at"] == "2026-03-20T04:00:00Z"


def test_with_and_without_orders(admin):
    buyer = UserFactory(username="buyer")
    for _ in range(2):
        ordered(buyer)
    UserFactory(username="looker")

    assert names(admin, has_orders="true") == ["buyer"]
    assert "buyer" not in names(admin, has_orders="false")
    assert "looker" in names(admin, has_orders="false")


def test_by_tag_together_with_the_rest(admin):
    tag = UserTag.objects.create(name="老客户")
    anna, bert = UserFactory(username="anna"), UserFactory(username="bert")
    for user in (anna, bert):
        tag.taggings.create(user=user)
    User.objects.filter(pk=bert.pk).update(status="disabled")

    assert names(admin, tag=tag.pk) == ["anna", "bert"]
    assert names(admin, tag=tag.pk, status="active", search="a") == ["anna"]
    assert names(admin, tag=tag.pk + 1) == []


@pytest.mark.parametrize(
    "query",
    [
        {"registered_from": "yesterday"}, {"last_active_to": "2026-13-01"}, {"tag": "x"},
        {"tag": "9" * 40},
    ],
)  # fmt: skip
def test_what_is_no_day_and_no_tag_is_refused(admin, query):
    assert refusal(admin.get("/user", query)) == (400, 10400)


def test_filters_add_no_statement_per_row(admin, django_assert_num_queries):
    tag = UserTag.objects.create(name="老客户")
    query = {"tag": tag.pk, "last_active_from": "2026-01-01", "has_orders": "true", "size": 100}
    for people in (3, 9):
        for _ in range(people):
            user = UserFactory()
            tag.taggings.create(user=user)
            ordered(user)
            seen(user, datetime(2026, 3, 1, tzinfo=UTC))
        data(admin.get("/user", query))  # the login is looked at once in half a second
        with django_assert_num_queries(4):  # count, page, groups, tags
            page = data(admin.get("/user", query))
        assert page["pagination"]["total"] == tag.taggings.count()
