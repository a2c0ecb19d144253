"""An order's page in the back office: its story, for who may read it."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.services.notifications import notify
from commerce.models import PaymentNotice, Shipment
from commerce.services.anomalies import record_anomaly
from commerce.services.refunds import request_refund
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, pay, place

pytestmark = pytest.mark.django_db

COST = 38  # statements of the whole page, for somebody who may see all of it


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


@pytest.fixture
def story(order, staff):
    """Paid, its notice came twice, money came twice, a refund was refused, a parcel left."""
    payment = order.payments.get()
    PaymentNotice.objects.create(method="wechat", event_id="EV-1", number=payment.number)
    record_anomaly("double", key=payment.number, payment_id=payment.pk)
    Shipment.objects.create(
        order=order, carrier="SF", tracking_number="SF100200", shipped_at=timezone.now(),
        shipped_by=staff("customer_service"),
    )  # fmt: skip
    asked = request_refund(order.pk, user=order.user, reason_code="service")
    browser = opened(staff("finance"))
    browser.post(
        reverse("admin:commerce_refund_changelist"),
        {"action": "reject", "_selected_action": [asked.pk], "remark": "已完成咨询"},
    )
    return order


def test_one_page_tells_the_whole_story(story, staff):
    notify(story.user, "order_expired", subject="order:999", number="ORD-OF-ANOTHER")

    words = page(opened(staff("super_admin")), story)

    for told in ("EV-1", "重复支付", "SF100200", "退款申请未通过", "refund:reject", "已完成咨询"):
        assert told in words
    assert "待支付 → 已到账" in words
    assert "ORD-OF-ANOTHER" not in words


def test_each_reads_of_it_what_their_role_may_see(story, staff):
    words = page(opened(staff("customer_service")), story)

    assert "SF100200" in words
    for hidden in ("EV-1", "重复支付", "refund:reject"):
        assert hidden not in words


def test_a_page_with_a_long_story_costs_what_a_short_one_costs(
    story, staff, django_assert_max_num_queries
):
    browser = opened(staff("super_admin"))
    page(browser, story)
    for number in range(6):
        attempt = AttemptFactory(story, status="closed")
        PaymentNotice.objects.create(method="wechat", event_id=f"EV{number}", number=attempt.number)
        notify(story.user, "order_paid", subject=f"order:{story.pk}", number=story.number, next="")

    with django_assert_max_num_queries(COST):
        page(browser, story)


def test_orders_are_found_by_their_amount(order, staff):
    cheap = place(UserFactory(), TagFactory(sort_order=500))
    browser, url = opened(staff("finance")), reverse("admin:commerce_order_changelist")

    found = browser.get(url, {"total_amount_from": "100", "total_amount_to": "120"})

    assert order.number in found.content.decode()
    assert cheap.number not in found.content.decode()


def test_orders_are_found_by_method_and_by_the_providers_number(order, staff):
    other = place(UserFactory())
    AttemptFactory(other, method="alipay")
    browser, url = opened(staff("finance")), reverse("admin:commerce_order_changelist")

    by_method = browser.get(url, {"method": "wechat"}).content.decode()
    by_number = browser.get(url, {"q": order.payments.get().transaction_id}).content.decode()

    for found in (by_method, by_number):
        assert order.number in found
        assert other.number not in found
