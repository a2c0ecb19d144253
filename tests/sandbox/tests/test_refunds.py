"""Refunds: sums, repetition, states and their notices."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.sandbox.client import SandboxRefusedError

REFUNDS = "/v3/refund/domestic/refunds"


def refund_body(number: str, refund_no: str, amount: int, total: int = 100, **changes) -> dict:
    body = {
        "out_trade_no": number,
        "out_refund_no": refund_no,
        "amount": {"refund": amount, "total": total, "currency": "CNY"},
    }
    return body | changes


def refund(merchant, number: str, refund_no: str, amount: int, total: int = 100, **changes):
    return merchant.call("POST", REFUNDS, refund_body(number, refund_no, amount, total, **changes))


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_refund_is_accepted_then_succeeds_and_is_announced(control, sdk, paid, receiver):
    number = paid()
    amount = {"refund": 40, "total": 100, "currency": "CNY"}
    status, text = sdk.refund("R1", amount, out_trade_no=number, notify_url=receiver.url)

    accepted = json.loads(text)
    assert (status, accepted["status"]) == (200, "PROCESSING")
    assert "success_time" not in accepted
    [delivery] = receiver.wait(1)
    event = sdk.callback(delivery.headers, delivery.body)
    assert event["event_type"] == "REFUND.SUCCESS"
    assert event["resource"]["refund_status"] == "SUCCESS"
    assert event["resource"]["refund_id"] == accepted["refund_id"]
    assert event["resource"]["amount"] == {
        "total": 100,
        "refund": 40,
        "payer_total": 100,
        "payer_refund": 40,
    }
    settled = json.loads(sdk.query_refund("R1")[1])
    assert (settled["status"], settled["amount"]["refund"]) == ("SUCCESS", 40)
    assert settled["success_time"].endswith("+08:00")
    assert control.trade(number)["trade_state"] == "REFUND"
    assert control.book()["net"] == 60


def test_two_partial_refunds_a_minute_apart(control, merchant, paid):
    number = paid()
    assert refund(merchant, number, "R1", 40).status_code == 200
    assert refusal(refund(merchant, number, "R2", 60)) == (429, "FREQUENCY_LIMITED")

    control.clock(advance=60)
    assert refund(merchant, number, "R2", 60).status_code == 200
    control.wait_refund("R2", "SUCCESS")
    book = control.book()
    assert (book["paid"], book["refunded"], book["net"]) == (100, 100, 0)


def test_more_than_the_total_is_refused(control, merchant, paid):
    control.refund_settings(spacing=0)
    number = paid()
    assert refusal(refund(merchant, number, "R0", 101)) == (400, "INVALID_REQUEST")
    refund(merchant, number, "R1", 60)

    assert refusal(refund(merchant, number, "R2", 41)) == (400, "INVALID_REQUEST")
    assert refund(merchant, number, "R3", 40).status_code == 200
    assert [row["out_refund_no"] for row in control.refunds()] == ["R1", "R3"]


def test_the_same_number_is_the_same_refund(control, merchant, paid):
    number = paid()
    first = refund(merchant, number, "R1", 40).json()
    control.wait_refund("R1", "SUCCESS")
    again = refund(merchant, number, "R1", 40)

    assert again.status_code == 200
    assert again.json()["refund_id"] == first["refund_id"]
    assert again.json()["status"] == "SUCCESS"
    assert control.book()["refunded"] == 40


def test_the_same_number_with_other_parameters(control, merchant, paid):
    number = paid()
    refund(merchant, number, "R1", 40)

    assert refusal(refund(merchant, number, "R1", 41)) == (400, "INVALID_REQUEST")
    assert refusal(refund(merchant, paid(), "R1", 40)) == (400, "INVALID_REQUEST")
    assert len(control.refunds()) == 1


def test_the_same_refund_twenty_times_at_once(control, merchant, paid):
    number = paid()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: refund(merchant, number, "R1", 100), range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refund_id"] for answer in answers}) == 1
    control.wait_refund("R1", "SUCCESS")
    assert control.book()["net"] == 0


def test_different_refunds_at_once_never_exceed_the_total(control, merchant, paid):
    control.refund_settings(spacing=0)
    number = paid()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: refund(merchant, number, f"R{n}", 40), range(8)))

    assert sorted(answer.status_code for answer in answers) == [
        200,
        200,
        400,
        400,
        400,
        400,
        400,
        400,
    ]


def test_at_most_fifty_refunds(control, merchant, paid):
    control.refund_settings(spacing=0)
    number = paid()
    for count in range(50):
        assert refund(merchant, number, f"R{count}", 1).status_code == 200

    assert refusal(refund(merchant, number, "R50", 1)) == (400, "INVALID_REQUEST")


def test_a_year_after_the_payment(control, merchant, paid):
    number = paid()
    control.clock(advance=365 * 86400 + 60)

    assert refusal(refund(merchant, number, "R1", 1)) == (400, "INVALID_REQUEST")


def test_unpaid_and_unknown_trades(control, merchant, alice, receiver):
    merchant.prepay(alice["openid"], "T000001", receiver.url)

    assert refusal(refund(merchant, "T000001", "R1", 1)) == (400, "INVALID_REQUEST")
    assert refusal(refund(merchant, "T999999", "R1", 1)) == (404, "RESOURCE_NOT_EXISTS")
    assert refusal(merchant.call("GET", f"{REFUNDS}/R1")) == (404, "RESOURCE_NOT_EXISTS")


def test_by_transaction_id(control, merchant, paid):
    number, other = paid(), paid()
    transaction_id = control.trade(number)["transaction_id"]
    body = refund_body(number, "R1", 1, transaction_id=transaction_id)

    mixed = merchant.call("POST", REFUNDS, body | {"out_trade_no": other})
    del body["out_trade_no"]
    alone = merchant.call("POST", REFUNDS, body)
    neither = merchant.call("POST", REFUNDS, {"out_refund_no": "R2", "amount": body["amount"]})
    assert refusal(mixed) == (404, "RESOURCE_NOT_EXISTS")
    assert (alone.status_code, alone.json()["out_trade_no"]) == (200, number)
    assert refusal(neither) == (400, "PARAM_ERROR")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"out_refund_no": "R" * 65}, "/out_refund_no"),
        ({"out_refund_no": "R 1"}, "/out_refund_no"),
        ({"reason": "长" * 81}, "/reason"),
        ({"notify_url": "http://example.com/?a=1"}, "/notify_url"),
        ({"funds_account": "UNSETTLED"}, "/funds_account"),
        ({"amount": {"refund": 0, "total": 100, "currency": "CNY"}}, "/amount/refund"),
        ({"amount": {"refund": "1", "total": 100, "currency": "CNY"}}, "/amount/refund"),
        ({"amount": {"refund": 1, "total": 100}}, "/amount/currency"),
    ],
)
def test_field_rules(control, merchant, paid, change, field):
    answer = merchant.call("POST", REFUNDS, refund_body(paid(), "R1", 1) | change)

    assert refusal(answer) == (400, "PARAM_ERROR")
    assert answer.json()["detail"]["field"] == field
    assert control.refunds() == []


def test_total_must_be_the_total_of_the_trade(control, merchant, paid):
    assert refusal(refund(merchant, paid(100), "R1", 1, total=99)) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize("status", ["ABNORMAL", "CLOSED"])
def test_refund_that_does_not_succeed(control, sdk, merchant, paid, receiver, status):
    control.refund_settings(seconds=None)
    number = paid()
    refund(merchant, number, "R1", 100, notify_url=receiver.url)
    control.settle_refund("R1", status)

    [delivery] = receiver.wait(1)
    event = sdk.callback(delivery.headers, delivery.body)
    assert event["event_type"] == f"REFUND.{status}"
    assert event["resource"]["refund_status"] == status
    assert "success_time" not in event["resource"]
    assert control.book()["refunded"] == 0
    state = control.trade(number)["trade_state"]
    assert state == {"ABNORMAL": "REFUND", "CLOSED": "SUCCESS"}[status]


def test_abnormal_refund_keeps_its_amount_and_may_still_succeed(control, merchant, paid):
    control.refund_settings(seconds=None, spacing=0)
    number = paid()
    refund(merchant, number, "R1", 100)
    control.settle_refund("R1", "ABNORMAL")
    assert refusal(refund(merchant, number, "R2", 1)) == (400, "INVALID_REQUEST")

    control.settle_refund("R1", "SUCCESS")
    assert control.book()["net"] == 0


def test_closed_refund_gives_its_amount_back(control, merchant, paid):
    control.refund_settings(seconds=None, spacing=0)
    number = paid()
    refund(merchant, number, "R1", 100)
    control.settle_refund("R1", "CLOSED")

    assert refund(merchant, number, "R2", 100).status_code == 200


def test_a_settled_refund_stays_settled(control, merchant, paid):
    refund(merchant, paid(), "R1", 100)
    control.wait_refund("R1", "SUCCESS")

    with pytest.raises(SandboxRefusedError) as refused:
        control.settle_refund("R1", "SUCCESS")
    assert refused.value.status == 409
    assert control.book()["refunded"] == 100


def test_processing_until_the_virtual_clock_moves(control, merchant, paid):
    control.refund_settings(seconds=3600)
    refund(merchant, paid(), "R1", 100)
    assert control.refund("R1")["status"] == "PROCESSING"

    control.clock(advance=3600)
    control.wait_refund("R1", "SUCCESS")


def test_without_address_nothing_is_announced(control, merchant, paid):
    refund(merchant, paid(), "R1", 100)
    control.wait_refund("R1", "SUCCESS")

    assert control.outbox("notify", event_type="REFUND.SUCCESS") == []
