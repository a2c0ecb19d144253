"""Starting to pay: one attempt per order, on record before the provider hears of it."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import StatusChange, WeChatIdentity
from commerce.errors import (
    OrderNotPayable,
    PayerUnknown,
    ProviderRefused,
    ProviderUnavailable,
    UnknownMethod,
)
from commerce.gateways.wechat import WeChatGateway
from commerce.models import Order, Payment
from commerce.services.orders import cancel_order
from commerce.services.starting import start_payment
from config.errors import NotFound
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, pay, payer, place

pytestmark = pytest.mark.django_db


def start(order, user):
    return start_payment(order.pk, user=user, method="wechat")


def test_an_attempt_carries_the_orders_facts(order, user, world):
    started = start(order, user)

    payment = Payment.objects.get()
    assert started.payment == payment
    assert (payment.status, payment.amount, payment.order) == ("pending", order.total_amount, order)
    assert payment.payer == user.wechat_identities.get().openid
    assert payment.expires_at == order.expires_at
    trade = world.trade(payment.number)
    assert (trade["trade_state"], trade["total"], trade["openid"]) == (
        "NOTPAY",
        12000,
        payment.payer,
    )
    assert trade["description"] == order.items.get().title
    assert trade["notify_url"].endswith("/api/v1/pay/callback/wechat")
    assert abs(trade["expire_at"] - order.expires_at.timestamp()) <= 1
    assert started.parameters["package"] == f"prepay_id={payment.prepay_id}"


def test_asking_again_is_the_same_attempt(order, user, world):
    first = start(order, user).payment

    with nothing_changes():
        second = start(order, user).payment

    assert (second, second.prepay_id) == (first, first.prepay_id)


def test_asking_again_does_not_ask_the_provider_again(order, user, world):
    start(order, user)
    world.fault("drop", "wxpay", times=None)

    assert start(order, user).payment == Payment.objects.get()


def test_starting_costs_few_statements(order, user, world, django_assert_num_queries):
    start(place(user), user)  # what is looked up once per process

    # savepoint and release; order with all that decides, new attempt; its prepay id
    with django_assert_num_queries(5):
        start(order, user)
    with django_assert_num_queries(4):  # the order, the attempt that lives
        start(order, user)


def test_an_old_prepay_is_asked_for_anew_under_the_same_number(order, user, world):
    first = start(order, user).payment
    Payment.objects.update(prepaid_at=timezone.now() - timedelta(hours=2))

    second = start(order, user).payment

    assert second == first
    assert timezone.now() - second.prepaid_at < timedelta(seconds=10)
    assert StatusChange.objects.filter(model="commerce.payment").exists() is False


@pytest.mark.parametrize("fault", ["drop", "bad_signature", "truncate_body", "error:SYSTEM_ERROR",
                                   "status:502", "error:FREQUENCY_LIMITED"])  # fmt: skip
def test_M11_an_unclear_answer_leaves_the_attempt_open_and_the_next_try_uses_it(
    order, user, world, fault
):
    world.fault(fault, "wxpay", "jsapi")

    with pytest.raises(ProviderUnavailable):
        start(order, user)
    attempt = Payment.objects.get()
    assert (attempt.status, attempt.prepay_id) == ("pending", "")

    assert start(order, user).payment == attempt
    assert [trade["out_trade_no"] for trade in world.trades()] == [attempt.number]


def test_a_clear_no_says_the_providers_code(order, user, world):
    world.fault("error:PARAM_ERROR", "wxpay", "jsapi")

    with pytest.raises(ProviderRefused) as refusal:
        start(order, user)

    assert refusal.value.data == {"provider_code": "PARAM_ERROR"}
    assert start(order, user).payment == Payment.objects.get()


def test_an_attempt_closed_at_the_provider_is_replaced(order, user, world):
    world.fault("drop", "wxpay", "jsapi")
    with pytest.raises(ProviderUnavailable):
        start(order, user)
    world.fault("error:ORDER_CLOSED", "wxpay", "jsapi")

    second = start(order, user).payment

    assert list(Payment.objects.order_by("pk").values_list("status", flat=True)) == [
        "closed",
        "pending",
    ]
    assert second.live_order == order.pk


def test_a_new_openid_gets_an_attempt_of_its_own(order, user, world):
    first = start(order, user).payment
    WeChatIdentity.objects.all().delete()
    openid = payer(world, user)

    second = start(order, user).payment

    first.refresh_from_db()
    assert (first.status, second.status, second.payer) == ("closing", "pending", openid)


def test_M6_paid_before_the_prepay_answer_is_a_consistent_already_paid(
    order, user, world, callback
):
    """The twin of notify_before_response: the notice is taken in while we wait for the answer."""
    world.fault("drop", "wxpay", "jsapi")
    with pytest.raises(ProviderUnavailable):
        start(order, user)
    attempt = Payment.objects.get()
    world.pay(attempt.number, notify="hold")
    assert callback(world.notice(attempt.number)).status_code == 204

    with nothing_changes(), pytest.raises(OrderNotPayable) as refusal:
        start(order, user)

    assert refusal.value.data == {"status": "paid"}
    assert Order.objects.get().status == "paid"


def test_M6_the_provider_says_paid_though_no_notice_came(order, user, world):
    world.fault("drop", "wxpay", "jsapi")
    with pytest.raises(ProviderUnavailable):
        start(order, user)
    world.pay(Payment.objects.get().number, notify="hold")

    with pytest.raises(OrderNotPayable) as refusal:
        start(order, user)

    assert refusal.value.data == {"status": "paid"}
    assert Order.objects.get().status == "paid"


def test_cancelled_while_we_wait_for_the_prepay(order, user, world, monkeypatch):
    """A second actor exactly between the attempt and its answer."""
    real = WeChatGateway.prepay

    def slow(self, payment, **words):
        cancel_order(order.pk, actor=user)
        return real(self, payment, **words)

    monkeypatch.setattr(WeChatGateway, "prepay", slow)

    with pytest.raises(OrderNotPayable) as refusal:
        start(order, user)

    assert refusal.value.data == {"status": "cancelled"}
    assert Payment.objects.get().status == "closing"


def test_only_the_owner_pays(order, world):
    other = UserFactory()
    payer(world, other)

    with nothing_changes(), pytest.raises(NotFound):
        start(order, other)


def test_an_order_is_payable_until_its_time_runs_out(order, user):
    with time_machine.travel(order.expires_at), nothing_changes(), pytest.raises(OrderNotPayable):
        start(order, user)


@pytest.mark.parametrize("end", [pay, lambda order: cancel_order(order.pk, actor=order.user)])
def test_a_closed_or_paid_order_is_not_payable(order, user, end):
    end(order)
    order.refresh_from_db()

    with nothing_changes(), pytest.raises(OrderNotPayable) as refusal:
        start(order, user)

    assert refusal.value.data == {"status": order.status}


def test_paying_by_wechat_needs_a_wechat_identity(user, world):
    order = place(user)

    with nothing_changes(), pytest.raises(PayerUnknown):
        start(order, user)


def test_an_identity_of_another_mini_program_is_none(user, world):
    WeChatIdentity.objects.create(user=user, appid="wx-other", openid="openid")

    with pytest.raises(PayerUnknown):
        start(place(user), user)


def test_a_method_nobody_offers(order, user):
    with nothing_changes(), pytest.raises(UnknownMethod):
        start_payment(order.pk, user=user, method="cowries")


def test_an_order_has_one_live_attempt(order):
    AttemptFactory(order)
    with pytest.raises(IntegrityError), transaction.atomic():
        AttemptFactory(order)
