"""Figures of orders: kept ones equal counted ones to the fen, whatever day a refund is of."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
import time_machine

from accounts.models import Organisation, User
from accounts.services.role_editing import save_role
from accounts.services.roles import assign_role
from commerce.gateways.base import RefundResult, RefundState
from commerce.models import (
    EVERYBODY,
    Order,
    OrderDay,
    OrderFigure,
    Refund,
    RefundReason,
)
from commerce.services.order_figures import figures, keep_day, refresh_figures, reopen_day
from commerce.services.order_stats import order_stats
from commerce.services.refunds import open_refund, settle_refund
from commerce.stats import refunds, sales
from config.days import business_day
from config.measures import DAY
from tests.commerce.days import NOW, SPAN, TODAY, at, attempt, returned, sold
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MerchantFactory, pay, place
from tests.factories.counseling import booked, booker
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
FIRST = TODAY - 40 * DAY


def a_crowd(number: int = 150) -> None:
    """Orders of forty days, refunded in parts on later days, some of them paid twice."""
    pick = Random(7)
    shops = [None, MerchantFactory(), MerchantFactory()]
    for _ in range(number):
        day = TODAY - pick.randrange(40) * DAY
        free = pick.random() < 0.1
        order = sold(
            day, "0" if free else f"{pick.randrange(1, 10**6) / 100:.2f}",
            kind=pick.choice(["product", "appointment", "mixed"]), merchant=pick.choice(shops),
            method="" if free else pick.choice(["wechat", "alipay"]), hour=pick.randrange(24),
        )  # fmt: skip
        late = min(day + pick.randrange(10) * DAY, TODAY)
        if not free and pick.random() < 0.4:
            part = round(order.total_amount / 3, 2)
            why, hour = pick.choice(RefundReason.values), pick.randrange(24)
            returned(order, late, max(part, Decimal("0.01")), reason=why, hour=hour)
        if not free and pick.random() < 0.1:
            returned(order, late, order.total_amount, reason="double", payment=attempt(order))


def table(found) -> dict:
    return {tuple(column.values()): (cell.number, cell.amount) for column, cell in found}


def all_figures() -> dict:
    by = ("day", "merchant_id", "flow", "kind", "method", "reason")
    return table(figures(FIRST, TODAY, by=by))


def test_M13_what_is_kept_is_what_counting_again_gives_to_the_fen():
    a_crowd()
    live = all_figures()

    began = business_day(Order.objects.earliest("paid_at").paid_at)
    assert refresh_figures(now=NOW) == (TODAY - began).days
    assert all_figures() == live

    assert OrderFigure.objects.exclude(merchant_id=EVERYBODY).count() > 150
    moved = {"sale": Decimal(0), "refund": Decimal(0), "returned": Decimal(0)}
    for (_, _, flow, *_), (_, amount) in live.items():
        moved[flow] += amount
    back = list(Refund.objects.select_related("order"))
    of_sales = [row for row in back if row.payment_id == row.order.paid_by_id]
    assert moved == {
        "sale": sum(order.total_amount for order in Order.objects.all()),
        "refund": sum(row.amount for row in of_sales),
        "returned": sum(row.amount for row in back if row not in of_sales),
    }


def test_closed_days_are_not_counted_again_and_keeping_them_again_changes_nothing(
    django_assert_num_queries,
):
    a_crowd(40)
    refresh_figures(now=NOW)
    rows = list(OrderFigure.objects.order_by("day", "flow", "kind").values_list("day", "amount"))

    begun = min(day for day, _ in rows)
    with django_assert_num_queries(2):  # which days are kept, and what they came to
        kept = figures(begun, TODAY - DAY)
    assert refresh_figures(now=NOW) == 0
    for day in {day for day, _ in rows}:
        keep_day(day)

    again = list(OrderFigure.objects.order_by("day", "flow", "kind").values_list("day", "amount"))
    assert sorted(again) == sorted(rows)
    assert table(figures(FIRST, TODAY - DAY)) == table(kept)


def test_a_refund_that_the_provider_dates_into_a_closed_day_has_it_counted_again(user):
    with time_machine.travel(at(TODAY - 3 * DAY), tick=False):
        payment = pay(place(user))
    with time_machine.travel(NOW, tick=False):
        refresh_figures(now=NOW)
        refund = open_refund(payment, amount=Decimal("20.05"), key="x", reason_code="service")
        before = all_figures()

        word = RefundResult(refund.number, RefundState.SUCCEEDED, succeeded_at=at(TODAY - DAY))
        settle_refund(refund.number, word)

        assert list(OrderDay.objects.filter(kept=False).values_list("day", flat=True)) == [
            TODAY - DAY
        ]
        live = all_figures()
        new = {key: cell for key, cell in live.items() if key not in before}
        assert list(new) == [(TODAY - DAY, 0, "refund", "tag", "wechat", "service")]
        assert list(new.values()) == [(1, Decimal("20.05"))]
        assert refresh_figures(now=NOW) == 1
        assert all_figures() == live
        assert not OrderDay.objects.filter(kept=False).exists()


def test_what_happens_today_reopens_nothing():
    refresh_figures(now=NOW)

    reopen_day(at(TODAY, 0), now=NOW)

    assert not OrderDay.objects.exists()


# -- /stat/order


def by_name(parts) -> dict:
    return {
        part["name"]: (part["orders"], part["sales"], part["refunds"], part["refunded"])
        for part in parts
    }


@time_machine.travel(NOW, tick=False)
def test_over_http(staff):
    shop = MerchantFactory()
    sold(date(2026, 11, 18), "300.10", hour=0)
    other = sold(date(2026, 11, 18), "99.90", kind="appointment", method="alipay", hour=23)
    sold(date(2026, 11, 19), "0", kind="appointment", method="")
    sold(TODAY, "50.00", merchant=shop, hour=9)
    returned(other, date(2026, 11, 19), "30.00", reason="service")
    returned(other, date(2026, 11, 19), "99.90", reason="double", payment=attempt(other, "alipay"))
    refresh_figures(now=NOW)
    span = {"from": "2026-11-17", "to": "2026-11-20"}

    found = data(Api(staff("finance")).get("/stat/order", span))

    assert (found["from"], found["to"], found["by"]) == ("2026-11-17", "2026-11-20", "day")
    assert found["starts"] == ["2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]
    assert found["totals"] == {
        "orders": 4, "sales": 450.0, "refunds": 1, "refunded": 30.0, "net": 420.0,
        "average_order": 150.0, "refund_rate": 0.0667, "returned": 99.9,
    }  # fmt: skip
    assert [row["sales"] for row in found["series"]] == [0, 400.0, 0, 50.0]
    assert [row["orders"] for row in found["series"]] == [0, 2, 1, 1]
    assert [row["net"] for row in found["series"]] == [0, 400.0, -30.0, 50.0]
    assert [row["refund_rate"] for row in found["series"]] == [None, 0, None, 0]
    assert by_name(found["kinds"]) == {
        "product": (2, 350.1, 0, 0), "appointment": (2, 99.9, 1, 30.0),
    }  # fmt: skip
    assert by_name(found["methods"]) == {
        "wechat": (2, 350.1, 0, 0), "alipay": (1, 99.9, 1, 30.0), "": (1, 0, 0, 0),
    }  # fmt: skip
    assert by_name(found["reasons"]) == {"service": (0, 0, 1, 30.0)}
    assert [part["title"] for part in found["merchants"]] == ["平台自营", shop.business_name]

    weeks = data(Api(staff("finance")).get("/stat/order", span | {"by": "week"}))
    assert (weeks["starts"], len(weeks["series"])) == (["2026-11-16"], 1)
    assert weeks["totals"] == found["totals"]
    chosen = data(
        Api(staff("finance")).get("/stat/order", span | {"kind": "appointment", "merchant": 0})
    )
    assert chosen["totals"]["sales"] == 99.9


@time_machine.travel(NOW, tick=False)
def test_a_merchant_sees_their_own_and_nobody_elses(api, user):
    mine, other = MerchantFactory(user=user), MerchantFactory()
    sold(date(2026, 11, 18), "10.00", merchant=mine)
    sold(date(2026, 11, 18), "70.00", merchant=other)
    sold(TODAY, "5.00", merchant=mine)
    refresh_figures(now=NOW)

    found = data(api.get("/stat/order", SPAN))

    assert found["totals"]["sales"] == 15.0
    assert by_name(found["merchants"]) == {str(mine.pk): (2, 15.0, 0, 0)}
    theirs = data(api.get("/stat/order", SPAN | {"merchant": other.pk}))
    assert (theirs["totals"]["sales"], theirs["merchants"]) == (0, [])


def test_who_has_neither_right_nor_shop_is_refused(staff, api):
    for client in (api, Api(staff("customer_service"))):
        assert refusal(client.get("/stat/order")) == (403, 10403)
    assert Api().get("/stat/order").status_code == 401


@time_machine.travel(NOW, tick=False)
def test_a_role_that_reaches_its_organisation_sees_what_its_counselors_sold():
    place = Organisation.objects.create(name="北区")
    save_role(
        "local", name="本地", permissions=["data:view"], data_scope="organisation", actor=None
    )
    viewer = UserFactory(organisation=place)
    assign_role(viewer.pk, "local", actor=None)
    sold(date(2026, 11, 18), "40.00")
    session = booked(booker())
    User.objects.filter(pk=session.counselor.user_id).update(organisation=place)
    theirs = session.order_item.order
    Order.objects.filter(pk=theirs.pk).update(paid_at=at(date(2026, 11, 18)), total_amount=300)
    refresh_figures(now=NOW)

    stats = order_stats(first=date(2026, 11, 18), last=TODAY, by="day", viewer=viewer, now=NOW)

    assert (stats.totals.orders, stats.totals.sales) == (1, 300)


def test_the_dashboard_counts_the_same():
    a_crowd(60)
    paid, back = sales(NOW, count=14), refunds(NOW, count=14)

    stats = order_stats(first=TODAY - 13 * DAY, last=TODAY, by="day", viewer=None, now=NOW)

    assert list(paid.number.values) == [row.orders for row in stats.series]
    assert list(paid.amount.values) == [row.sales for row in stats.series]
    assert list(back.amount.values) == [row.refunded for row in stats.series]


def test_the_day_begins_at_midnight_in_shanghai():
    order = sold(date(2026, 11, 18))
    moment = datetime(2026, 11, 17, 16, tzinfo=UTC)
    Order.objects.filter(pk=order.pk).update(paid_at=moment)
    last = sold(date(2026, 11, 18))
    Order.objects.filter(pk=last.pk).update(paid_at=moment - timedelta(microseconds=1))
    keep_day(date(2026, 11, 17))

    found = figures(date(2026, 11, 17), date(2026, 11, 18), by=("day", "flow"))

    assert table(found) == {
        (date(2026, 11, day), "sale"): (1, Decimal("100.00")) for day in (17, 18)
    }
