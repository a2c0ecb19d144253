"""Refunds: never more than came, never twice, never forgotten."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notification
from commerce.errors import RefundExceedsPayment
from commerce.gateways.base import gateway_for
from commerce.models import Order, Payment, PaymentAnomaly, Refund
from commerce.services.orders import expire_order
from commerce.services.payments import take_answer
from commerce.services.refund_review import retry_refund
from commerce.tasks import query_pending_refunds, send_refunds
from config.errors import IllegalTransition, NotFound
from content.models import DiseaseTag
from tests.commerce.books import nothing_changes
from tests.commerce.payable import TagPayable
from tests.commerce.refunding import FULL, due, give_back, states, sweep
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(attempt, world):
    """The order of `attempt`, paid for real."""
    world.pay(attempt.number, notify="hold")
    take_answer(gateway_for("wechat"), attempt)
    world.refund_settings(seconds=0, spacing=0)
    attempt.refresh_from_db()
    return attempt


# -- opening


def test_a_full_refund_takes_everything_back(paid, world, user):
    refund = give_back(paid)
    assert states() == (["approved"], "refunding")

    sweep(world, refund.number)

    assert states() == (["succeeded"], "refunded")
    order, refund = Order.objects.get(), Refund.objects.get()
    assert (order.refunded_amount, refund.next_try_at) == (FULL, None)
    assert refund.provider_id == world.refund(refund.number)["refund_id"]
    assert order.items.get().target_id
    assert (
        Notification.objects.filter(
            template="refund_succeeded", channel="in_app", user=user
        ).count()
        == 1
    )
    assert world.book()["net"] == 0


def test_what_was_bought_is_taken_back_once(paid, world):
    refund = give_back(paid)
    sweep(world, refund.number)
    due()
    query_pending_refunds()
    send_refunds()

    assert DiseaseTag.objects.get().description == "RFV"


def test_a_kept_fee_is_what_is_missing_in_the_order(paid, world):
    refund = give_back(paid, amount=Decimal("84.00"))

    sweep(world, refund.number)

    order = Order.objects.get()
    assert (order.status, order.refunded_amount) == ("refunded", Decimal("84.00"))
    assert world.book()["net"] == 3600


def test_a_partial_refund_that_leaves_the_order_open(paid, world):
    refund = give_back(paid, amount=Decimal("20.00"), key="goodwill", closes_order=False)

    sweep(world, refund.number)

    order = Order.objects.get()
    assert (order.status, order.refunded_amount) == ("paid", Decimal("20.00"))
    assert Payment.objects.get().refunded_amount == Decimal("20.00")


def test_M10_the_same_key_is_the_same_refund(paid):
    first = give_back(paid)

    with nothing_changes():
        assert give_back(paid, amount=Decimal("1.00")) == first


def test_M10_refunds_never_pass_what_came(paid):
    give_back(paid, amount=Decimal("100.00"), key="a", closes_order=False)
    give_back(paid, amount=Decimal("20.00"), key="b", closes_order=False)

    with nothing_changes(), pytest.raises(RefundExceedsPayment):
        give_back(paid, amount=Decimal("0.01"), key="c", closes_order=False)


def test_M10_what_is_left_goes_back_to_the_last_fen(paid):
    """SQLite adds floats, and these would pass what came."""
    Payment.objects.filter(pk=paid.pk).update(amount="99.99")
    paid.refresh_from_db()

    for part in ("0.10", "0.20", "19.70", "30.00", "49.99"):
        give_back(paid, amount=Decimal(part), key=part, closes_order=False)

    assert Payment.objects.get().refunded_amount == Decimal("99.99")
    with nothing_changes(), pytest.raises(RefundExceedsPayment):
        give_back(paid, amount=Decimal("0.01"), key="more", closes_order=False)


@pytest.mark.parametrize("amount", ["0.00", "-1.00", "120.01"])
def test_amounts_that_are_no_refund(paid, amount):
    with nothing_changes(), pytest.raises(RefundExceedsPayment):
        give_back(paid, amount=Decimal(amount))


def test_an_attempt_that_was_not_paid_gives_nothing_back(attempt):
    with nothing_changes(), pytest.raises(RefundExceedsPayment):
        give_back(attempt)


def test_late_money_goes_back_without_touching_the_order(order, attempt, world):
    expire_order(order.pk, now=order.expires_at)
    world.pay(attempt.number, force=True, notify="hold")
    take_answer(gateway_for("wechat"), attempt)
    world.refund_settings(seconds=0)

    sweep(world, Refund.objects.get().number)

    order.refresh_from_db()
    assert states() == (["succeeded"], "expired")
    assert order.refunded_amount == 0
    assert world.book()["net"] == 0


# -- the provider


@pytest.mark.parametrize("fault", ["drop", "bad_signature", "truncate_body", "status:502",
                                   "error:SYSTEM_ERROR", "wrong_serial"])  # fmt: skip
def test_M11_an_unclear_answer_is_tried_again_under_the_same_number(paid, world, fault):
    refund = give_back(paid)
    world.fault(fault, "wxpay", "refund", times=2)
    for _ in range(2):
        due()
        send_refunds()
        assert states() == (["approved"], "refunding")

    due()
    sweep(world, refund.number)

    assert states() == (["succeeded"], "refunded")
    assert [row["out_refund_no"] for row in world.refunds()] == [refund.number]
    assert world.book()["refunded"] == 12000


@pytest.mark.parametrize("code", ["NOT_ENOUGH", "FREQUENCY_LIMITED", "NOTENOUGH",
                                  "RATELIMIT_EXCEEDED", "SIGN_ERROR"])  # fmt: skip
def test_no_balance_keeps_the_refund_in_the_queue(paid, world, code):
    refund = give_back(paid)
    world.fault(f"error:{code}", "wxpay", "refund")

    send_refunds()
    assert states() == (["approved"], "refunding")
    assert Refund.objects.get().error
    assert PaymentAnomaly.objects.exists() is False

    due()
    sweep(world, refund.number)
    assert (states(), Refund.objects.get().error) == ((["succeeded"], "refunded"), "")


def test_a_hard_refusal_waits_for_a_person_who_may_retry(paid, world, staff):
    refund = give_back(paid)
    world.fault("error:USER_ACCOUNT_ABNORMAL", "wxpay", "refund")

    send_refunds()

    assert states() == (["failed"], "refunding")
    assert PaymentAnomaly.objects.get().kind == "refund_failed"
    retry_refund(refund.pk, actor=staff("finance"))
    sweep(world, refund.number)
    assert states() == (["succeeded"], "refunded")


def test_a_hard_refusal_after_an_unanswered_success_is_no_failure(paid, world):
    """The first try got through unheard; a later refusal must not call that a failure."""
    give_back(paid)
    world.fault("drop", "wxpay", "refund")
    send_refunds()
    world.fault("error:INVALID_REQUEST", "wxpay", "refund")
    due()

    send_refunds()

    assert states()[0] in (["processing"], ["succeeded"])


def test_a_refund_the_provider_closed_gets_a_new_number(paid, world, staff):
    world.refund_settings(seconds=0, result="CLOSED")
    refund = give_back(paid)
    send_refunds()
    world.wait_refund(refund.number, "CLOSED")
    due()
    query_pending_refunds()
    assert (states()[0], Refund.objects.get().error) == (["failed"], "CLOSED")

    world.refund_settings(seconds=0, result="SUCCESS", spacing=0)
    retried = retry_refund(refund.pk, actor=staff("finance"))
    assert retried.number != refund.number
    sweep(world, retried.number)

    assert states() == (["succeeded"], "refunded")
    assert world.book()["refunded"] == 12000


def test_an_abnormal_refund_settled_by_hand_is_found_under_its_number(paid, world, staff):
    world.refund_settings(seconds=0, result="ABNORMAL")
    refund = give_back(paid)
    send_refunds()
    world.wait_refund(refund.number, "ABNORMAL")
    due()
    query_pending_refunds()
    assert states()[0] == ["failed"]

    world.settle_refund(refund.number, "SUCCESS", notify="none")
    assert retry_refund(refund.pk, actor=staff("finance")).number == refund.number
    send_refunds()

    assert states() == (["succeeded"], "refunded")


def test_only_failed_refunds_are_retried(paid, staff):
    refund = give_back(paid)
    with nothing_changes():
        with pytest.raises(IllegalTransition):
            retry_refund(refund.pk, actor=UserFactory())
        with pytest.raises(NotFound):
            retry_refund(0, actor=UserFactory())


def test_tries_back_off(paid, world):
    give_back(paid)
    world.fault("drop", "wxpay", "refund", times=None)
    waits = []
    for _ in range(6):
        due()
        now = timezone.now()
        send_refunds()
        waits.append(round((Refund.objects.get().next_try_at - now).total_seconds()))
    assert waits == [5, 10, 20, 30, 60, 60]


def test_a_dead_provider_is_asked_three_times_in_a_run(paid, world):
    for n in range(5):
        give_back(paid, amount=Decimal("1.00"), key=f"k{n}", closes_order=False)
    world.fault("drop", "wxpay", "refund", times=50)

    send_refunds()

    assert world.faults()[0]["hits"] == 3


def test_M18_money_back_but_the_order_not_told_is_swept(paid, world):
    refund = give_back(paid)
    TagPayable.crash = {"V"}
    sweep(world, refund.number)
    assert states() == (["succeeded"], "refunding")

    TagPayable.crash = set()
    due()
    query_pending_refunds()

    assert states() == (["succeeded"], "refunded")


def test_a_payable_that_refuses_to_be_taken_back_does_not_hold_the_money(paid, world):
    refund = give_back(paid)
    TagPayable.refuse = {"V"}

    sweep(world, refund.number)

    assert states() == (["succeeded"], "refunded")
