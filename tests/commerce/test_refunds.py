"""Refunds: never more than came, never twice, never forgotten."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import Notification
from commerce.errors import CannotReviewOwn, NotRefundable, RefundExceedsPayment
from commerce.gateways.base import RefundResult, RefundState, gateway_for
from commerce.models import Order, Payment, PaymentAnomaly, Refund
from commerce.services.orders import complete_order, expire_order
from commerce.services.payments import settle, take_answer
from commerce.services.refunds import (
    approve_refund,
    open_refund,
    reject_refund,
    request_refund,
    retry_refund,
    settle_refund,
)
from commerce.tasks import query_pending_refunds, send_refunds
from config.errors import IllegalTransition, NotFound
from content.models import DiseaseTag
from tests.commerce.books import nothing_changes
from tests.commerce.payable import TagPayable
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, place

pytestmark = pytest.mark.django_db

FULL = Decimal("120.00")


@pytest.fixture
def paid(attempt, world):
    """The order of `attempt`, paid for real."""
    world.pay(attempt.number, notify="hold")
    take_answer(gateway_for("wechat"), attempt)
    world.refund_settings(seconds=0, spacing=0)
    attempt.refresh_from_db()
    return attempt


def give_back(payment, amount=FULL, key="cancel", **extra):
    return open_refund(payment, amount=amount, key=key, reason_code="cancelled", **extra)


def due():
    Refund.objects.exclude(next_try_at=None).update(next_try_at=timezone.now())


def sweep(world, number):
    """Send, let the provider end it, ask."""
    send_refunds()
    world.wait_refund(number, "SUCCESS")
    due()
    query_pending_refunds()


def states():
    return (
        list(Refund.objects.order_by("pk").values_list("status", flat=True)),
        Order.objects.get().status,
    )


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


# -- asking and reviewing


def ask(order, user, reason="咨询师未到场"):
    return request_refund(order.pk, user=user, reason_code="service", reason=reason)


@pytest.fixture
def bought(user):
    order = place(user)
    pay(order)
    order.refresh_from_db()
    return order


def test_a_request_waits_for_staff_and_holds_the_amount(bought, user):
    refund = ask(bought, user)

    bought.refresh_from_db()
    assert (refund.status, refund.amount, refund.requested_by) == ("requested", FULL, user)
    assert (bought.status, bought.paid_by.refunded_amount) == ("paid", FULL)
    assert send_refunds() == 0
    with nothing_changes():
        assert ask(bought, user) == refund


def test_approved_it_goes_out(bought, user, staff):
    refund = ask(bought, user)
    clerk = staff("finance")

    approve_refund(refund.pk, actor=clerk, note="属实")

    refund.refresh_from_db()
    bought.refresh_from_db()
    assert (refund.status, refund.reviewed_by, refund.review_note) == ("approved", clerk, "属实")
    assert bought.status == "refunding"


def test_rejected_the_amount_is_free_again_and_the_buyer_is_told(bought, user, staff):
    refund = ask(bought, user)

    reject_refund(refund.pk, actor=staff("finance"), note="已完成咨询")

    bought.refresh_from_db()
    assert (Refund.objects.get().status, bought.status) == ("rejected", "paid")
    assert bought.paid_by.refunded_amount == 0
    assert "已完成咨询" in Notification.objects.get(template="refund_rejected").body
    again = ask(bought, user)
    assert (again.key, again.status) == ("request:1", "requested")


def test_a_completed_order_may_be_asked_back(bought, user):
    complete_order(bought.pk)
    assert ask(bought, user).amount == FULL


def test_M19_nobody_reviews_their_own(bought, user, staff):
    refund = ask(bought, user)
    clerk = staff("finance")
    Refund.objects.filter(pk=refund.pk).update(requested_by=clerk)

    with nothing_changes():
        for review in (approve_refund, reject_refund):
            for actor in (user, clerk):
                with pytest.raises(CannotReviewOwn):
                    review(refund.pk, actor=actor)


def test_a_review_is_given_once(bought, user, staff):
    refund = ask(bought, user)
    approve_refund(refund.pk, actor=staff("finance"))

    with nothing_changes():
        for review in (approve_refund, reject_refund):
            with pytest.raises(IllegalTransition):
                review(refund.pk, actor=UserFactory())
        with pytest.raises(NotFound):
            approve_refund(0, actor=UserFactory())


def test_a_cancellation_overtakes_a_waiting_request(bought, user):
    asked = ask(bought, user)

    refund = give_back(bought.paid_by, amount=Decimal("84.00"))

    asked.refresh_from_db()
    assert (asked.status, refund.status) == ("rejected", "approved")
    assert Payment.objects.get().refunded_amount == Decimal("84.00")


def test_strangers_and_unpaid_orders_get_no_refund(bought, user):
    unpaid, free = place(user), place(user, TagFactory(sort_order=0))
    with nothing_changes():
        with pytest.raises(NotFound):
            ask(bought, UserFactory())
        for order in (unpaid, free):
            with pytest.raises(NotRefundable):
                ask(order, user)


def test_a_refunded_order_is_not_refunded_again(bought, user):
    give_back(bought.paid_by)
    with nothing_changes(), pytest.raises(NotRefundable):
        ask(bought, user)


def test_a_refund_of_a_second_payment_leaves_the_orders_amount_alone(user):
    order = place(user)
    first, second = AttemptFactory(order, status="closing"), AttemptFactory(order)
    settle(first.number, money_for(first))
    settle(second.number, money_for(second))
    refund = Refund.objects.get()

    settle_refund(refund.number, RefundResult(refund.number, RefundState.SUCCEEDED, amount=FULL))

    order.refresh_from_db()
    assert (order.status, order.refunded_amount) == ("paid", 0)
    assert Refund.objects.get().status == "succeeded"
