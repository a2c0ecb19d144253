"""Notices built for a test to post itself, judged by the real SDK."""

import json
import time

import pytest

from tests.sandbox.client import SandboxRefusedError


@pytest.fixture
def read(sdk):
    """What the SDK makes of a built notice: the event, or None when it refuses."""
    return lambda notice: sdk.callback(notice["headers"], notice["body"])


def test_genuine_notice(control, paid, read, receiver):
    number = paid()
    notice = control.notice(number)

    event = read(notice)
    assert event["id"] == notice["id"]
    assert event["resource"] == notice["plain"]
    assert event["resource"]["out_trade_no"] == number
    assert receiver.deliveries == []


def test_signed_after_the_mutation(control, paid, read):
    changes = {
        "amount.total": 1,
        "out_trade_no": "UNKNOWN0001",
        "appid": "wx0000000000000009",
        "attach": None,
    }
    resource = read(control.notice(paid(), mutate=changes))["resource"]

    assert resource["amount"]["total"] == 1
    assert resource["amount"]["payer_total"] == 100
    assert resource["out_trade_no"] == "UNKNOWN0001"
    assert resource["appid"] == "wx0000000000000009"
    assert "attach" not in resource


def test_mutation_changes_no_record(control, paid):
    number = paid()
    [before] = control.outbox("notify", out_trade_no=number)
    control.notice(number, mutate={"amount.total": 1})

    assert control.outbox("notify", out_trade_no=number) == [before]
    assert control.trade(number)["amount"]["total"] == 100


def test_tampered_body(control, paid, read):
    notice = control.notice(paid(), tamper=True)

    assert json.loads(notice["body"])["summary"] == "另一种说法"
    assert read(notice) is None


@pytest.mark.parametrize("signature", ["signtest", "forged", "none"])
def test_signatures_nobody_should_accept(control, paid, signature, read):
    notice = control.notice(paid(), signature=signature)
    found = notice["headers"].get("Wechatpay-Signature", "")

    assert found.startswith("WECHATPAY/SIGNTEST/") is (signature == "signtest")
    assert bool(found) is (signature != "none")
    assert read(notice) is None


def test_foreign_serials(control, paid, read):
    foreign_key = control.notice(paid(), serial="PUB_KEY_ID_0119999999992024110100000000000000")
    with pytest.raises(ValueError, match="invalid literal"):
        read(foreign_key)

    foreign_certificate = control.notice(paid(), serial="5157F09EFDC096DE15EBE81A47057A7232F1B8E1")
    assert read(foreign_certificate) is None


def test_missing_headers(control, paid, read):
    notice = control.notice(paid(), omit_headers=["wechatpay-signature-type"])

    assert "Wechatpay-Signature-Type" not in notice["headers"]
    with pytest.raises(Exception, match="does not support this algorithm"):
        read(notice)


def test_stale_but_genuine(control, paid, read):
    notice = control.notice(paid(), timestamp_offset=-3600)

    assert int(notice["headers"]["Wechatpay-Timestamp"]) == pytest.approx(time.time() - 3600, abs=5)
    assert read(notice)["event_type"] == "TRANSACTION.SUCCESS"


def test_chosen_id(control, paid, read):
    assert read(control.notice(paid(), id="EV-1"))["id"] == "EV-1"


def test_a_payment_that_never_happened(control, merchant, alice, receiver, read):
    merchant.prepay(alice["openid"], "T000001", receiver.url)
    resource = read(control.notice("T000001"))["resource"]

    assert (resource["trade_state"], resource["amount"]["payer_total"]) == ("SUCCESS", 100)
    assert control.trade("T000001")["trade_state"] == "NOTPAY"
    assert control.book()["paid"] == 0


def test_refund_notice(control, sdk, paid, read):
    amount = {"refund": 40, "total": 100, "currency": "CNY"}
    sdk.refund("R1", amount, out_trade_no=paid())
    event = read(control.notice(out_refund_no="R1"))

    assert event["event_type"] == "REFUND.SUCCESS"
    assert event["resource"]["out_refund_no"] == "R1"
    assert event["resource"]["amount"]["refund"] == 40


@pytest.mark.parametrize(
    ("order", "status"),
    [
        ({}, 400),
        ({"out_trade_no": "T999999"}, 404),
        ({"out_refund_no": "R9"}, 404),
        ({"out_trade_no": "T999999", "signature": "odd"}, 400),
        ({"out_trade_no": "T999999", "typo": 1}, 400),
    ],
)
def test_wrong_orders(control, order, status):
    with pytest.raises(SandboxRefusedError) as refused:
        control.notice(**order)
    assert refused.value.status == status
