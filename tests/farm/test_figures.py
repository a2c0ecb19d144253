"""Figures of claims: exact, and the same from kept days as from the rows."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commerce.models import Order, OrderFigure, Payment, Refund
from commerce.services.order_figures import refresh_figures
from config.days import SHANGHAI, business_day
from config.measures import DAY
from farm.models import Animal, AnimalClaim, AnimalUpdate, Listing
from farm.services.animals import approve_animal, hide_animal, submit_animal
from farm.services.claim_figures import KINDS
from farm.services.claims import end_due
from farm.services.renewing import renew_claim
from tests.factories.commerce import pay as pay_order
from tests.factories.farm import FarmFactory, active, claimant, claimed
from tests.farm.days import (
    NOW,
    SPAN,
    TODAY,
    at,
    claimed_at,
    column,
    ended_early,
    on_sale,
    stats,
    travelled,
)
from tests.helpers import Api, data

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("old_terms")]


# -- exact values


@travelled(NOW)
def test_over_http_field_by_field(staff):
    farm = FarmFactory(business_name="田田农场")
    first = on_sale(farm, at(10), price="1000.00", term_months=12)
    second = on_sale(farm, at(17), price="600.00")
    on_sale(farm, at(18, 23), listing=Listing.DRAFT)
    stays = claimed_at(at(16, 0), first)
    leaves = claimed_at(at(17, 23), second)
    ended_early(at(19, 9), leaves)
    AnimalUpdate.objects.create(animal=first, content="晒太阳", update_type="diary")
    back = Refund.objects.get().amount
    refresh_figures(now=NOW)

    found = data(Api(staff("finance")).get("/stat/farm", SPAN))

    assert (found["from"], found["to"], found["by"]) == ("2026-11-16", "2026-11-20", "day")
    assert found["starts"] == [f"2026-11-{day}" for day in range(16, 21)]
    money = {"income": 1600.0, "refunded": float(back), "net": float(1600 - back)}
    assert found["totals"] == money | {
        "begun": 2, "live": 1, "ended": 1, "renewals": 0, "over": 0, "renewed": 0,
        "renewal_rate": None, "claimed_days": 7, "animal_days": 9, "occupancy": 0.7778,
        "updates": 1,
    }  # fmt: skip
    series = {name: [row[name] for row in found["series"]] for name in found["totals"]}
    assert series["begun"] == [1, 1, 0, 0, 0]
    assert series["ended"] == [0, 0, 0, 1, 0]
    assert series["live"] == series["claimed_days"] == [1, 2, 2, 1, 1]
    assert series["animal_days"] == [1, 2, 2, 2, 2]
    assert series["occupancy"] == [1, 1, 1, 0.5, 0.5]
    assert series["income"] == [1000.0, 600.0, 0, 0, 0]
    assert series["refunded"] == [0, 0, 0, float(back), 0]
    assert series["updates"] == [0, 0, 0, 0, 1]
    assert {one["name"]: one["animals"] for one in found["animals"]} == {
        "available": 1, "claimed": 1, "unavailable": 0, "draft": 1, "reviewing": 0,
        "rejected": 0, "hidden": 0, "lost": 0,
    }  # fmt: skip
    assert found["ends"] == [
        {"name": "term", "title": "到期", "claims": 0, "refunded": 0},
        {"name": "early", "title": "提前结束", "claims": 1, "refunded": float(back)},
        {"name": "loss", "title": "动物离世或走失", "claims": 0, "refunded": 0},
        {"name": "refund", "title": "退款", "claims": 0, "refunded": 0},
    ]
    assert found["kinds"] == [
        {"name": "animal_claim", "title": "动物认领", "orders": 2, "sales": 1600.0,
         "refunds": 1, "refunded": float(back)},
        {"name": "claim_renewal", "title": "认领续期", "orders": 0, "sales": 0, "refunds": 0,
         "refunded": 0},
    ]  # fmt: skip
    assert found["farms"] == [
        {"name": str(farm.pk), "title": "田田农场", "begun": 2, "live": 1, "income": 1600.0,
         "refunded": float(back)},
    ]  # fmt: skip
    assert found["overdue"] == 0
    assert stays.status == "active"


@travelled(NOW)
def test_weeks_and_months_are_whole_and_hold_what_their_days_hold():
    animal = on_sale(FarmFactory(), at(1))
    ended_early(at(18), claimed_at(at(3), animal))

    weeks, months = stats(first=date(2026, 11, 4), by="week"), stats(by="month")

    assert weeks.starts == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]
    assert column(weeks, "begun") == [1, 0, 0]
    assert column(weeks, "live") == [1, 1, 0]
    assert column(weeks, "claimed_days") == [6, 7, 2]
    assert column(weeks, "animal_days") == [7, 7, 5]
    assert (months.first, months.last) == (date(2026, 11, 1), TODAY)
    assert months.totals.claimed_days == weeks.totals.claimed_days == 15
    assert months.totals.animal_days == 20


@travelled(NOW)
def test_of_the_terms_that_ran_out_some_went_on():
    farm = FarmFactory()
    stays, goes = (on_sale(farm, at(1, month=10), term_months=1) for _ in range(2))
    user = claimant()
    renewed = claimed_at(at(17, month=10), stays, user)
    claimed_at(at(18, month=10), goes)
    with travelled(at(2)):
        renewal = renew_claim(renewed.pk, user=user, price_paid=stays.price)
        pay_order(renewal.order_item.order)
    with travelled(at(18, 14)):
        assert end_due() == 1

    found = stats(first=date(2026, 11, 1))

    days = {day.day: totals for day, totals in zip(found.starts, found.series, strict=True)}
    assert [day for day in days if days[day].renewals] == [2]
    assert [day for day in days if days[day].renewed] == [17]
    assert [day for day in days if days[day].over] == [17, 18]
    totals = found.totals
    assert (totals.over, totals.renewed, totals.renewal_rate) == (2, 1, Decimal("0.5000"))
    assert (totals.renewals, totals.income, totals.ended, totals.live) == (1, 1000, 1, 1)
    assert [(part.name, part.orders) for part in found.kinds] == [
        ("animal_claim", 0), ("claim_renewal", 1),
    ]  # fmt: skip


@travelled(NOW)
def test_a_renewal_that_its_claim_did_not_live_to_see_is_none_that_went_on():
    animal, user = on_sale(FarmFactory(), at(1, month=10), term_months=1), claimant()
    claim = claimed_at(at(17, month=10), animal, user)
    with travelled(at(2)):
        pay_order(renew_claim(claim.pk, user=user, price_paid=animal.price).order_item.order)
    ended_early(at(10), claim)

    found = stats(first=date(2026, 11, 1))

    assert (found.totals.renewals, found.totals.over, found.totals.renewed) == (1, 0, 0)
    assert found.totals.renewal_rate is None


@travelled(NOW)
def test_an_animal_counts_while_it_is_on_sale_or_claimed_and_once_a_day(staff):
    farm, admin = FarmFactory(), staff("admin")
    animal = on_sale(farm, at(10), listing=Listing.DRAFT)
    with travelled(at(12)):
        submit_animal(animal.pk, user=farm.user)
        approve_animal(animal.pk, actor=admin)
    with travelled(at(14)):
        hide_animal(animal.pk, user=farm.user)
    with travelled(at(16)):
        submit_animal(animal.pk, user=farm.user)
        claim = active(None, animal)
        hide_animal(animal.pk, user=farm.user)
    ended_early(at(18), claim)

    found = stats(first=date(2026, 11, 10))

    assert column(found, "animal_days") == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0]
    assert column(found, "claimed_days") == [0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0]
    assert found.totals.occupancy == Decimal("0.5000")


@travelled(NOW)
def test_a_lost_animal_is_on_sale_no_longer():
    animal = on_sale(FarmFactory(), at(16))
    Animal.objects.filter(pk=animal.pk).update(lost_at=at(18), is_offered=False)

    found = stats()

    assert column(found, "animal_days") == [1, 1, 0, 0, 0]
    assert {one.name: one.animals for one in found.animals if one.animals} == {"lost": 1}


@travelled(NOW)
def test_claimed_animals_without_news_for_long_are_overdue():
    farm = FarmFactory()
    silent, told, free = (on_sale(farm, at(1, month=10)) for _ in range(3))
    for animal in (silent, told):
        claimed_at(at(2, month=10), animal)
    AnimalUpdate.objects.create(animal=told, content="很乖", update_type="diary")

    assert stats().overdue == 1
    assert free.status == "available"


@travelled(NOW)
def test_nothing_is_zeros_and_no_rate():
    found = stats()

    assert column(found, "begun") == column(found, "animal_days") == [0] * 5
    assert (found.totals.occupancy, found.totals.renewal_rate) == (None, None)
    assert (found.totals.income, found.totals.net, found.farms) == (0, 0, [])


def test_unpaid_claims_are_none():
    claimed()

    assert stats().totals.begun == stats().totals.live == 0


# -- kept and counted


def some_claims(number: int = 24) -> None:
    """Claims on animals of three farms, half of them ended, a third with some money back."""
    pick, farms = Random(11), [FarmFactory() for _ in range(3)]
    for n in range(number):
        day = TODAY - pick.randrange(40) * DAY
        start = datetime(day.year, day.month, day.day, pick.randrange(24), 5, tzinfo=SHANGHAI)
        farm, price = pick.choice(farms), f"{pick.randrange(1, 10**6) / 100:.2f}"
        animal = on_sale(farm, start - timedelta(days=pick.randrange(9)), price=price)
        claim = claimed_at(start, animal)
        Order.objects.filter(items__animal_claim=claim).update(paid_at=start)
        if n % 2:
            how = pick.choice(["term", "early", "loss", "refund"])
            end = min(start + timedelta(hours=pick.randrange(1, 500)), NOW)
            AnimalClaim.objects.filter(pk=claim.pk).update(
                status="ended", ended_at=end, end_kind=how
            )
        if n % 3 == 0:
            order, moment = claim.order_item.order, min(start + timedelta(days=4), NOW)
            part = max(round(order.total_amount / 3, 2), Decimal("0.01"))
            Refund.objects.create(
                number=f"R{order.pk}", order=order, payment=Payment.objects.get(order=order),
                key="x", amount=part, status="succeeded", reason_code="other", succeeded_at=moment,
            )  # fmt: skip


def test_what_is_kept_is_what_counting_the_rows_gives_to_the_fen():
    some_claims()
    span = {"first": TODAY - 50 * DAY, "by": "day"}
    live = stats(**span)

    assert refresh_figures(now=NOW) > 30
    assert OrderFigure.objects.filter(kind="animal_claim").exists()
    assert stats(**span) == live

    orders = Order.objects.filter(kind__in=KINDS)
    back = Refund.objects.filter(order__in=orders)
    assert live.totals.income == sum(order.total_amount for order in orders)
    assert live.totals.refunded == sum(refund.amount for refund in back)
    assert sum(end.refunded for end in live.ends) == live.totals.refunded
    assert sum(part.sales for part in live.kinds) == live.totals.income
    assert sum(farm.income for farm in live.farms) == live.totals.income


def test_every_day_is_a_direct_count_over_the_rows():
    some_claims()
    found = stats(first=TODAY - 50 * DAY)
    claims = list(AnimalClaim.objects.all())

    for day, totals in zip(found.starts, found.series, strict=True):
        begun = [c for c in claims if business_day(c.claimed_at) == day]
        ended = [c for c in claims if c.ended_at and business_day(c.ended_at) == day]
        live = [
            c for c in claims if business_day(c.claimed_at) <= day
            and (c.ended_at is None or business_day(c.ended_at) > day)
        ]  # fmt: skip
        there = [
            a for a in Animal.objects.all() if business_day(a.created_at) <= day
        ]  # all of them on sale from the first
        counted = (len(begun), len(ended), len(live), len(there))
        shown = (totals.begun, totals.ended, totals.live, totals.animal_days)
        assert shown == counted, day
    assert found.totals.begun == 24
    assert sum(end.claims for end in found.ends) == 12 == found.totals.ended


def test_the_number_of_statements_does_not_grow_with_the_rows(django_assert_num_queries):
    some_claims(4)
    with CaptureQueriesContext(connection) as few:
        stats(first=TODAY - 50 * DAY)

    some_claims(8)

    with django_assert_num_queries(len(few)):
        stats(first=TODAY - 50 * DAY)
