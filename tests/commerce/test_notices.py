"""Callbacks: only what is authentic, fresh and about our payment has an effect, and that once."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Notification
from commerce.errors import OrderNotPayable
from commerce.gateways.wechat import WeChatGateway
from commerce.models import Order, Payment, PaymentAnomaly, PaymentNotice, Refund
from commerce.services.refunds import open_refund
from commerce.services.starting import start_payment
from commerce.tasks import send_refunds
from tests.commerce.books import nothing_changes
from tests.commerce.conftest import fail_message
from tests.commerce.payable import TagPayable
from tests.factories.commerce import pay, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def half_past(time_machine):
    """No hour ends during a test that counts what happens in one."""
    time_machine.move_to(timezone.now().replace(minute=30))


@pytest.fixture
def paid_attempt(attempt, world):
    """Paid at the provider; nobody has told us yet."""
    world.pay(attempt.number, notify="hold")
    return attempt


def test_a_genuine_notice_pays_the_order(paid_attempt, world, callback):
    notice = world.notice(paid_attempt.number)

    response = callback(notice)

    assert (response.status_code, response.content) == (204, b"")
    row = PaymentNotice.objects.get()
    assert (row.event_id, row.number, row.deliveries) == (notice["id"], paid_attempt.number, 1)
    assert row.processed_at is not None
    assert Order.objects.get().status == "paid"


@pytest.mark.parametrize("path", ["/pay/callback", "/pay/callback/wechat", "/pay/callback/"])
def test_every_documented_address_takes_it(paid_attempt, world, callback, path):
    assert callback(world.notice(paid_attempt.number), path).status_code == 204


def test_M1_a_repeated_event_is_acknowledged_and_counted(paid_attempt, world, callback):
    notice = world.notice(paid_attempt.number)
    callback(notice)

    with nothing_changes():
        assert callback(notice).status_code == 204
        assert callback(world.notice(paid_attempt.number, id=notice["id"])).status_code == 204
        assert callback(world.notice(paid_attempt.number)).status_code == 204

    assert sorted(PaymentNotice.objects.values_list("deliveries", flat=True)) == [1, 3]


def test_an_event_whose_processing_failed_is_processed_again(paid_attempt, world, callback):
    notice = world.notice(paid_attempt.number)
    Payment.objects.update(number="PAYELSEWHERE0000000")
    assert callback(notice).status_code == 422
    Payment.objects.update(number=paid_attempt.number)

    assert callback(notice).status_code == 204

    assert Order.objects.get().status == "paid"
    assert PaymentNotice.objects.get().deliveries == 2


def test_a_delivery_that_fails_is_no_reason_to_refuse_the_money(paid_attempt, world, callback):
    TagPayable.crash = {"F"}

    assert callback(world.notice(paid_attempt.number)).status_code == 204

    assert Payment.objects.get().status == "succeeded"
    assert Order.objects.get().status == "pending"


# Each validly signed, each wrong in one field (invariants M-3).
MUTATIONS = {
    "another number": {"out_trade_no": "PAY20260101AAAAAAAAAAAAA"},
    "no number": {"out_trade_no": None},
    "one fen": {"amount.total": 1},
    "amount as text": {"amount.total": "12000"},
    "amount as float": {"amount.total": 12000.0},
    "no amount": {"amount": None},
    "dollars": {"amount.currency": "USD"},
    "another merchant": {"mchid": "1900000000"},
    "another app": {"appid": "wx0000000000000000"},
    "another payer": {"payer.openid": "oSomebodyElse00000000000000"},
    "no payer": {"payer": None},
    "not paid": {"trade_state": "NOTPAY"},
    "paid and refunded": {"trade_state": "CLOSED"},
    "another kind": {"trade_type": "NATIVE"},
    "no transaction": {"transaction_id": None},
    "transaction as number": {"transaction_id": 42},
}


@pytest.mark.parametrize("mutate", MUTATIONS.values(), ids=MUTATIONS)
def test_M3_signed_but_wrong_in_one_field(paid_attempt, world, callback, mutate):
    with nothing_changes():
        response = callback(world.notice(paid_attempt.number, mutate=mutate))

    assert response.status_code == 422
    assert fail_message(response) == "支付信息与订单不一致"
    anomaly = PaymentAnomaly.objects.get()
    unknown = "out_trade_no" in mutate
    assert anomaly.kind == ("unknown_number" if unknown else "mismatch")
    assert PaymentNotice.objects.get().processed_at is None
    assert callback(world.notice(paid_attempt.number)).status_code == 204


def test_M3_each_wrong_event_is_a_row_and_its_repetition_a_count(paid_attempt, world, callback):
    notice = world.notice(paid_attempt.number, mutate={"amount.total": 1})
    for _ in range(3):
        callback(notice)
    callback(world.notice(paid_attempt.number, mutate={"amount.total": 1}))

    assert list(PaymentAnomaly.objects.order_by("pk").values_list("count", flat=True)) == [3, 1]


@pytest.mark.usefixtures("half_past")
def test_M3_those_who_handle_anomalies_hear_of_it_at_once_and_once_an_hour(
    paid_attempt, world, callback, staff
):
    clerks, reader = [staff("finance"), staff("finance")], staff("customer_service")
    staff("finance", status="disabled")

    def told():
        rows = Notification.objects.filter(template="payment_anomaly", channel="in_app")
        return sorted(rows.values_list("user_id", "body"))

    for _ in range(3):
        callback(world.notice(paid_attempt.number, mutate={"amount.total": 1}))
    first = told()
    assert [user_id for user_id, _ in first] == sorted(clerk.pk for clerk in clerks)
    assert all("信息不一致" in body for _, body in first)

    callback(world.notice(paid_attempt.number, signature="forged"))
    assert len(told()) == 4  # another kind
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        callback(world.notice(paid_attempt.number, signature="forged"))
    assert len(told()) == 6
    assert reader.pk not in {user_id for user_id, _ in told()}


# Not authentic: nothing is believed, nothing is kept but a count (invariants M-4).
FORGERIES = {
    "tampered": {"tamper": True},
    "forged signature": {"signature": "forged"},
    "no signature": {"signature": "none"},
    "foreign serial": {"serial": "PUB_KEY_ID_0000000000000000000000000000000001"},
    "certificate serial": {"serial": "7132D72A03E93CDDF8C03BBD1F37EEDF00000000"},
    "platform certificate": {"serial": "platform"},
    "empty serial": {"omit_headers": ["Wechatpay-Serial"]},
    "no timestamp": {"omit_headers": ["Wechatpay-Timestamp"]},
    "no nonce": {"omit_headers": ["Wechatpay-Nonce"]},
    "no signature type": {"omit_headers": ["Wechatpay-Signature-Type"]},
}


@pytest.mark.parametrize("changes", FORGERIES.values(), ids=FORGERIES)
def test_M4_what_is_not_authentic_has_no_effect(paid_attempt, world, callback, changes):
    with nothing_changes():
        response = callback(world.notice(paid_attempt.number, **changes))

    assert response.status_code == 400
    assert fail_message(response) == "通知校验失败"
    assert PaymentNotice.objects.exists() is False
    assert PaymentAnomaly.objects.get().kind == "forged"


def test_M4_a_body_that_is_no_json_or_no_text(db, world, settings):
    headers = {
        "Wechatpay-Serial": settings.WXPAY_PUBLIC_KEY_ID,
        "Wechatpay-Timestamp": str(int(timezone.now().timestamp())),
        "Wechatpay-Nonce": "n",
        "Wechatpay-Signature": "AAAA",
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }
    for body in (b"", b"{", b"\xff\xfe", b"[" * 5000, "签名".encode("gbk")):
        response = Client().post(
            "/api/v1/pay/callback/wechat", body, content_type="text/plain", headers=headers
        )
        assert response.status_code == 400


@pytest.mark.usefixtures("half_past")
def test_M4_forgeries_of_one_source_fill_one_row_an_hour(paid_attempt, world, callback):
    for _ in range(5):
        callback(world.notice(paid_attempt.number, signature="forged"))

    assert PaymentAnomaly.objects.get().count == 5


def test_a_signature_probe_is_refused_and_nothing_to_worry_about(paid_attempt, world, callback):
    with nothing_changes():
        response = callback(world.notice(paid_attempt.number, signature="signtest"))

    assert response.status_code == 400
    assert PaymentAnomaly.objects.exists() is False


@pytest.mark.parametrize(("offset", "status"), [(-301, 400), (302, 400), (-290, 204), (290, 204)])
def test_M5_only_fresh_notices_count(paid_attempt, world, callback, offset, status):
    response = callback(world.notice(paid_attempt.number, timestamp_offset=offset))

    assert response.status_code == status
    assert Order.objects.get().status == ("paid" if status == 204 else "pending")
    kinds = list(PaymentAnomaly.objects.values_list("kind", flat=True))
    assert kinds == (["stale"] if status == 400 else [])


def test_M5_a_recorded_notice_replayed_later_is_stale(paid_attempt, world, callback):
    notice = world.notice(paid_attempt.number)
    callback(notice)

    with time_machine.travel(timezone.now() + timedelta(minutes=6)), nothing_changes():
        assert callback(notice).status_code == 400


def test_M5_a_recorded_notice_is_not_made_fresh_by_a_second_set_of_headers(
    paid_attempt, world, callback
):
    """The SDK also reads HTTP-Wechatpay-*; the freshness that counts is of what was signed."""
    notice = world.notice(paid_attempt.number, timestamp_offset=-3600)
    signed = notice["headers"]
    notice["headers"] = {
        "Wechatpay-Serial": signed["Wechatpay-Serial"],
        "Wechatpay-Timestamp": str(int(timezone.now().timestamp())),
    } | {f"HTTP-{name}": value for name, value in signed.items() if "Wechatpay" in name}

    with nothing_changes():
        assert callback(notice).status_code == 400

    assert PaymentNotice.objects.exists() is False


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "１７０００００００００", "9" * 40, "17:00"])
def test_a_timestamp_that_is_no_number(paid_attempt, world, callback, stamp):
    notice = world.notice(paid_attempt.number)
    notice["headers"]["Wechatpay-Timestamp"] = stamp.encode().decode("latin-1")

    assert callback(notice).status_code == 400


def test_an_event_of_another_kind_is_not_ours(paid_attempt, world, callback):
    with nothing_changes():
        response = callback(world.notice(paid_attempt.number, event_type="PAYSCORE.USER_PAID"))

    assert response.status_code == 400
    assert PaymentAnomaly.objects.exists() is False


def test_a_payment_that_says_it_is_a_refund(paid_attempt, world, callback):
    with nothing_changes():
        response = callback(world.notice(paid_attempt.number, event_type="REFUND.SUCCESS"))

    assert response.status_code == 422


def test_get_is_no_callback(db):
    assert Client().get("/api/v1/pay/callback/wechat").status_code == 405


def test_M6_the_notice_overtakes_the_prepay_answer(order, user, world, callback, monkeypatch):
    """On the wire: the provider posts its notice before it answers, we are still waiting."""
    real = WeChatGateway.prepay

    def overtaken(self, payment, **words):
        prepay_id = real(self, payment, **words)
        world.pay(payment.number, notify="hold")
        assert callback(world.notice(payment.number)).status_code == 204
        return prepay_id

    monkeypatch.setattr(WeChatGateway, "prepay", overtaken)

    with pytest.raises(OrderNotPayable) as refusal:
        start_payment(order.pk, user=user, method="wechat")

    assert refusal.value.data == {"status": "paid"}
    assert Order.objects.get().status == "paid"
    assert PaymentAnomaly.objects.exists() is False


# -- refunds


@pytest.fixture
def sent_refund(paid_attempt, world, callback):
    """A refund the provider works on."""
    world.refund_settings(seconds=None)
    callback(world.notice(paid_attempt.number))
    payment = Payment.objects.get()
    refund = open_refund(payment, amount=payment.amount, key="cancel", reason_code="cancelled")
    send_refunds()
    refund.refresh_from_db()
    assert refund.status == "processing"
    return refund


def test_a_refund_notice_ends_the_refund(sent_refund, world, callback):
    world.settle_refund(sent_refund.number, "SUCCESS", notify="none")
    notice = world.notice(out_refund_no=sent_refund.number)

    assert callback(notice, "/refund/callback/wechat").status_code == 204

    refund, order = Refund.objects.get(), Order.objects.get()
    assert (refund.status, order.status) == ("succeeded", "refunded")
    assert order.refunded_amount == order.total_amount
    with nothing_changes():
        assert callback(notice, "/refund/callback/wechat").status_code == 204
        again = world.notice(out_refund_no=sent_refund.number)
        assert callback(again, "/refund/callback/wechat").status_code == 204


REFUND_MUTATIONS = {
    "one fen": {"amount.refund": 1},
    "amount as text": {"amount.refund": "12000"},
    "no amount": {"amount": None},
    "another merchant": {"mchid": "1900000000"},
    "another refund": {"out_refund_no": "REF20260101AAAAAAAAAAAAA"},
    "another transaction": {"transaction_id": "4200000000"},
    "no known state": {"refund_status": "PROCESSING"},
}


@pytest.mark.parametrize("mutate", REFUND_MUTATIONS.values(), ids=REFUND_MUTATIONS)
def test_M3_a_refund_notice_wrong_in_one_field(sent_refund, world, callback, mutate):
    world.settle_refund(sent_refund.number, "SUCCESS", notify="none")

    with nothing_changes():
        response = callback(
            world.notice(out_refund_no=sent_refund.number, mutate=mutate), "/refund/callback/wechat"
        )

    assert response.status_code == 422
    assert PaymentAnomaly.objects.count() == 1


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_a_refund_that_failed_waits_for_a_person(sent_refund, world, callback, status):
    world.settle_refund(sent_refund.number, status, notify="none")

    notice = world.notice(
        out_refund_no=sent_refund.number,
        event_type=f"REFUND.{status}",
    )
    assert callback(notice, "/refund/callback/wechat").status_code == 204

    refund = Refund.objects.get()
    assert (refund.status, refund.error, refund.next_try_at) == ("failed", status, None)
    assert Order.objects.get().status == "refunding"
    assert PaymentAnomaly.objects.get().kind == "refund_failed"


def test_a_paid_order_without_provider_is_untouched_by_refund_callbacks(user):
    pay(place(user))
    with nothing_changes():
        assert Client().post("/api/v1/refund/callback/wechat").status_code == 400
