"""Shipping information reaches WeChat: once, whatever goes wrong on the way."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from accounts.models import Notification
from accounts.services.wechat_events import take_event
from commerce.models import Order, ShippingReport
from commerce.services.orders import complete_order
from commerce.services.payments import status_of
from commerce.services.reports import retry_report
from commerce.services.shipping import Parcel, correct_shipment, ship_order
from commerce.services.starting import start_payment
from commerce.services.sweeps import report_shipping
from commerce.services.verification import verify_code
from commerce.services.wechat_shipping import MOST_ATTEMPTS
from config.errors import IllegalTransition
from tests.factories.accounts import UserFactory
from tests.factories.commerce import payer, sold, wanted

pytestmark = pytest.mark.django_db

PARCELS = [Parcel("SF", "SF1234567890")]


@pytest.fixture
def buy(world):
    """buy("shipping"): an order that was really paid by WeChat."""

    def paid(fulfilment: str) -> Order:
        user = UserFactory()
        payer(world, user)
        order = wanted(fulfilment, user=user)
        attempt = start_payment(order.pk, user=user, method="wechat").payment
        world.pay(attempt.number, notify="hold")
        status_of(attempt)
        order.refresh_from_db()
        assert order.status == "paid"
        return order

    return paid


@pytest.fixture
def sent(buy):
    order = buy("shipping")
    ship_order(order.pk, actor=order.merchant.user, parcels=PARCELS)
    return order


def report(order) -> ShippingReport:
    return ShippingReport.objects.get(order=order)


def later(**ahead):
    return time_machine.travel(timezone.now() + timedelta(**ahead))


def one_delivery(world) -> dict:
    (delivery,) = world.deliveries()
    return delivery


# -- what is told


def test_a_parcel(world, sent):
    assert report_shipping(10) == 1

    row, body = report(sent), one_delivery(world)["body"]
    assert (row.status, row.uploads, row.next_try_at, row.error) == ("uploaded", 1, None, "")
    assert datetime.fromisoformat(body.pop("upload_time")).utcoffset() == timedelta(hours=8)
    assert body == {
        "order_key": {"order_number_type": 2, "transaction_id": sent.paid_by.transaction_id},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [
            {"item_desc": sent.items.get().title, "tracking_no": "SF1234567890",
             "express_company": "SF", "contact": {"receiver_contact": "137****4444"}},
        ],
        "payer": {"openid": sent.paid_by.payer},
    }  # fmt: skip
    assert report_shipping(10) == 0


def test_several_parcels(world, buy):
    order = buy("shipping")
    parcels = [*PARCELS, Parcel("ZTO", "ZT00000001")]
    ship_order(order.pk, actor=order.merchant.user, parcels=parcels)

    report_shipping(10)

    body = one_delivery(world)["body"]
    assert (body["delivery_mode"], body["is_all_delivered"]) == (2, True)
    assert [item["tracking_no"] for item in body["shipping_list"]] == [
        "SF1234567890", "ZT00000001",
    ]  # fmt: skip


def test_on_the_spot_and_what_its_app_hands_over(world, buy):
    fetched, held = buy("verification"), buy("none")
    assert not ShippingReport.objects.exists()
    verify_code(fetched.verification_code.code, actor=fetched.merchant.user)
    complete_order(held.pk)

    report_shipping(10)

    kinds = {
        row["transaction_id"]: (row["body"]["logistics_type"], row["body"]["shipping_list"])
        for row in world.deliveries()
    }
    assert kinds == {
        fetched.paid_by.transaction_id: (4, [{"item_desc": fetched.items.get().title}]),
        held.paid_by.transaction_id: (3, [{"item_desc": held.items.get().title}]),
    }


def test_once_although_it_is_completed_later(world, sent):
    report_shipping(10)
    complete_order(sent.pk)

    assert report_shipping(10) == 0
    assert one_delivery(world)["uploads"] == 1


def test_only_what_wechat_was_paid(world):
    order = sold("shipping")
    order.payments.update(method="alipay")
    ship_order(order.pk, actor=order.merchant.user, parcels=PARCELS)
    assert not ShippingReport.objects.exists()


def test_an_account_that_is_not_managed_tells_nothing(world, sent):
    world.trade_management(False)

    report_shipping(10)

    assert (report(sent).status, world.deliveries()) == ("skipped", [])


# -- a wrong number


def test_a_corrected_number_is_told_once_more_and_no_oftener(world, sent):
    report_shipping(10)
    parcel = sent.shipments.get()

    def correct(number):
        correct_shipment(
            parcel.pk, actor=sent.merchant.user, order_id=sent.pk, parcel=Parcel("SF", number)
        )

    correct("SF0000000002")
    assert report(sent).status == "pending"
    report_shipping(10)
    delivery = one_delivery(world)
    assert delivery["uploads"] == 2
    assert delivery["body"]["shipping_list"][0]["tracking_no"] == "SF0000000002"

    correct("SF0000000003")
    assert report(sent).status == "uploaded"
    assert "一次更正" in report(sent).error
    assert report_shipping(10) == 0


def test_a_number_corrected_before_it_was_told_costs_no_correction(world, sent):
    parcel = sent.shipments.get()
    correct_shipment(
        parcel.pk, actor=sent.merchant.user, order_id=sent.pk, parcel=Parcel("SF", "SF0000000002")
    )

    report_shipping(10)

    assert one_delivery(world)["uploads"] == 1


# -- trouble


@pytest.mark.parametrize("code", ["10060001", "-1", "45009"])
def test_what_may_go_better_is_tried_again(world, sent, code):
    world.fault(f"error:{code}", "wx", "upload_shipping_info", times=2)  # "busy" is asked twice

    assert report_shipping(10) == 1
    assert (report(sent).status, report(sent).errcode) == ("pending", int(code))
    assert report_shipping(10) == 0  # not yet
    world.clear_faults()
    with later(seconds=16):
        assert report_shipping(10) == 1

    assert (report(sent).status, report(sent).attempts) == ("uploaded", 2)
    assert one_delivery(world)["uploads"] == 1


def test_an_answer_that_is_lost_is_asked_for_before_it_is_told_again(world, sent):
    world.fault("drop", "wx", "upload_shipping_info")

    report_shipping(10)
    assert (report(sent).status, report(sent).unsure) == ("pending", True)
    with later(seconds=16):
        report_shipping(10)

    assert (report(sent).status, report(sent).unsure) == ("uploaded", False)
    assert one_delivery(world)["uploads"] == 1


def test_what_never_came_through_is_told_after_asking(world, sent):
    world.fault("status:502", "wx", "upload_shipping_info")

    report_shipping(10)
    with later(seconds=16):
        report_shipping(10)

    assert (report(sent).status, one_delivery(world)["uploads"]) == ("uploaded", 1)


@pytest.mark.parametrize(("code", "status"), [
    ("10060002", "uploaded"), ("10060003", "failed"), ("10060004", "failed"),
    ("10060028", "failed"), ("10060031", "failed"), ("47001", "failed"), ("48001", "failed"),
])  # fmt: skip
def test_a_clear_no(world, sent, code, status):
    world.fault(f"error:{code}", "wx", "upload_shipping_info")

    report_shipping(10)

    assert (report(sent).status, report(sent).errcode) == (status, int(code))
    with later(days=1):
        assert report_shipping(10) == 0


def test_refused_because_it_is_done(world, sent):
    world.fault("drop", "wx", "upload_shipping_info")
    report_shipping(10)
    ShippingReport.objects.update(unsure=False)
    world.fault("error:10060004", "wx", "upload_shipping_info")

    with later(seconds=16):
        report_shipping(10)

    assert report(sent).status == "uploaded"


def test_after_the_last_try_it_is_a_persons(world, sent, staff):
    ShippingReport.objects.update(attempts=MOST_ATTEMPTS - 1)
    world.fault("error:10060001", "wx", "upload_shipping_info")

    report_shipping(10)

    row = report(sent)
    assert (row.status, row.next_try_at) == ("failed", None)
    retry_report(row.pk, actor=staff("customer_service"))
    assert (report(sent).status, report(sent).attempts) == ("pending", 0)
    report_shipping(10)
    assert report(sent).status == "uploaded"
    with pytest.raises(IllegalTransition):
        retry_report(row.pk, actor=staff("customer_service"))


def test_one_that_fails_stops_none(world, buy):
    orders = [buy("verification") for _ in range(2)]
    for order in orders:
        verify_code(order.verification_code.code, actor=order.merchant.user)
    world.fault("error:10060031", "wx", "upload_shipping_info")

    assert report_shipping(10) == 2
    assert sorted(ShippingReport.objects.values_list("status", flat=True)) == [
        "failed", "uploaded",
    ]  # fmt: skip


# -- what WeChat tells of by itself


def event(order, kind="trade_manage_order_settlement", **fields):
    return {
        "Event": kind, "merchant_id": settings.WXPAY_MCHID,
        "transaction_id": order.paid_by.transaction_id, "settlement_time": 1794900000,
    } | fields  # fmt: skip


def test_it_settles(world, sent):
    assert take_event(event(sent), signature="a") is True
    assert report(sent).settled_at.timestamp() == 1794900000


@pytest.mark.parametrize("fields", [
    {"transaction_id": "4200"}, {"transaction_id": None}, {"merchant_id": "1"},
    {"settlement_time": "soon"}, {"settlement_time": None}, {"settlement_time": 0},
])  # fmt: skip
def test_settlements_of_nothing_of_ours_change_nothing(world, sent, fields):
    take_event(event(sent, **fields), signature="a")
    assert report(sent).settled_at is None


def test_it_reminds_of_shipping_once(world, buy):
    order = buy("shipping")
    for signature in ("a", "b"):
        take_event(event(order, "trade_manage_remind_shipping", n=signature), signature=signature)

    told = Notification.objects.filter(template="merchant_ship_reminder")
    assert [note.user for note in told] == [order.merchant.user]
