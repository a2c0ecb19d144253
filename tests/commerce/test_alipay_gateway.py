"""The gateway against the sandbox, on the wire."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.utils import timezone

from commerce.gateways.alipay import _subject
from commerce.gateways.alipay_client import _signed_part
from commerce.gateways.base import (
    GatewayUnknown,
    RefundState,
    TradeState,
    gateway_for,
)
from tests.commerce.gateways import all_unknown, no_of, refund_of
from tests.factories.commerce import AttemptFactory, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(world):
    return gateway_for("alipay")


@pytest.fixture
def attempt(user, world):
    """On record, its page not opened yet."""
    fields = {"method": "alipay", "payer": "", "prepaid_at": timezone.now()}
    attempt = AttemptFactory(place(user), **fields)
    attempt.prepay_id = attempt.number
    attempt.save(update_fields=["prepay_id"])
    return attempt


def page_of(gateway, attempt, description="咨询") -> str:
    return gateway.client_parameters(attempt, description=description)["page_url"]


@pytest.fixture
def opened(attempt, gateway, world):
    world.alipay_cashier(page_of(gateway, attempt), "open")
    return attempt


@pytest.fixture
def paid(attempt, gateway, world):
    world.alipay_cashier(page_of(gateway, attempt), notify="hold")
    return attempt


# -- paying


def test_both_addresses_open_the_cashier(gateway, attempt, settings):
    parameters = gateway.client_parameters(attempt, description="咨询 50 分钟")

    assert set(parameters) == {"page_url", "wap_url"}
    for url in parameters.values():
        assert url.startswith(f"{settings.ALIPAY_GATEWAY}?")
        page = httpx.get(url, trust_env=False)
        assert (page.status_code, "¥ 120.00" in page.text) == (200, True)
        assert "咨询 50 分钟" in page.text


def test_a_person_pays_in_the_browser(gateway, attempt, world):
    httpx.get(page_of(gateway, attempt), trust_env=False)
    base = "{0.scheme}://{0.netloc}".format(urlsplit(page_of(gateway, attempt)))

    httpx.post(f"{base}/cashier/{attempt.number}", data={"action": "pay"}, trust_env=False)

    assert gateway.query(attempt).state == TradeState.PAID


def test_the_address_names_our_notice_address_and_deadline(gateway, attempt, settings, world):
    fields = parse_qs(urlsplit(page_of(gateway, attempt)).query)

    assert fields["notify_url"] == [f"{settings.PUBLIC_URL}/api/v1/pay/callback/alipay"]
    trade = world.alipay_cashier(page_of(gateway, attempt), "open")["trade"]
    assert abs(trade["expire_at"] - attempt.expires_at.timestamp()) < 1


def test_an_altered_address_is_refused_by_the_platform(gateway, attempt):
    url = page_of(gateway, attempt).replace("120.00", "0.01")
    assert "isv.invalid-signature" in httpx.get(url, trust_env=False).text


def test_a_number_that_was_opened_for_another_amount_is_refused_by_the_platform(gateway, opened):
    opened.amount = Decimal("0.01")

    page = httpx.get(page_of(gateway, opened), trust_env=False)

    assert "ACQ.CONTEXT_INCONSISTENT" in page.text


@pytest.mark.parametrize(("given", "sent"), [
    ("咨询/课程=A&B", "咨询 课程 A B"), ("  两  空 ", "两 空"), ("长" * 300, "长" * 256), ("/", ""),
])  # fmt: skip
def test_what_a_subject_may_hold(given, sent):
    assert _subject(given) == sent


def test_an_unopened_page_can_still_be_paid(gateway, attempt):
    assert gateway.query(attempt).state == TradeState.UNPAID
    assert no_of(lambda: gateway.close(attempt)) == ("TRADE_NOT_EXIST", False)


def test_an_unopened_page_is_gone_a_minute_after_it_ran_out(gateway, attempt):
    attempt.expires_at = timezone.now() - timedelta(seconds=50)
    assert gateway.query(attempt).state == TradeState.UNPAID
    attempt.expires_at = timezone.now() - timedelta(seconds=70)
    assert gateway.query(attempt).state == TradeState.ABSENT


def test_an_address_that_was_never_handed_out_is_absent(gateway, attempt):
    attempt.prepay_id = ""
    assert gateway.query(attempt).state == TradeState.ABSENT


def test_open_query_close(gateway, opened, world):
    assert gateway.query(opened).state == TradeState.UNPAID

    gateway.close(opened)

    assert gateway.query(opened).state == TradeState.CLOSED
    assert "ACQ.TRADE_HAS_CLOSE" in httpx.get(page_of(gateway, opened), trust_env=False).text


def test_a_paid_trade_in_our_terms(gateway, paid, world):
    trade = gateway.query(paid)

    facts = world.alipay_trade(paid.number)
    assert (trade.state, trade.amount, trade.payer) == ("paid", Decimal("120.00"), "")
    assert (trade.transaction_id, trade.mismatch) == (facts["trade_no"], ())
    assert abs(trade.paid_at - timezone.now()) < timedelta(seconds=10)


def test_closing_what_was_paid(gateway, paid):
    assert no_of(lambda: gateway.close(paid)) == ("TRADE_STATUS_ERROR", False)


@pytest.mark.parametrize("amount", ["1.00", "120.00"])
def test_a_trade_with_a_refund_is_a_paid_one(gateway, paid, amount):
    gateway.refund(refund_of(paid, amount))
    assert gateway.query(paid).state == TradeState.PAID


@pytest.mark.parametrize("words", ["含}括号{的标题", '引"号', "反\\斜"])
def test_an_answer_is_verified_whatever_its_texts_hold(gateway, attempt, world, words):
    world.alipay_cashier(page_of(gateway, attempt, words), "open")
    assert gateway.query(attempt).state == TradeState.UNPAID


def test_the_signed_part_is_cut_at_the_nodes_end():
    text = '{"a_response" : {"x":"}{\\"}","y":[{}]},"sign":"s"}'
    assert _signed_part(text, "a_response") == '{"x":"}{\\"}","y":[{}]}'


UNCLEAR = ["drop", "bad_signature", "truncate_body", "bad_json", "status:502", "status:301",
           "error:20000", "error:ACQ.SYSTEM_ERROR"]  # fmt: skip


@pytest.mark.parametrize("fault", UNCLEAR)
def test_M11_what_is_unclear_is_unknown(gateway, opened, paid, world, fault):
    refund = refund_of(paid)
    calls = [
        lambda: gateway.query(paid),
        lambda: gateway.close(opened),
        lambda: gateway.refund(refund),
        lambda: gateway.query_refund(refund),
    ]
    all_unknown(world, "alipay", fault, *calls)


def test_M11_nobody_listens(gateway, attempt, settings):
    settings.ALIPAY_GATEWAY = "http://127.0.0.1:9/gateway.do"
    with pytest.raises(GatewayUnknown):
        gateway.query(attempt)


@pytest.mark.parametrize(("code", "word", "again"), [
    ("ACQ.SELLER_BALANCE_NOT_ENOUGH", "SELLER_BALANCE_NOT_ENOUGH", True),
    ("40005", "40005", True),
    ("isv.invalid-signature", "isv.invalid-signature", True),
    ("ACQ.TRADE_STATUS_ERROR", "TRADE_STATUS_ERROR", False),
    ("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "REFUND_AMT_NOT_EQUAL_TOTAL", False),
])  # fmt: skip
def test_which_refusals_may_turn_into_a_yes(gateway, paid, world, code, word, again):
    world.fault(f"error:{code}", "alipay", "refund")
    assert no_of(lambda: gateway.refund(refund_of(paid))) == (word, again)


# -- refunds


def test_a_refund_moves_at_once_and_only_once(gateway, paid, world):
    refund = refund_of(paid, "84.00")

    first, again = gateway.refund(refund), gateway.refund(refund)

    assert (first.state, first.amount) == (RefundState.SUCCEEDED, Decimal("84.00"))
    assert again.state == RefundState.PROCESSING
    row = world.alipay_refund(refund.number)
    assert (row["amount"], row["reason"]) == (8400, "用户取消")
    assert world.alipay_book()["refunded"] == 8400


def test_M11_a_refund_whose_answer_was_lost_is_found_by_asking(gateway, paid, world):
    refund = refund_of(paid, "20.00")
    world.fault("drop", "alipay", "refund")
    with pytest.raises(GatewayUnknown):
        gateway.refund(refund)

    result = gateway.query_refund(refund)

    assert (result.state, result.amount) == (RefundState.SUCCEEDED, Decimal("20.00"))
    assert abs(result.succeeded_at - timezone.now()) < timedelta(seconds=10)


def test_partial_refunds_each_have_their_own_amount(gateway, paid):
    first, second = refund_of(paid, "20.00"), refund_of(paid, "100.00")
    gateway.refund(first)

    assert gateway.refund(second).amount == Decimal("100.00")
    assert gateway.query_refund(first).amount == Decimal("20.00")
    code, _ = no_of(lambda: gateway.refund(refund_of(paid, "0.01")))
    assert code == "REFUND_AMT_NOT_EQUAL_TOTAL"


def test_a_refund_the_provider_never_heard_of(gateway, paid, attempt):
    assert gateway.query_refund(refund_of(paid)).state == RefundState.ABSENT
    other = AttemptFactory(place(paid.order.user), method="alipay", payer="")
    assert gateway.query_refund(refund_of(other)).state == RefundState.ABSENT
