"""A day is counted while something of it is written (invariants M-13)."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from commerce.gateways.base import RefundResult, RefundState
from commerce.models import OrderDay
from commerce.services.order_figures import figures, keep_day
from commerce.services.refunds import settle_refund
from config.days import business_day
from tests.commerce.conftest import _something_to_sell  # noqa: F401
from tests.commerce.test_order_sums import DAYS, ORDERS, what_is_reported_is_what_moved
from tests.factories.accounts import UserFactory
from tests.factories.commerce import pay, place
from tests.helpers import together
from tests.races.commerce_tools import give_back
from tests.races.figures import figure

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def refunded_while_its_day_is_counted() -> tuple[int, int]:
    """(refunds of yesterday as they are told, as they are) when one ends before its day was
    counted, and is committed after."""
    payment = pay(place(UserFactory()))
    refund = give_back(payment, "20.00", "goodwill")
    moment = timezone.now() - timedelta(days=1)
    day = business_day(moment)
    OrderDay.objects.create(day=day)
    word = RefundResult(refund.number, RefundState.SUCCEEDED, succeeded_at=moment)
    count = threading.Thread(target=together, args=(1, lambda i: keep_day(day)))

    with transaction.atomic():
        settle_refund(refund.number, word)
        count.start()
        count.join(timeout=2)  # it waits for the day, when that is locked
    count.join()

    told = figures(day, day, by=("flow",))
    return sum(cell.number for column, cell in told if column["flow"] == "refund"), 1


def test_M13_a_refund_that_ends_while_its_day_is_counted_is_told():
    told, real = refunded_while_its_day_is_counted()

    assert told == real


def test_M13_without_the_days_lock_it_would_be_missing(no_locks):
    told, real = refunded_while_its_day_is_counted()

    assert told < real


def test_a_day_counted_alone_is_a_date_on_every_database():
    pay(place(UserFactory()))
    today = business_day(timezone.now())

    found = figures(today, today, by=("day", "flow"))

    assert [column for column, _ in found] == [{"day": today, "flow": "sale"}]


def test_M13_what_is_reported_is_the_sum_of_the_rows_on_servers_too():
    rows = what_is_reported_is_what_moved()

    yuan = sum(row.amount for row in rows if row.flow == "sale") / 100
    figure("M-13", f"{ORDERS} orders of {DAYS} days, ¥{yuan:,.2f} sold: reports = rows to the fen")
