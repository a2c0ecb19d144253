"""Delivery of notices: content, retries on virtual time, duplicates and order."""

import threading
import time

import pytest

from tests.sandbox.client import wait_for
from tests.sandbox.wxpay.notices import DELAYS

MINUTE, HOUR = 60, 3600


def statuses(entry) -> list:
    return [attempt["status"] for attempt in entry["attempts"]]


def test_the_sdk_reads_the_notice(control, sdk, paid, receiver, alice):
    number = paid(notify="auto")
    [delivery] = receiver.wait(1)

    event = sdk.callback(delivery.headers, delivery.body)
    assert event["event_type"] == "TRANSACTION.SUCCESS"
    assert event["resource_type"] == "encrypt-resource"
    assert event["summary"] == "支付成功"
    resource = event["resource"]
    assert resource["out_trade_no"] == number
    assert resource["trade_state"] == "SUCCESS"
    assert resource["payer"] == {"openid": alice["openid"]}
    assert resource["amount"]["total"] == 100
    assert resource["transaction_id"] == control.trade(number)["transaction_id"]


@pytest.mark.parametrize("answer", [200, 204])
def test_an_accepted_notice_comes_once(control, paid, receiver, answer):
    receiver.answers = [answer]
    number = paid(notify="auto")
    entry = control.wait_notice(out_trade_no=number)
    control.clock(advance=86400)
    later = pass_by(control, paid)

    assert statuses(control.outbox("notify", id=entry["id"])[0]) == [answer]
    assert [delivery.id for delivery in receiver.deliveries] == [entry["id"], later]


def pass_by(control, paid) -> str:
    """Pay another trade and wait for its notice: whatever was due before has been sent by then."""
    return control.wait_notice(out_trade_no=paid(notify="auto"))["id"]


@pytest.mark.parametrize("answer", [201, 302, 400, 500, 503])
def test_any_other_answer_is_retried(control, paid, receiver, answer):
    receiver.answers = [answer]
    number = paid(notify="auto")
    receiver.wait(1)
    waiting = wait_tries(control, number, 1)
    assert waiting["state"] == "pending"

    control.clock(advance=15)
    entry = control.wait_notice(out_trade_no=number)
    assert statuses(entry) == [answer, 204]


def wait_tries(control, number: str, count: int) -> dict:
    def enough():
        [entry] = control.outbox("notify", out_trade_no=number)
        return entry if len(entry["attempts"]) >= count else None

    return wait_for(enough, 10, f"{count} attempts")


def test_the_whole_schedule_until_it_is_given_up(control, paid, receiver):
    minutes = [0.25, 0.25, 0.5, 3, 10, 20, 30, 30, 30, 60, 180, 180, 180, 360, 360]
    assert [delay / 60 for delay in DELAYS] == minutes
    assert sum(DELAYS) == 24 * HOUR + 4 * MINUTE
    receiver.answers = [500] * 16
    number = paid(notify="auto")

    for count, delay in enumerate(DELAYS, start=1):
        entry = wait_tries(control, number, count)
        assert entry["next_at"] - entry["attempts"][-1]["at"] == pytest.approx(delay, abs=1)
        control.clock(advance=delay)
    entry = wait_tries(control, number, 16)

    assert entry["state"] == "given_up"
    assert statuses(entry) == [500] * 16
    assert len({delivery.id for delivery in receiver.deliveries}) == 1


def test_no_retry_before_its_time(control, paid, receiver):
    receiver.answers = [500]
    number = paid(notify="auto")
    entry = wait_tries(control, number, 1)
    control.clock(advance=10)
    pass_by(control, paid)

    assert entry["next_at"] > control.clock()["now"]
    assert len(receiver.deliveries) == 2
    control.clock(advance=6)
    control.wait_notice(out_trade_no=number)
    assert len(receiver.deliveries) == 3


def test_a_retry_is_the_same_event_freshly_signed(control, sdk, paid, receiver):
    receiver.answers = [500]
    paid(notify="auto")
    receiver.wait(1)
    control.clock(scale=1000)
    first, second = receiver.wait(2)

    assert first.id == second.id
    for name in ("Wechatpay-Nonce", "Wechatpay-Signature"):
        assert first.headers[name] != second.headers[name]
    for delivery in (first, second):
        assert abs(int(delivery.headers["Wechatpay-Timestamp"]) - time.time()) < 10
        assert sdk.callback(delivery.headers, delivery.body)["id"] == first.id


def test_an_unreachable_merchant_is_retried(control, merchant, alice, receiver, new_number):
    receiver.close()
    number = new_number()
    merchant.prepay(alice["openid"], number, receiver.url)
    control.pay(number)
    entry = wait_tries(control, number, 1)

    assert entry["state"] == "pending"
    assert entry["attempts"][0]["status"] is None
    assert "Connection" in entry["attempts"][0]["error"]


def test_copies_arrive_in_parallel(control, merchant, alice, receiver, new_number):
    together = threading.Barrier(5, timeout=10)
    receiver.before_answer = together.wait
    number = new_number()
    merchant.prepay(alice["openid"], number, receiver.url)
    control.pay(number, copies=5)

    deliveries = receiver.wait(5)
    entry = wait_tries(control, number, 5)
    assert statuses(entry) == [204] * 5
    assert len({delivery.id for delivery in deliveries}) == 1
    assert len({delivery.headers["Wechatpay-Nonce"] for delivery in deliveries}) == 5


def test_copies_of_which_one_is_accepted_are_not_retried(control, merchant, alice, receiver, paid):
    receiver.answers = [500, 204, 500]
    merchant.prepay(alice["openid"], "T000001", receiver.url)
    control.pay("T000001", copies=3)
    entry = wait_tries(control, "T000001", 3)
    control.clock(advance=86400)
    pass_by(control, paid)

    assert sorted(statuses(entry)) == [204, 500, 500]
    assert control.outbox("notify", out_trade_no="T000001")[0]["state"] == "delivered"
    assert len(receiver.deliveries) == 4


def test_copies_that_all_fail_are_retried_once(control, merchant, alice, receiver):
    receiver.answers = [500, 500]
    merchant.prepay(alice["openid"], "T000001", receiver.url)
    control.pay("T000001", copies=2)
    wait_tries(control, "T000001", 2)
    control.clock(advance=15)
    control.wait_notice(out_trade_no="T000001")
    control.clock(advance=86400)

    assert statuses(wait_tries(control, "T000001", 3)) == [500, 500, 204]


def test_a_held_notice_waits_for_its_release(control, paid, receiver):
    number = paid(notify="hold")
    control.clock(advance=86400)
    later = pass_by(control, paid)
    [entry] = control.outbox("notify", out_trade_no=number)
    assert (entry["state"], entry["attempts"]) == ("held", [])

    control.release(entry["id"])
    assert [delivery.id for delivery in receiver.wait(2)] == [later, entry["id"]]


def test_a_delivered_notice_can_be_sent_again(control, paid, receiver):
    number = paid(notify="auto")
    entry = control.wait_notice(out_trade_no=number)
    control.release(entry["id"])

    assert {delivery.id for delivery in receiver.wait(2)} == {entry["id"]}


def test_a_slow_merchant_does_not_hold_up_the_others(control, paid, receiver):
    released = threading.Event()
    receiver.before_answer = lambda: released.wait(4)
    slow = paid(notify="auto")
    receiver.wait(1)

    receiver.before_answer = lambda: None
    quick = paid(notify="auto")
    control.wait_notice(out_trade_no=quick)
    assert control.outbox("notify", out_trade_no=slow)[0]["attempts"] == []
    released.set()
    control.wait_notice(out_trade_no=slow)
