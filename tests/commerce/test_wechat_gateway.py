"""The gateway against the sandbox, on the wire."""

import socket
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from commerce.gateways.base import (
    GatewayUnknown,
    RefundState,
    TradeState,
    gateway_for,
)
from commerce.gateways.money import fen, yuan
from commerce.gateways.wechat import TIMEOUT, _client, _sdk
from tests.commerce.gateways import all_unknown, no_of, refund_of
from tests.factories.commerce import AttemptFactory, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(world):
    return gateway_for("wechat")


@pytest.fixture
def attempt(order, user, gateway):
    """On record, not yet told to the provider."""
    return AttemptFactory(order, payer=user.wechat_identities.get().openid)


@pytest.fixture
def paid(attempt, gateway, world):
    gateway.prepay(attempt, description="咨询")
    world.pay(attempt.number, notify="hold")
    world.refund_settings(seconds=None, spacing=0)
    return attempt


# -- money


@pytest.mark.parametrize(
    ("amount", "units"), [("0.01", 1), ("120", 12000), ("99999999.99", 9999999999)]
)
def test_yuan_and_fen_are_exact(amount, units):
    assert fen(Decimal(amount)) == units
    assert yuan(units) == Decimal(amount)


def test_M13_every_amount_survives_the_round_trip():
    assert all(fen(yuan(n)) == n for n in range(0, 2_000_000, 7))


def test_fractions_of_a_fen_are_a_bug():
    with pytest.raises(ValueError, match="whole number of fen"):
        fen(Decimal("0.001"))


@pytest.mark.parametrize("value", ["1", 1.0, True, None, [1]])
def test_what_is_no_whole_number_is_no_amount(value):
    assert yuan(value) is None


# -- the SDK


def test_the_sdk_still_has_the_private_name_we_set(gateway, settings):
    assert _sdk()._core._gate_way == settings.WXPAY_BASE
    assert _sdk()._core._timeout == TIMEOUT
    assert _sdk()._core._logger is None


def test_building_the_client_makes_no_connection(gateway, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection")

    _client.cache_clear()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert _sdk() is _sdk()


def test_other_settings_are_another_client(gateway, settings):
    before = _sdk()
    settings.WXPAY_MCHID = "1999999999"
    assert _sdk() is not before


# -- paying


def test_prepay_query_close(gateway, attempt):
    prepay_id = gateway.prepay(attempt, description="咨询")

    assert prepay_id.startswith("wx")
    assert gateway.prepay(attempt, description="咨询") == prepay_id
    assert gateway.query(attempt).state == TradeState.UNPAID
    gateway.close(attempt)
    gateway.close(attempt)
    assert gateway.query(attempt).state == TradeState.CLOSED


def test_the_same_number_for_another_amount_is_refused(gateway, attempt, world):
    gateway.prepay(attempt, description="咨询")
    attempt.amount = Decimal("0.01")

    code, again = no_of(lambda: gateway.prepay(attempt, description="咨询"))

    assert (code, again) == ("INVALID_REQUEST", False)
    assert world.trade(attempt.number)["total"] == 12000


def test_a_prepay_of_what_was_paid_or_closed_is_refused(gateway, paid, user):
    assert no_of(lambda: gateway.prepay(paid, description="咨询")) == ("ORDER_PAID", False)
    closed = AttemptFactory(place(user), payer=paid.payer)
    gateway.prepay(closed, description="咨询")
    gateway.close(closed)
    assert no_of(lambda: gateway.prepay(closed, description="咨询")) == ("ORDER_CLOSED", False)


def test_a_number_the_provider_never_heard_of(gateway, attempt):
    assert gateway.query(attempt).state == TradeState.ABSENT
    code, _ = no_of(lambda: gateway.close(attempt))
    assert code == "ORDER_NOT_EXIST"


def test_a_long_description_is_cut(gateway, attempt, world):
    gateway.prepay(attempt, description="长" * 200)
    assert world.trade(attempt.number)["description"] == "长" * 127


def test_the_client_can_pay_with_our_parameters(gateway, attempt, world):
    attempt.prepay_id = gateway.prepay(attempt, description="咨询")

    parameters = gateway.client_parameters(attempt)

    assert set(parameters) == {"timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert all(isinstance(value, str) for value in parameters.values())
    assert world.request_payment(parameters, notify="hold")["errMsg"] == "requestPayment:ok"


def test_a_paid_trade_in_our_terms(gateway, paid, world):
    trade = gateway.query(paid)

    facts = world.trade(paid.number)
    assert (trade.state, trade.amount, trade.payer) == ("paid", Decimal("120.00"), paid.payer)
    assert (trade.transaction_id, trade.mismatch) == (facts["transaction_id"], ())
    assert abs(trade.paid_at - timezone.now()) < timedelta(seconds=10)


def test_facts_of_another_app_are_named(gateway, paid, settings):
    settings.WX_APPID = "wx1111111111111111"
    assert gateway.query(paid).mismatch == ("appid",)


def test_a_trade_with_a_refund_is_a_paid_one(gateway, paid):
    gateway.refund(refund_of(paid, "1.00"))
    assert gateway.query(paid).state == TradeState.PAID


def test_closing_what_was_paid(gateway, paid):
    assert no_of(lambda: gateway.close(paid)) == ("ORDER_PAID", False)


@pytest.mark.parametrize("written", ["ORDER_PAID", "ORDERPAID"])
def test_both_spellings_are_one_code(gateway, attempt, world, written):
    world.fault(f"error:{written}", "wxpay", "close")
    code, _ = no_of(lambda: gateway.close(attempt))
    assert code == "ORDER_PAID"


UNCLEAR = ["drop", "bad_signature", "wrong_serial", "signtest", "truncate_body", "status:502",
           "status:403", "status:301", "error:SYSTEM_ERROR", "error:BANK_ERROR"]  # fmt: skip


@pytest.mark.parametrize("fault", UNCLEAR)
def test_M11_what_is_unclear_is_unknown(gateway, paid, world, fault):
    refund, unpaid = refund_of(paid), AttemptFactory(place(paid.order.user), payer=paid.payer)
    gateway.prepay(unpaid, description="咨询")
    calls = [
        lambda: gateway.prepay(unpaid, description="咨询"),
        lambda: gateway.query(paid),
        lambda: gateway.close(unpaid),
        lambda: gateway.refund(refund),
        lambda: gateway.query_refund(refund),
    ]
    if fault == "truncate_body":
        del calls[2]  # its answer has no body
    all_unknown(world, "wxpay", fault, *calls)


def test_M11_nobody_listens(gateway, attempt, settings):
    settings.WXPAY_BASE = "http://127.0.0.1:9"
    with pytest.raises(GatewayUnknown):
        gateway.query(attempt)


def test_the_only_clear_no_among_server_errors(gateway, attempt, world):
    world.fault("error:OPENID_MISMATCH", "wxpay", "jsapi")
    code, _ = no_of(lambda: gateway.prepay(attempt, description="咨询"))
    assert code == "OPENID_MISMATCH"


@pytest.mark.parametrize(("code", "again"), [
    ("NOT_ENOUGH", True), ("FREQUENCY_LIMITED", True), ("SIGN_ERROR", True),
    ("PARAM_ERROR", False), ("USER_ACCOUNT_ABNORMAL", False),
])  # fmt: skip
def test_which_refusals_may_turn_into_a_yes(gateway, paid, world, code, again):
    world.fault(f"error:{code}", "wxpay", "refund")
    assert no_of(lambda: gateway.refund(refund_of(paid))) == (code, again)


# -- refunds


def test_a_refund_on_the_wire(gateway, paid, world):
    refund = refund_of(paid, "84.00")

    result = gateway.refund(refund)

    assert (result.state, result.amount) == (RefundState.PROCESSING, Decimal("84.00"))
    row = world.refund(refund.number)
    assert (row["amount"]["refund"], row["amount"]["total"]) == (8400, 12000)
    assert row["notify_url"].endswith("/api/v1/refund/callback/wechat")
    assert row["reason"] == "用户取消"
    assert gateway.refund(refund).provider_id == result.provider_id
    world.settle_refund(refund.number, "SUCCESS", notify="none")
    assert gateway.query_refund(refund).state == RefundState.SUCCEEDED


@pytest.mark.parametrize("end", ["CLOSED", "ABNORMAL"])
def test_a_refund_that_failed_says_how(gateway, paid, world, end):
    refund = refund_of(paid)
    gateway.refund(refund)
    world.settle_refund(refund.number, end, notify="none")

    result = gateway.query_refund(refund)

    assert (result.state, result.reason) == (RefundState.FAILED, end)


def test_a_refund_the_provider_never_heard_of(gateway, paid):
    assert gateway.query_refund(refund_of(paid)).state == RefundState.ABSENT


def test_two_partial_refunds(gateway, paid, world):
    gateway.refund(refund_of(paid, "20.00"))
    gateway.refund(refund_of(paid, "100.00"))
    code, _ = no_of(lambda: gateway.refund(refund_of(paid, "0.01")))
    assert code == "INVALID_REQUEST"
