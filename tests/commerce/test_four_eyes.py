"""Large refunds take two people, neither of whom they are for (M-19)."""

from contextlib import suppress
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.services.parameters import change_parameters, forget_parameters
from commerce.errors import CannotReviewOwn, RefundUnderWay, SecondPersonNeeded
from commerce.models import Order, Refund
from commerce.services.refund_review import (
    approve_refund,
    confirm_refund,
    reject_refund,
    retry_refund,
)
from commerce.services.refunds import fail_refund, open_refund, request_refund
from commerce.tasks import send_refunds
from config.errors import DomainError, IllegalTransition
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import TagFactory, pay, place
from tests.helpers import Api, confirm

pytestmark = pytest.mark.django_db

PRICE = Decimal("1500.00")
GONE = ("approved", "processing", "succeeded")


@pytest.fixture
def people(staff, user):
    """Two of finance, one of customer service, somebody disabled, a stranger and the buyer."""
    return {
        "first": staff("finance"), "second": staff("finance"),
        "clerk": staff("customer_service"), "content": staff("content_manager"),
        "stranger": UserFactory(), "buyer": user,
    }  # fmt: skip


@pytest.fixture
def payment(user):
    return pay(place(user, TagFactory(sort_order=150_000)))


@pytest.fixture
def asked(payment, user):
    return request_refund(payment.order_id, user=user, reason_code="service")


@pytest.fixture
def approved_once(asked, people):
    approve_refund(asked.pk, actor=people["first"], note="属实")
    asked.refresh_from_db()
    return asked


def test_a_large_refund_waits_for_a_second_person(approved_once, people):
    order = Order.objects.get()
    assert (approved_once.status, order.status) == ("confirming", "paid")
    assert (approved_once.reviewed_by, send_refunds()) == (people["first"], 0)

    confirm_refund(approved_once.pk, actor=people["second"], note="已核对")

    refund, order = Refund.objects.get(), Order.objects.get()
    assert (refund.status, order.status) == ("approved", "refunding")
    assert (refund.reviewed_by, refund.confirmed_by) == (people["first"], people["second"])
    assert refund.review_note == "属实"


@pytest.mark.parametrize(("limit", "status"), [(1499, "confirming"), (1500, "approved")])
def test_the_limit_is_a_live_parameter_and_is_not_large_itself(asked, people, limit, status):
    change_parameters({"REFUND_SECOND_PERSON_ABOVE": limit}, actor=people["first"])
    forget_parameters()

    assert approve_refund(asked.pk, actor=people["first"]).status == status


def test_small_refunds_of_one_payment_are_large_together(payment, people):
    def give(key):
        return open_refund(
            payment, amount=Decimal("700.00"), key=key, reason_code="other", closes_order=False,
            actor=people["first"],
        ).status  # fmt: skip

    assert [give("a"), give("b")] == ["approved", "confirming"]


def test_what_somebody_else_than_the_buyer_set_off_waits_too(payment, people):
    refund = open_refund(
        payment, amount=PRICE, key="cancel", reason_code="counselor", actor=people["clerk"]
    )
    assert (refund.status, Order.objects.get().status) == ("confirming", "refunding")

    with nothing_changes(), pytest.raises(RefundUnderWay):
        reject_refund(refund.pk, actor=people["first"])
    confirm_refund(refund.pk, actor=people["first"])

    assert (Refund.objects.get().status, Order.objects.get().status) == ("approved", "refunding")


@pytest.mark.parametrize("who", ["buyer", None])
def test_rules_need_nobody(payment, people, who):
    """The buyer's own cancellation, and money that came late, follow rules and not a person."""
    refund = open_refund(
        payment, amount=PRICE, key="cancel", reason_code="cancelled", actor=people.get(who)
    )

    assert refund.status == "approved"


def test_the_second_person_may_say_no(approved_once, people):
    reject_refund(approved_once.pk, actor=people["second"], note="金额不符")

    order = Order.objects.select_related("paid_by").get()
    assert (Refund.objects.get().status, order.status) == ("rejected", "paid")
    assert order.paid_by.refunded_amount == 0


def test_asking_again_meanwhile_is_the_same_request(approved_once, user, payment):
    with nothing_changes():
        again = request_refund(payment.order_id, user=user, reason_code="other")
        assert again == approved_once


def test_a_cancellation_overtakes_what_waits_for_the_second_person(approved_once, payment, user):
    refund = open_refund(payment, amount=PRICE, key="cancel", reason_code="cancelled", actor=user)

    approved_once.refresh_from_db()
    assert (approved_once.status, refund.status) == ("rejected", "approved")


def test_the_database_knows_that_two_are_two(approved_once, people):
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.update(confirmed_by=people["first"])


# -- ways around it

SERVICES = {"approve": approve_refund, "confirm": confirm_refund, "retry": retry_refund}


def alone(refund, actor, *steps):
    """One person tries every step; refusals stop nobody."""
    for step in steps:
        with suppress(DomainError):
            SERVICES[step](refund.pk, actor=actor)


def through_the_office(refund, actor, *steps):
    """The same in the back office, by whoever gets that far."""
    browser = Client(raise_request_exception=False)
    browser.force_login(actor)
    confirm(browser, actor)
    page = reverse("admin:commerce_refund_changelist")
    for step in steps:
        browser.post(page, {"action": step, "_selected_action": [refund.pk], "remark": "x"})


def by_form(refund, actor, *steps):
    browser = Client(raise_request_exception=False)
    browser.force_login(actor)
    confirm(browser, actor)
    page = reverse("admin:commerce_refund_change", args=[refund.pk])
    for step in steps:
        browser.post(page, {"status": "approved", "confirmed_by": actor.pk, "_save": step})


def by_api(refund, actor, *steps):
    api = Api(actor)
    for step in steps:
        for path in (f"/refund/{refund.pk}/{step}", f"/refund/{refund.pk}"):
            api.post(path, {"status": "approved", "confirmed_by": actor.pk})
            api.patch(path, {"status": "approved"})


ORDERS = [
    ("approve", "approve"), ("approve", "confirm"), ("confirm", "confirm"), ("confirm", "approve"),
    ("approve", "retry", "confirm"), ("retry", "approve", "confirm"),
]  # fmt: skip
OUTSIDERS = ["buyer", "clerk", "content", "stranger"]
ATTEMPTS = {
    **{f"one alone: {'-'.join(steps)}": (alone, "first", steps) for steps in ORDERS},
    **{f"office: {'-'.join(steps)}": (through_the_office, "first", steps) for steps in ORDERS},
    **{f"form: {who}": (by_form, who, ("1",)) for who in ("first", "second", "clerk", "buyer")},
    **{f"api: {who} {step}": (by_api, who, (step,))
       for who in ("first", "clerk", "buyer") for step in ("approve", "confirm")},
    **{f"office: {who} {step}": (through_the_office, who, (step, step))
       for who in OUTSIDERS for step in ("approve", "confirm", "retry")},
    **{f"buyer alone: {'-'.join(steps)}": (alone, "buyer", steps) for steps in ORDERS},
}  # fmt: skip


@pytest.mark.parametrize("name", ATTEMPTS)
def test_M19_nobody_gets_a_large_refund_out_alone(asked, people, name):
    way, who, steps = ATTEMPTS[name]

    way(asked, people[who], *steps)

    assert Refund.objects.filter(status__in=GONE).count() == 0
    assert (send_refunds(), Order.objects.get().status) == (0, "paid")


@pytest.mark.parametrize("who", ["first", "buyer"])
@pytest.mark.parametrize("way", [alone, through_the_office])
@pytest.mark.parametrize("steps", [("confirm",), ("approve",), ("retry", "confirm")])
def test_M19_nor_what_one_has_approved(approved_once, people, who, way, steps):
    with nothing_changes():
        way(approved_once, people[who], *steps)


@pytest.mark.parametrize("step", [approve_refund, confirm_refund])
def test_M19_nor_one_that_a_member_of_staff_asked_for(asked, people, step):
    Refund.objects.update(requested_by=people["second"])
    approve_refund(asked.pk, actor=people["first"])

    with nothing_changes(), pytest.raises(CannotReviewOwn):
        step(asked.pk, actor=people["second"])


def test_M19_nor_one_bought_by_a_member_of_staff(people):
    payment = pay(place(people["second"], TagFactory(sort_order=150_000)))
    refund = request_refund(payment.order_id, user=people["second"], reason_code="other")
    approve_refund(refund.pk, actor=people["first"])

    for step in (approve_refund, confirm_refund, reject_refund):
        with nothing_changes(), pytest.raises(CannotReviewOwn):
            step(refund.pk, actor=people["second"])
    Refund.objects.update(status="failed")
    with nothing_changes(), pytest.raises(CannotReviewOwn):
        retry_refund(refund.pk, actor=people["second"])


def test_M19_there_are_fifty_attempts_and_more():
    assert len(ATTEMPTS) + 12 + 2 + 4 >= 50


def test_a_yes_is_given_once_and_after_the_first_ones(asked, people):
    with nothing_changes(), pytest.raises(SecondPersonNeeded):
        confirm_refund(asked.pk, actor=people["second"])
    approve_refund(asked.pk, actor=people["first"])
    confirm_refund(asked.pk, actor=people["second"])

    for step in (approve_refund, confirm_refund, partial(reject_refund, note="x")):
        with nothing_changes(), pytest.raises(IllegalTransition):
            step(asked.pk, actor=UserFactory())


def test_a_failed_one_was_decided_by_two_and_is_tried_again_by_one(approved_once, people):
    confirm_refund(approved_once.pk, actor=people["second"])
    with transaction.atomic():
        fail_refund(Refund.objects.get(), "USER_ACCOUNT_ABNORMAL")

    retry_refund(approved_once.pk, actor=people["first"])

    assert Refund.objects.get().status == "approved"
