"""UnionPay through our own doors: its notices, expiry, refunds and the way back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from commerce.models import AnomalyKind, Order, Payment, PaymentAnomaly, Refund
from commerce.services.refunds import open_refund
from commerce.services.starting import start_payment
from commerce.tasks import expire_orders, query_pending_refunds, send_refunds
from tests.commerce.books import nothing_changes
from tests.factories.commerce import place
from tests.helpers import data

pytestmark = pytest.mark.django_db
PATH, REFUND_PATH = "/pay/callback/unionpay", "/refund/callback/unionpay"


@pytest.fixture
def started(user, world):
    world.unionpay_hold_refunds()
    return start_payment(place(user).pk, user=user, method="unionpay")


@pytest.fixture
def attempt(started, world):
    """Paid at the provider; nobody has told us yet."""
    world.unionpay_cashier(started.parameters["form_html"], notify="hold")
    return started.payment


def test_the_form_comes_with_the_attempt(api, user, world):
    order = place(user)

    answer = data(api.post("/pay", {"order_id": order.pk, "method": "unionpay"}), 201)

    assert set(answer["client_parameters"]) == {"form_html"}
    number = Payment.objects.get().number
    assert f'name="orderId" value="{number}"' in answer["client_parameters"]["form_html"]


def test_a_genuine_notice_pays_the_order(attempt, world, callback):
    response = callback(world.unionpay_notice(attempt.number), PATH)

    assert (response.status_code, response.content) == (200, b"ok")
    assert Order.objects.get().status == "paid"


def test_M1_a_repeated_notice_changes_nothing(attempt, world, callback):
    notice = world.unionpay_notice(attempt.number)
    callback(notice, PATH)

    with nothing_changes():
        assert callback(notice, PATH).status_code == 200
        assert callback(world.unionpay_notice(attempt.number), PATH).status_code == 200


@pytest.mark.parametrize("changes", [
    {"signature": "forged"}, {"signature": "merchant"}, {"signature": "bad_signature"},
    {"signature": "none"}, {"tamper": True},
], ids=str)  # fmt: skip
def test_M4_what_is_not_believed_changes_nothing(attempt, world, callback, changes):
    response = callback(world.unionpay_notice(attempt.number, **changes), PATH)

    assert (response.status_code, response.content) == (400, b"fail")
    assert Order.objects.get().status == "pending"
    assert PaymentAnomaly.objects.get().kind == AnomalyKind.FORGED


def test_a_certificate_that_unionpay_exchanged_meanwhile_is_believed(attempt, world, callback):
    notice = world.unionpay_notice(attempt.number, signature="renewed")

    assert callback(notice, PATH).status_code == 200
    assert Order.objects.get().status == "paid"


@pytest.mark.parametrize("body", ["", "a", "signature=x", "signPubKeyCert=x&signature=%FF"])
def test_a_body_that_is_no_notice(world, callback, db, body):
    response = callback({"headers": {"Content-Type": "text/plain"}, "body": body}, PATH)
    assert (response.status_code, response.content) == (400, b"fail")


@pytest.mark.parametrize(("field", "value", "fact"), [
    ("txnAmt", "11999", "amount"), ("txnAmt", "1e4", "txnAmt"), ("merId", "1", "merId"),
    ("currencyCode", "840", "currencyCode"),
])  # fmt: skip
def test_M3_every_fact_is_compared(attempt, world, callback, field, value, fact):
    response = callback(world.unionpay_notice(attempt.number, mutate={field: value}), PATH)

    assert response.status_code == 422
    assert fact in PaymentAnomaly.objects.get().detail["facts"]
    assert Order.objects.get().status == "pending"


@pytest.mark.parametrize("code", ["05", "60", ""])
def test_a_notice_that_does_not_say_done_is_left_to_the_query(attempt, world, callback, code):
    notice = world.unionpay_notice(attempt.number, mutate={"respCode": code})
    with nothing_changes():
        assert callback(notice, PATH).status_code == 400


def test_a_client_that_polls_learns_of_the_payment(attempt, api):
    assert data(api.get(f"/pay/{attempt.number}"))["status"] == "succeeded"


def test_M7_money_after_the_end_goes_back_by_itself(started, world, callback):
    """Nobody can close it there: it expires here after the grace, and what comes later returns."""
    world.unionpay_cashier(started.parameters["form_html"], "open")
    deadline = timezone.now() - timedelta(minutes=3)
    Order.objects.update(expires_at=deadline)
    Payment.objects.update(expires_at=deadline)
    expire_orders()
    assert Order.objects.get().status == "expired"
    assert Payment.objects.get().status == "closing"
    number = started.payment.number
    world.unionpay_pay(number, force=True, notify="hold")

    assert callback(world.unionpay_notice(number), PATH).status_code == 200
    send_refunds()
    refund = Refund.objects.get()
    assert (refund.status, refund.reason_code) == ("processing", "late")
    world.unionpay_settle(refund.number, "00")
    Refund.objects.update(next_try_at=timezone.now())
    query_pending_refunds()

    assert Refund.objects.get().status == "succeeded"
    assert world.unionpay_book()["net"] == 0


def test_a_refund_is_told_by_notice(attempt, world, callback):
    callback(world.unionpay_notice(attempt.number), PATH)
    refund = open_refund(
        Payment.objects.get(), amount=120, key="k", reason_code="other", closes_order=False
    )
    send_refunds()
    world.unionpay_settle(refund.number, "00")
    notice = world.unionpay_notice(refund.number)

    assert callback(notice, REFUND_PATH).status_code == 200
    assert Refund.objects.get().status == "succeeded"
    with nothing_changes():
        assert callback(notice, REFUND_PATH).status_code == 200


@pytest.mark.parametrize(("method", "name"), [("get", "out_trade_no"), ("post", "orderId")])
def test_the_way_back_leads_to_the_website_and_believes_nothing(settings, method, name):
    settings.PAY_RETURN_URL = "https://www.example.com/paid"
    go = getattr(Client(), method)

    number = "PAY20261121QYW7S6QF9TVR0"
    good = go("/api/v1/pay/return", {name: number, "trade_status": "TRADE_SUCCESS"})
    bad = go("/api/v1/pay/return", {name: "x&next=//evil.example"})

    assert (good.status_code, good["Location"]) == (
        303, f"https://www.example.com/paid?number={number}",
    )  # fmt: skip
    assert (bad.status_code, bad["Location"]) == (303, "https://www.example.com/paid")
