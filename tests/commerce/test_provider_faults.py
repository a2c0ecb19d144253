"""What goes wrong with real providers, each with each of them (the table: docs/providers.md).

Through the real clients against the sandbox; what only one of them has is in its own tests.
"""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from commerce.models import Order, Payment, PaymentAnomaly, PaymentNotice, Refund
from commerce.services.orders import expire_order
from commerce.services.payments import status_of
from commerce.services.refunds import open_refund
from commerce.tasks import query_pending_payments, query_pending_refunds, send_refunds
from tests.commerce.books import nothing_changes
from tests.commerce.rails import RAILS, rail_of
from tests.commerce.refunding import due

pytestmark = pytest.mark.django_db


@pytest.fixture(params=RAILS)
def rail(request, world, user):
    return rail_of(request.param, world, user)


@pytest.fixture
def paid(rail, callback):
    """Paid, and we were told."""
    attempt = rail.start()
    rail.pay(attempt.number)
    assert callback(rail.notice(attempt.number), rail.pay_path).status_code in {200, 204}
    attempt.refresh_from_db()
    assert attempt.status == "succeeded"
    return attempt


def give_back(payment) -> Refund:
    return open_refund(payment, amount=payment.amount, key="cancel", reason_code="cancelled")


def sweep_refunds() -> str:
    """Each sweep once, as if its time had come; how the one refund stands."""
    due()
    send_refunds()
    due()
    query_pending_refunds()
    return Refund.objects.get().status


# -- paying


def test_the_notice_never_comes_and_the_money_is_found_by_asking(rail):
    attempt = rail.start()
    rail.pay(attempt.number)
    Payment.objects.update(next_query_at=timezone.now())

    query_pending_payments()

    assert Order.objects.get().status == "paid"
    assert PaymentNotice.objects.exists() is False


@pytest.mark.parametrize("trouble", ["busy", "drop", "bad_signature"])
def test_asked_in_vain_nothing_is_decided_and_the_next_question_pays(rail, trouble):
    attempt = rail.start()
    rail.pay(attempt.number)
    rail.world.fault(getattr(rail, trouble, trouble), rail.name, "query")

    assert status_of(attempt).status == "pending"
    assert Order.objects.get().status == "pending"

    assert status_of(attempt).status == "succeeded"
    assert Order.objects.get().status == "paid"


def test_the_notice_comes_after_the_answer_to_a_question(rail, callback):
    attempt = rail.start()
    rail.pay(attempt.number)
    notice = rail.notice(attempt.number)
    assert status_of(attempt).status == "succeeded"

    with nothing_changes():
        assert callback(notice, rail.pay_path).status_code in {200, 204}


def test_money_for_an_order_that_was_closed_here_goes_back(rail, callback):
    attempt = rail.start()
    order = Order.objects.get()
    expire_order(order.pk, now=order.expires_at)
    rail.pay(attempt.number, force=True)

    assert callback(rail.notice(attempt.number), rail.pay_path).status_code in {200, 204}
    send_refunds()
    rail.settle(Refund.objects.get().number)
    sweep_refunds()

    refund = Refund.objects.get()
    assert (refund.status, refund.reason_code) == ("succeeded", "late")
    assert Order.objects.get().status == "expired"
    assert rail.book()["net"] == 0


def test_an_old_notice_again_changes_nothing(rail, paid, callback):
    """Replayed while it is fresh, and two days later."""
    notice = rail.notice(paid.number)

    with nothing_changes():
        callback(notice, rail.pay_path)
        with time_machine.travel(timezone.now() + timedelta(days=2)):
            answer = callback(notice, rail.pay_path)

    assert answer.status_code == (200 if rail.method == "unionpay" else 400)  # it has no clock


def test_a_notice_that_was_lost_here_is_taken_when_it_comes_again(rail, callback, monkeypatch):
    """The database is away at first: no answer that would end the provider's retries."""
    from django.db import OperationalError

    from commerce.services import notices

    attempt = rail.start()
    rail.pay(attempt.number)
    notice = rail.notice(attempt.number)

    def away(*args):
        raise OperationalError

    with monkeypatch.context() as patch:
        patch.setattr(notices, "_remember", away)
        answer = callback(notice, rail.pay_path)
    assert answer.status_code == 503
    assert answer.content not in {b"success", b"ok", b""}

    callback(notice, rail.pay_path)
    assert Order.objects.get().status == "paid"


def test_a_notice_larger_than_any_is_refused_in_the_providers_own_words(rail, callback):
    notice = {"headers": {"Content-Type": "text/plain"}, "body": "x" * 4_000_000}

    with nothing_changes():
        answer = callback(notice, rail.pay_path)

    assert (answer.status_code, b"<" in answer.content) == (413, False)


# -- refunds


def test_a_refund_that_was_done_and_not_answered_is_found_under_its_number(rail, paid):
    refund = give_back(paid)
    rail.world.fault("drop", rail.name, "refund")
    send_refunds()
    assert Refund.objects.get().status == "approved"

    due()
    send_refunds()
    rail.settle(refund.number)

    assert sweep_refunds() == "succeeded"
    assert Refund.objects.get().number == refund.number
    assert (rail.book()["refunded"], rail.book()["net"]) == (12000, 0)


def test_the_provider_does_not_know_and_the_same_number_succeeds(rail, paid):
    refund = give_back(paid)
    rail.world.fault(rail.busy, rail.name, "refund", times=3)
    for _ in range(3):
        due()
        send_refunds()
        assert Refund.objects.get().status == "approved"
    assert PaymentAnomaly.objects.exists() is False

    due()
    send_refunds()
    rail.settle(refund.number)

    assert sweep_refunds() == "succeeded"
    assert Refund.objects.get().number == refund.number
    assert rail.book()["refunded"] == 12000


def test_too_little_balance_today_is_a_refund_tomorrow(rail, paid):
    refund = give_back(paid)
    rail.world.fault(rail.poor, rail.name, "refund")
    send_refunds()
    assert (Refund.objects.get().status, Refund.objects.get().error != "") == ("approved", True)

    due()
    send_refunds()
    rail.settle(refund.number)

    assert sweep_refunds() == "succeeded"
    assert (Refund.objects.get().number, rail.book()["net"]) == (refund.number, 0)


def test_the_refunds_notice_overtakes_its_answer(rail, paid, callback):
    """Done there, the answer on its way is lost; the notice finds a refund not even sent."""
    refund = give_back(paid)
    rail.world.fault("drop", rail.name, "refund")
    send_refunds()
    rail.settle(refund.number)

    answer = callback(rail.refund_notice(refund.number), rail.refund_path)

    assert answer.status_code in {200, 204}
    if rail.method == "alipay":  # its notices say what is gone in all, not whether this one is
        assert sweep_refunds() == "succeeded"
    assert Refund.objects.get().status == "succeeded"
    assert Order.objects.get().status == "refunded"
    with nothing_changes():
        due()
        send_refunds()
        query_pending_refunds()
    assert rail.book()["refunded"] == 12000
