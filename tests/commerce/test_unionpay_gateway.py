"""The gateway against the sandbox, on the wire; and what it believes."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from django.utils import timezone

from commerce.gateways.base import (
    GatewayUnknown,
    RefundState,
    TradeState,
    gateway_for,
)
from commerce.gateways.unionpay_messages import Distrusted, check, read_answer
from tests.commerce.gateways import all_unknown, no_of, refund_of
from tests.factories.commerce import AttemptFactory, place
from tests.sandbox.unionpay.control import _Inputs

pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(world):
    return gateway_for("unionpay")


@pytest.fixture
def attempt(user, world):
    """On record, its form not sent yet."""
    return AttemptFactory(place(user), method="unionpay", payer="", prepay_id="handed out")


def form_of(gateway, attempt) -> str:
    return gateway.client_parameters(attempt, description="咨询")["form_html"]


@pytest.fixture
def opened(attempt, gateway, world):
    world.unionpay_cashier(form_of(gateway, attempt), "open")
    return attempt


@pytest.fixture
def paid(attempt, gateway, world):
    world.unionpay_hold_refunds()
    deal = world.unionpay_cashier(form_of(gateway, attempt), notify="hold")["deal"]
    attempt.transaction_id = deal["query_id"]
    attempt.save(update_fields=["transaction_id"])
    return attempt


def fields_of(form: str) -> dict[str, str]:
    page = _Inputs()
    page.feed(form)
    return page.fields


# -- messages


def test_an_answer_is_read_by_its_depth():
    text = "a=1&b={c=2&d=[3&4]}&pem=-----BEGIN\nx==\n-----&e="
    assert read_answer(text) == {
        "a": "1", "b": "{c=2&d=[3&4]}", "pem": "-----BEGIN\nx==\n-----", "e": "",
    }  # fmt: skip


@pytest.mark.parametrize(("signature", "why"), [
    ("forged", "issuer"), ("merchant", "owner"), ("bad_signature", "signature"),
    ("none", "signature"),
])  # fmt: skip
def test_M4_whose_word_is_not_unionpays(gateway, paid, world, settings, signature, why):
    body = world.unionpay_notice(paid.number, signature=signature)["body"]
    facts = dict(httpx.QueryParams(body))
    with pytest.raises(Distrusted, match=why):
        check(
            facts,
            root=settings.UNIONPAY_ROOT_CERT_FILE,
            middle=settings.UNIONPAY_MIDDLE_CERT_FILE,
        )


def test_M4_a_certificate_that_ran_out(gateway, paid, world, settings):
    facts = dict(httpx.QueryParams(world.unionpay_notice(paid.number)["body"]))
    issuers = {
        "root": settings.UNIONPAY_ROOT_CERT_FILE,
        "middle": settings.UNIONPAY_MIDDLE_CERT_FILE,
    }
    check(facts, **issuers)
    later = timezone.now() + timedelta(days=365 * 6)
    with time_machine.travel(later), pytest.raises(Distrusted, match="validity"):
        check(facts, **issuers)


# -- paying


def test_a_person_pays_in_the_browser(gateway, attempt, settings):
    fields = fields_of(form_of(gateway, attempt))
    assert fields["txnAmt"] == "12000"
    assert fields["backUrl"] == f"{settings.PUBLIC_URL}/api/v1/pay/callback/unionpay"

    base = settings.UNIONPAY_BASE
    page = httpx.post(f"{base}/gateway/api/frontTransReq.do", data=fields, trust_env=False)
    assert "¥ 120.00" in page.text
    httpx.post(f"{base}/cashier/{attempt.number}", data={"code": "00"}, trust_env=False)

    assert gateway.query(attempt).state == TradeState.PAID


def test_an_altered_form_is_refused_by_the_platform(gateway, attempt, settings):
    fields = fields_of(form_of(gateway, attempt)) | {"txnAmt": "1"}
    url = f"{settings.UNIONPAY_BASE}/gateway/api/frontTransReq.do"
    assert "验证签名失败" in httpx.post(url, data=fields, trust_env=False).text


def test_a_form_nobody_sent_can_still_be_paid(gateway, attempt):
    assert gateway.query(attempt).state == TradeState.UNPAID
    attempt.expires_at = timezone.now() - timedelta(seconds=50)
    assert gateway.query(attempt).state == TradeState.UNPAID
    attempt.expires_at = timezone.now() - timedelta(seconds=70)
    assert gateway.query(attempt).state == TradeState.ABSENT


def test_what_was_begun_may_be_decided_for_ten_minutes_more(gateway, opened):
    opened.expires_at = timezone.now() - timedelta(minutes=9)
    assert gateway.query(opened).state == TradeState.UNPAID
    opened.expires_at = timezone.now() - timedelta(minutes=11)
    assert gateway.query(opened).state == TradeState.CLOSED


def test_there_is_no_closing(gateway, opened):
    assert no_of(lambda: gateway.close(opened)) == ("NO_CLOSE", False)


def test_a_paid_trade_in_our_terms(gateway, paid, world):
    trade = gateway.query(paid)

    assert (trade.state, trade.amount, trade.payer) == ("paid", Decimal("120.00"), "")
    assert trade.transaction_id == world.unionpay_deal(paid.number)["query_id"]
    assert trade.mismatch == ()


@pytest.mark.parametrize(("code", "state"), [
    ("A6", "paid"), ("42", "paid"), ("05", "unpaid"), ("64", "unpaid"), ("99", "unpaid"),
])  # fmt: skip
def test_what_the_codes_of_a_trade_mean(gateway, attempt, world, code, state):
    world.unionpay_cashier(form_of(gateway, attempt), code=code, notify="hold")
    assert gateway.query(attempt).state == state


def test_undecided_at_first_and_paid_later(gateway, opened, world):
    for code in ("03", "04", "05"):
        world.unionpay_pay(opened.number, code=code, notify="hold")
        assert gateway.query(opened).state == TradeState.UNPAID

    world.unionpay_pay(opened.number, notify="hold")

    assert gateway.query(opened).state == TradeState.PAID


def test_signed_with_another_key_the_platform_refuses_and_nothing_is_decided(
    gateway, paid, world, settings, tmp_path
):
    """Whoever mixed up the files: every call is refused, and may be granted with the right one."""
    words = settings.UNIONPAY_SIGN_PFX_PASSWORD.encode()
    stored = Path(settings.UNIONPAY_SIGN_PFX_FILE).read_bytes()
    _key, certificate, _more = pkcs12.load_key_and_certificates(stored, words)
    wrong = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "041@1@SHOP@1")])
    own = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(wrong.public_key()).serial_number(certificate.serial_number)
        .not_valid_before(certificate.not_valid_before_utc)
        .not_valid_after(certificate.not_valid_after_utc).sign(wrong, hashes.SHA256())
    )  # fmt: skip
    lock = serialization.BestAvailableEncryption(words)
    file = tmp_path / "wrong.pfx"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"m", wrong, own, None, lock))
    settings.UNIONPAY_SIGN_PFX_FILE = str(file)

    assert no_of(lambda: gateway.query(paid)) == ("11", True)
    assert no_of(lambda: gateway.refund(refund_of(paid))) == ("11", True)
    assert world.unionpay_book()["refunded"] == 0


UNCLEAR = ["drop", "bad_signature", "truncate_body", "status:502", "status:301", "error:03",
           "error:05"]  # fmt: skip


@pytest.mark.parametrize("fault", UNCLEAR)
def test_M11_what_is_unclear_is_unknown(gateway, paid, world, fault):
    refund = refund_of(paid)
    calls = [
        lambda: gateway.query(paid),
        lambda: gateway.refund(refund),
        lambda: gateway.query_refund(refund),
    ]
    all_unknown(world, "unionpay", fault, *calls)


def test_M11_nobody_listens(gateway, attempt, settings):
    settings.UNIONPAY_BASE = "http://127.0.0.1:9"
    with pytest.raises(GatewayUnknown):
        gateway.query(attempt)


@pytest.mark.parametrize(("code", "again"), [("64", True), ("11", True), ("33", False)])
def test_which_refusals_may_turn_into_a_yes(gateway, paid, world, code, again):
    world.fault(f"error:{code}", "unionpay", "refund")
    assert no_of(lambda: gateway.refund(refund_of(paid))) == (code, again)


# -- refunds


def test_a_refund_is_taken_in_then_done(gateway, paid, world):
    refund = refund_of(paid, "84.00")

    first = gateway.refund(refund)
    assert (first.state, first.amount) == (RefundState.PROCESSING, Decimal("84.00"))
    assert gateway.refund(refund).state == RefundState.PROCESSING
    assert gateway.query_refund(refund).state == RefundState.PROCESSING

    world.unionpay_settle(refund.number, "00")
    result = gateway.query_refund(refund)
    assert (result.state, result.amount) == (RefundState.SUCCEEDED, Decimal("84.00"))
    assert world.unionpay_book()["refunded"] == 8400


def test_M11_a_refund_whose_answer_was_lost_is_found_by_asking(gateway, paid, world):
    refund = refund_of(paid, "20.00")
    world.fault("drop", "unionpay", "refund")
    with pytest.raises(GatewayUnknown):
        gateway.refund(refund)

    assert gateway.query_refund(refund).state == RefundState.PROCESSING
    assert gateway.refund(refund).state == RefundState.PROCESSING


def test_a_refund_that_failed_says_how(gateway, paid, world):
    refund = refund_of(paid)
    gateway.refund(refund)
    world.unionpay_settle(refund.number, "60")

    result = gateway.query_refund(refund)

    assert (result.state, result.reason) == (RefundState.FAILED, "60")


def test_a_refund_the_provider_never_heard_of(gateway, paid):
    assert gateway.query_refund(refund_of(paid)).state == RefundState.ABSENT


def test_more_than_was_paid(gateway, paid):
    gateway.refund(refund_of(paid, "100.00"))
    assert no_of(lambda: gateway.refund(refund_of(paid, "20.01"))) == ("36", False)
