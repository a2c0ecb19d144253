"""Commerce in the back office: everything is read, services move it, permissions gate it."""

import pytest
from django.urls import reverse

from commerce.models import Order, PaymentAnomaly, Refund
from commerce.services.anomalies import record_anomaly
from commerce.services.refunds import fail_refund, open_refund, request_refund
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import pay, place

pytestmark = pytest.mark.django_db

MODELS = ["order", "payment", "refund", "paymentanomaly", "paymentnotice"]


def run(browser, model, action, *rows, **words):
    url = reverse(f"admin:commerce_{model}_changelist")
    body = {"action": action, "_selected_action": [row.pk for row in rows]} | words
    return browser.post(url, body, follow=True).content.decode()


@pytest.fixture
def asked(user):
    """A refund somebody asked for."""
    order = place(user)
    pay(order)
    return request_refund(order.pk, user=user, reason_code="service", reason="未到场")


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_pages_open_for_finance(office, asked, model):
    record_anomaly("forged", key="wechat:1.2.3.4:2026112101", source="1.2.3.4")
    browser = office("finance")

    page = browser.get(reverse(f"admin:commerce_{model}_changelist"))

    assert page.status_code == 200
    row = page.context["cl"].queryset.first()
    if row is not None:
        change = browser.get(reverse(f"admin:commerce_{model}_change", args=[row.pk]))
        assert change.status_code == 200
        assert b'name="_save"' not in change.content


def test_the_list_of_orders_costs_the_same_at_any_size(office, user, django_assert_max_num_queries):
    browser = office("finance")
    url = reverse("admin:commerce_order_changelist")
    place(user)
    browser.get(url)
    for _ in range(5):
        place(UserFactory())

    with django_assert_max_num_queries(12):
        browser.get(url)


def test_money_and_states_are_written_for_people(office, asked):
    browser = office("finance")

    page = browser.get(reverse("admin:commerce_order_changelist")).content.decode()

    assert "¥120.00" in page
    assert "已支付" in page


@pytest.mark.parametrize("role", ["finance", "customer_service"])
def test_an_orders_page_shows_what_was_bought(office, asked, role):
    browser = office(role)
    url = reverse("admin:commerce_order_change", args=[asked.order_id])

    page = browser.get(url).content.decode()

    assert asked.order.items.get().title in page
    assert asked.number in page


def test_an_order_is_found_by_number_phone_and_payment(office, user):
    user.phone = "13800138000"
    user.save(update_fields=["phone"])
    order, other = place(user), place(UserFactory())
    payment = pay(order)
    browser = office("finance")

    for words in (order.number, "13800138000", payment.number):
        page = browser.get(reverse("admin:commerce_order_changelist"), {"q": words}).content
        assert order.number.encode() in page
        assert other.number.encode() not in page
    shown = browser.get(reverse("admin:commerce_order_changelist")).content
    assert b"13800138000" not in shown
    assert b"138****8000" in shown


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_added_changed_or_deleted_by_hand(office, asked, model):
    browser = office("super_admin")
    assert browser.get(reverse(f"admin:commerce_{model}_add")).status_code == 403
    row = Order.objects.first() if model == "order" else None
    if row:
        for verb in ("change", "delete"):
            url = reverse(f"admin:commerce_order_{verb}", args=[row.pk])
            with nothing_changes():
                assert browser.post(url, {"status": "paid", "post": "yes"}).status_code == 403


def test_customer_service_cancels_unpaid_orders_and_sees_why_not(office, user):
    unpaid, paid = place(user), place(user)
    pay(paid)
    browser = office("customer_service")

    page = run(browser, "order", "cancel_orders", unpaid, paid)

    assert "已处理 1 条" in page
    assert "该订单请通过对应的预约取消" in page
    assert dict(Order.objects.values_list("pk", "status")) == {
        unpaid.pk: "cancelled",
        paid.pk: "paid",
    }


def test_finance_approves_with_a_remark(office, asked):
    browser = office("finance")

    run(browser, "refund", "approve", asked, remark="属实")

    asked.refresh_from_db()
    assert (asked.status, asked.reviewed_by, asked.review_note) == (
        "approved",
        browser.user,
        "属实",
    )
    page = browser.get(reverse("admin:commerce_refund_change", args=[asked.pk])).content.decode()
    assert "状态变更" in page


def test_finance_rejects_with_a_remark(office, asked):
    browser = office("finance")

    run(browser, "refund", "reject", asked, remark="已完成咨询")

    asked.refresh_from_db()
    assert (asked.status, asked.review_note) == ("rejected", "已完成咨询")


def test_M19_ones_own_request_is_for_somebody_else(office, staff):
    browser = office("finance")
    order = place(browser.user)
    pay(order)
    own = request_refund(order.pk, user=browser.user, reason_code="service")

    with nothing_changes():
        assert "不能审核自己申请的退款" in run(browser, "refund", "approve", own)


@pytest.mark.parametrize("action", ["approve", "reject", "retry"])
def test_who_may_not_approve_has_no_such_action(office, asked, action):
    browser = office("customer_service")

    with nothing_changes():
        run(browser, "refund", action, asked)


def test_a_failed_refund_is_retried(office, user):
    order = place(user)
    payment = pay(order)
    refund = open_refund(payment, amount=payment.amount, key="cancel", reason_code="cancelled")
    fail_refund(refund, "USER_ACCOUNT_ABNORMAL")
    browser = office("finance")

    run(browser, "refund", "retry", refund)

    assert (Refund.objects.get().status, Refund.objects.get().number) == ("approved", refund.number)


def test_an_anomaly_is_handled_once(office):
    record_anomaly("forged", key="x", source="1.2.3.4")
    anomaly = PaymentAnomaly.objects.get()
    browser = office("finance")

    run(browser, "paymentanomaly", "mark_handled", anomaly, remark="已封禁")

    anomaly.refresh_from_db()
    assert (anomaly.handled_by, anomaly.remark) == (browser.user, "已封禁")
    assert "当前状态不允许此操作" in run(browser, "paymentanomaly", "mark_handled", anomaly)


def test_content_managers_see_no_money(office, asked):
    browser = office("content_manager")
    for model in MODELS:
        assert browser.get(reverse(f"admin:commerce_{model}_changelist")).status_code == 403
