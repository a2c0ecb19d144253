"""A merchant's books: pending, available, our commission; refunds take their part of it back."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from commerce.errors import OwnCommission
from commerce.gateways.base import RefundResult, RefundState
from commerce.models import LedgerEntry, Merchant, Order
from commerce.services import ledger
from commerce.services.ledger_check import flaws
from commerce.services.merchants import set_commission
from commerce.services.orders import complete_order, keep_order
from commerce.services.refunds import open_refund, settle_refund
from tests.commerce.books import nothing_changes
from tests.commerce.payable import TagPayable
from tests.factories.commerce import MerchantFactory, TagFactory, pay, place
from tests.helpers import Api, confirm, data

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return MerchantFactory(status="approved", commission_percent=Decimal("6.50"))


@pytest.fixture
def sold(shop, user, monkeypatch):
    """A paid order of 100.00 of that shop."""
    tag = TagFactory(sort_order=10000)
    monkeypatch.setattr(TagPayable, "merchants", {tag.pk: shop.pk})
    order = place(user, tag)
    pay(order)
    return Order.objects.get(pk=order.pk)


def balance(shop) -> dict:
    return data(Api(shop.user).get("/merchants/balance"))


def through(order) -> Order:
    complete_order(order.pk)
    order.refresh_from_db()
    ledger.release_order(order.pk, now=order.settles_at)
    return order


def give_back(order, amount, **extra):
    refund = open_refund(
        order.paid_by, amount=Decimal(amount), key=amount, reason_code="other", **extra
    )
    answer = RefundResult(refund.number, RefundState.SUCCEEDED, amount=refund.amount)
    settle_refund(refund.number, answer)


def test_what_is_sold_waits_and_then_is_the_merchants_less_our_commission(shop, sold):
    assert balance(shop) == {
        "pending": 100.00, "available": 0.00, "commission": 0.00, "commission_percent": 6.50,
        "orders": 1, "sales": 100.00, "refunds": 0.00,
    }  # fmt: skip

    through(sold)

    found = balance(shop)
    assert (found["pending"], found["available"], found["commission"]) == (0.00, 93.50, 6.50)
    assert list(flaws()) == []


def test_an_order_keeps_the_commission_it_was_made_at(shop, sold, staff):
    set_commission(shop.pk, actor=staff("admin"), percent=Decimal("20.00"))

    through(sold)

    assert (sold.commission_percent, balance(shop)["commission"]) == (Decimal("6.50"), 6.50)
    assert balance(shop)["commission_percent"] == 20.00


@pytest.mark.parametrize("parts", [["100.00"], ["30.00", "70.00"], ["12.50", "37.50", "50.00"]])
def test_refunds_after_settling_give_the_commission_back_to_the_fen(shop, sold, parts):
    through(sold)

    for n, part in enumerate(parts):
        refund = open_refund(
            sold.paid_by, amount=Decimal(part), key=f"k{n}", reason_code="other",
            closes_order=False,
        )  # fmt: skip
        answer = RefundResult(refund.number, RefundState.SUCCEEDED, amount=refund.amount)
        settle_refund(refund.number, answer)

    found = balance(shop)
    assert (found["available"], found["commission"], found["refunds"]) == (0.00, 0.00, 100.00)
    assert list(flaws()) == []


def test_a_refund_before_settling_comes_off_what_waits(shop, sold):
    give_back(sold, "50.00", closes_order=False)
    assert balance(shop)["pending"] == 50.00

    through(sold)

    found = balance(shop)
    assert (found["available"], found["commission"], found["refunds"]) == (46.75, 3.25, 50.00)


def test_what_a_merchants_buyer_forfeits_is_the_merchants(shop, sold):
    keep_order(sold.pk)

    found = balance(shop)
    assert (found["available"], found["commission"]) == (93.50, 6.50)


def test_the_ledger_is_ones_own_and_costs_the_same_at_any_size(
    shop, sold, user, django_assert_num_queries
):
    through(sold)
    page = data(Api(shop.user).get("/merchants/ledger"))

    assert [(row["cause"], row["account"], row["amount"]) for row in page["list"]] == [
        ("release", "commission", 6.50), ("release", "available", 93.50),
        ("release", "pending", -100.00), ("sale", "pending", 100.00),
    ]  # fmt: skip
    assert {row["order_number"] for row in page["list"]} == {sold.number}
    api = Api(shop.user)
    api.get("/merchants/ledger")
    with django_assert_num_queries(2):
        found = data(api.get("/merchants/ledger", {"account": "available"}))
    assert len(found["list"]) == 1
    for other in (user, MerchantFactory().user):
        assert data(Api(other).get("/merchants/ledger"))["list"] == []


def test_who_has_no_shop_has_no_balance(shop, sold, user):
    assert Api(user).get("/merchants/balance").status_code == 404
    assert Api().get("/merchants/balance").status_code == 401


def test_nobody_sets_the_commission_of_their_own_shop(staff):
    one = staff("admin")
    shop = MerchantFactory(user=one)

    with pytest.raises(OwnCommission):
        set_commission(shop.pk, actor=one, percent=Decimal("0.00"))
    assert Merchant.objects.get().commission_percent == 0


@pytest.mark.parametrize(
    ("typed", "kept"), [("5", "5.00"), ("100", "100.00"), ("", "6.50"), ("-1", "6.50"),
                        ("100.01", "6.50"), ("NaN", "6.50"), ("1.234", "6.50"), ("x", "6.50")],
)  # fmt: skip
def test_staff_set_it_in_the_back_office(shop, staff, typed, kept):
    browser, person = Client(), staff("admin")
    browser.force_login(person)
    confirm(browser, person)

    body = {"action": "commission", "_selected_action": [shop.pk], "percent": typed}
    browser.post(reverse("admin:commerce_merchant_changelist"), body, follow=True)

    shop.refresh_from_db()
    assert shop.commission_percent == Decimal(kept)


def test_our_own_sales_have_no_merchant_and_no_commission(user):
    payment = pay(place(user))
    through(Order.objects.get(pk=payment.order_id))

    with nothing_changes():
        assert LedgerEntry.objects.exclude(merchant=None).count() == 0
    assert LedgerEntry.objects.filter(account="commission").count() == 0
