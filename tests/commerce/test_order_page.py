"""An order's page in the back office: its story, for who may read it."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, pay, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(user):
    order = place(user)
    pay(order)
    return order


def opened(person):
    browser = Client()
    browser.force_login(person)
    return browser


def page(browser, order) -> str:
    url = reverse("admin:commerce_order_change", args=[order.pk])
    return browser.get(url).content.decode()


def test_finance_reads_what_an_order_did_to_the_books(order, staff):
    words = page(opened(staff("finance")), order)

    assert "渠道资金 ¥120.00，待核销款 ¥-120.00" in words
    assert "待核销款 ¥120.00，待结算货款 ¥-120.00" in words


def test_the_books_are_not_for_customer_service(order, staff):
    words = page(opened(staff("customer_service")), order)

    assert order.number in words
    assert "待核销款" not in words


def test_a_page_with_a_long_story_costs_what_a_short_one_costs(
    order, staff, django_assert_max_num_queries
):
    browser = opened(staff("finance"))
    page(browser, order)
    for _ in range(6):
        AttemptFactory(order, status="closed")

    with django_assert_max_num_queries(22):
        page(browser, order)


def test_orders_are_found_by_method_and_by_the_providers_number(order, staff):
    other = place(UserFactory())
    AttemptFactory(other, method="alipay")
    browser, url = opened(staff("finance")), reverse("admin:commerce_order_changelist")

    by_method = browser.get(url, {"method": "wechat"}).content.decode()
    by_number = browser.get(url, {"q": order.payments.get().transaction_id}).content.decode()

    for found in (by_method, by_number):
        assert order.number in found
        assert other.number not in found
