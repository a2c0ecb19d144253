"""Alipay through our own doors: choosing it, its notices, expiry and refunds."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from commerce.models import AnomalyKind, Order, Payment, PaymentAnomaly, Refund
from commerce.services.refunds import open_refund
from commerce.services.starting import start_payment
from commerce.tasks import expire_orders, send_refunds
from tests.commerce.books import nothing_changes
from tests.factories.commerce import place
from tests.helpers import data, refusal

pytestmark = pytest.mark.django_db
PATH = "/pay/callback/alipay"


@pytest.fixture
def started(user, world):
    return start_payment(place(user).pk, user=user, method="alipay")


@pytest.fixture
def attempt(started, world):
    """Paid at the provider; nobody has told us yet."""
    world.alipay_cashier(started.parameters["page_url"], notify="hold")
    return started.payment


# -- choosing


def test_the_methods_of_each_platform(api, world):
    wechat = {"method": "wechat", "name": "微信支付", "platform": "mini_program"}
    unionpay = {"method": "unionpay", "name": "银联", "platform": "web"}
    alipay = {"method": "alipay", "name": "支付宝", "platform": "web"}

    assert data(api.get("/pay/methods")) == {"methods": [wechat, alipay, unionpay]}
    assert data(api.get("/pay/methods?platform=web")) == {"methods": [alipay, unionpay]}
    assert data(api.get("/pay/methods?platform=mini_program")) == {"methods": [wechat]}
    assert api.get("/pay/methods?platform=fax").status_code == 400


def test_without_an_account_alipay_is_not_offered(api, user, world, settings):
    settings.ALIPAY_APPID = ""
    order = place(user)

    assert [row["method"] for row in data(api.get("/pay/methods"))["methods"]] == [
        "wechat",
        "unionpay",
    ]
    assert refusal(api.post("/pay", {"order_id": order.pk, "method": "alipay"})) == (422, 14004)
    assert not Payment.objects.exists()


def test_somebody_without_wechat_pays_by_alipay(api, user, world):
    order = place(user)

    answer = data(api.post("/pay", {"order_id": order.pk, "method": "alipay"}), 201)

    assert set(answer["client_parameters"]) == {"page_url", "wap_url"}
    payment = Payment.objects.get()
    assert (payment.method, payment.payer, payment.prepay_id) == ("alipay", "", payment.number)


def test_asked_again_it_is_the_same_attempt(started, user):
    again = start_payment(started.payment.order_id, user=user, method="alipay")
    assert again.payment.pk == started.payment.pk


def test_a_client_that_polls_learns_of_the_payment(attempt, api):
    answer = data(api.get(f"/pay/{attempt.number}"))
    assert (answer["status"], answer["order_status"]) == ("succeeded", "paid")


# -- notices


def test_a_genuine_notice_pays_the_order(attempt, world, callback):
    response = callback(world.alipay_notice(attempt.number), PATH)

    assert (response.status_code, response.content) == (200, b"success")
    assert response["Content-Type"] == "text/plain"
    assert Order.objects.get().status == "paid"


def test_the_way_back_is_believed_nothing(started, attempt, settings):
    """The browser brings what looks like success; only the platform's own word would pay."""
    settings.PAY_RETURN_URL = "https://www.example.com/paid"
    forged = {
        "out_trade_no": attempt.number, "total_amount": "120.00", "trade_status": "TRADE_SUCCESS",
        "trade_no": "2026112122001", "sign_type": "RSA2", "sign": "AAAA",
    }  # fmt: skip

    with nothing_changes():
        assert Client().get("/api/v1/pay/return", forged).status_code == 303
        assert Client().post("/api/v1/pay/return", forged).status_code == 303


def test_M1_a_repeated_notice_changes_nothing(attempt, world, callback):
    notice = world.alipay_notice(attempt.number)
    callback(notice, PATH)

    with nothing_changes():
        assert callback(notice, PATH).content == b"success"
        assert callback(world.alipay_notice(attempt.number), PATH).content == b"success"


@pytest.mark.parametrize(("changes", "kind"), [
    ({"signature": "forged"}, AnomalyKind.FORGED),
    ({"signature": "bad_signature"}, AnomalyKind.FORGED),
    ({"signature": "none"}, AnomalyKind.FORGED),
    ({"tamper": True}, AnomalyKind.FORGED),
    ({"timestamp_offset": -27 * 3600}, AnomalyKind.STALE),
    ({"mutate": {"notify_type": "other"}}, None),
])  # fmt: skip
def test_M4_what_is_not_believed_changes_nothing(attempt, world, callback, changes, kind):
    notice = world.alipay_notice(attempt.number, **changes)

    response = callback(notice, PATH)

    assert (response.status_code, response.content) == (400, b"failure")
    assert Order.objects.get().status == "pending"
    kinds = list(PaymentAnomaly.objects.values_list("kind", flat=True))
    assert kinds == ([kind] if kind else [])


@pytest.mark.parametrize("body", ["", "sign=", "a&b", "sign=%FF%FE&x=1", "sign=AA==&sign_type=RSA",
                                  "sign=é&notify_type=x", "{}"])  # fmt: skip
def test_a_body_that_is_no_notice(world, callback, db, body):
    response = callback({"headers": {"Content-Type": "text/plain"}, "body": body}, PATH)
    assert (response.status_code, response.content) == (400, b"failure")


@pytest.mark.parametrize(("field", "value", "fact"), [
    ("total_amount", "119.99", "amount"),
    ("total_amount", "120", "total_amount"),
    ("seller_id", "2088000000000000", "seller_id"),
    ("app_id", "2021000000000000", "app_id"),
    ("trade_no", "", "transaction_id"),
])  # fmt: skip
def test_M3_every_fact_is_compared(attempt, world, callback, field, value, fact):
    response = callback(world.alipay_notice(attempt.number, mutate={field: value}), PATH)

    assert (response.status_code, response.content) == (422, b"failure")
    assert fact in PaymentAnomaly.objects.get().detail["facts"]
    assert Order.objects.get().status == "pending"


def test_a_number_we_never_gave(attempt, world, callback):
    notice = world.alipay_notice(
        attempt.number, mutate={"out_trade_no": "PAY20260101AAAAAAAAAAAAA"}
    )
    assert callback(notice, PATH).status_code == 422
    assert PaymentAnomaly.objects.get().kind == AnomalyKind.UNKNOWN_NUMBER


def test_a_notice_of_a_trade_that_is_not_paid_yet(attempt, world, callback):
    notice = world.alipay_notice(attempt.number, mutate={"trade_status": "WAIT_BUYER_PAY"})
    assert callback(notice, PATH).status_code == 422
    assert Order.objects.get().status == "pending"


# -- the end of an order


def run_out(payment: Payment, seconds: int) -> None:
    """As if its deadline had been so long ago; the provider's own clock stays."""
    deadline = timezone.now() - timedelta(seconds=seconds)
    Order.objects.update(expires_at=deadline)
    Payment.objects.filter(pk=payment.pk).update(expires_at=deadline)


def test_an_order_nobody_paid_expires_and_its_page_is_closed(started, world):
    world.alipay_cashier(started.parameters["page_url"], "open")

    run_out(started.payment, 1)
    expire_orders()

    assert Order.objects.get().status == "expired"
    assert Payment.objects.get().status == "closed"
    assert world.alipay_trade(started.payment.number)["state"] == "TRADE_CLOSED"


def test_a_page_nobody_opened_holds_its_order_a_minute_longer(started):
    run_out(started.payment, 20)
    expire_orders()
    assert Order.objects.get().status == "pending"

    run_out(started.payment, 70)
    expire_orders()
    assert Order.objects.get().status == "expired"


def test_M7_money_after_the_end_goes_back_by_itself(started, world, callback):
    world.alipay_cashier(started.parameters["page_url"], "open")
    run_out(started.payment, 1)
    expire_orders()
    number = started.payment.number
    world.alipay_pay(number, force=True, notify="hold")

    assert callback(world.alipay_notice(number), PATH).content == b"success"
    send_refunds()

    refund = Refund.objects.get()
    assert (refund.status, refund.reason_code, refund.amount) == ("succeeded", "late", 120)
    assert world.alipay_book()["net"] == 0


def test_partial_refunds_and_their_notices(attempt, world, callback):
    callback(world.alipay_notice(attempt.number), PATH)
    payment = Payment.objects.get()
    for key, amount in (("one", 20), ("two", 100)):
        open_refund(
            payment, amount=amount, key=key, reason_code="other", reason="", closes_order=False
        )
    send_refunds()

    rows = Refund.objects.order_by("pk")
    assert [row.status for row in rows] == ["succeeded", "succeeded"]
    with nothing_changes():
        for row in rows:
            notice = world.alipay_notice(out_refund_no=row.number)
            assert callback(notice, PATH).content == b"success"
    assert world.alipay_book()["net"] == 0
