"""Money that comes late, twice or goes back unheard, against the sandbox (M-7 to M-11)."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from commerce.errors import ProviderUnavailable
from commerce.models import Order, Payment, PaymentAnomaly, Refund
from commerce.services.expiry import Lines, close_overdue
from commerce.services.orders import expire_order
from commerce.services.payments import settle, status_of
from commerce.services.refund_sending import advance_refund
from commerce.services.starting import start_payment
from commerce.tasks import (
    expire_orders,
    query_pending_payments,
    query_pending_refunds,
    send_refunds,
)
from tests.commerce.conftest import _something_to_sell, world  # noqa: F401
from tests.commerce.refunding import due, give_back
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, payer, place
from tests.helpers import together
from tests.races.commerce_tools import books_agree, state, story  # noqa: F401
from tests.races.figures import FULL, figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def buyer(world):  # noqa: F811
    user = UserFactory()
    payer(world, user)
    world.refund_settings(seconds=0, spacing=0)
    return user


def started(user, *tags) -> Payment:
    return start_payment(place(user, *tags).pk, user=user, method="wechat").payment


def tell(world, number: str) -> int:  # noqa: F811
    notice = world.notice(number)
    answer = Client().post(
        "/api/v1/pay/callback/wechat", notice["body"].encode(),
        content_type="application/json", headers=notice["headers"],
    )  # fmt: skip
    return answer.status_code


def all_back() -> None:
    """Sweep until no refund is under way any more."""
    for _ in range(Refund.objects.count() + 5):
        if not Refund.objects.filter(status__in=["approved", "processing"]).exists():
            return
        due()
        send_refunds()
        due()
        query_pending_refunds()
    raise AssertionError("refunds are still under way")


def test_M7_late_money_goes_back_and_leaves_new_owners_alone(world, buyer):  # noqa: F811
    n = size(1000) if FULL else 40
    tags = TagFactory.create_batch(n)
    late = [started(buyer, tag) for tag in tags]
    for attempt in late:
        expire_order(attempt.order_id, now=attempt.order.expires_at)
    taken = [pay(place(UserFactory(), tag)).order for tag in tags[: n // 2]]
    for attempt in late:
        world.pay(attempt.number, force=True, notify="hold")

    assert Counter(storm(n, lambda i: tell(world, late[i].number))) == {204: n}
    all_back()

    assert {state(order) for order in taken} == {"paid"}
    assert Counter(story(tag) for tag in tags) == {"RXRF": n // 2, "RX": n - n // 2}
    assert Order.objects.filter(status="expired", paid_by=None).count() == n
    back = Refund.objects.filter(status="succeeded", reason_code="late", amount=120)
    assert back.count() == Refund.objects.count() == n
    assert (world.book()["paid"], world.book()["net"]) == (n * 12000, 0)
    figure("M-7", f"{n} late payments, {n // 2} of things taken since: {n} back in full, 0 kept")


def test_M8_of_two_payments_exactly_one_goes_back(buyer):
    """Both orders of arrival, and both at the same moment."""
    n, pairs = size(300), []
    for _ in range(n):
        order = place(buyer)
        pairs.append((AttemptFactory(order, status="closing"), AttemptFactory(order)))

    def arrive(i):
        first, second = pairs[i] if i % 2 else reversed(pairs[i])
        if i % 3:
            settle(first.number, money_for(first))
            return settle(second.number, money_for(second))
        both = (first, second)
        return together(2, lambda j: settle(both[j].number, money_for(both[j])))

    outcomes = storm(n, arrive)

    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert Order.objects.filter(status="paid").count() == Refund.objects.count() == n
    for refund in Refund.objects.select_related("payment", "order"):
        assert (refund.key, refund.amount) == ("double", refund.payment.amount)
        assert refund.order.paid_by_id not in {None, refund.payment_id}
    assert PaymentAnomaly.objects.filter(kind="double").count() == n
    figure("M-8", f"{n} orders paid twice: {n} refunds of one payment, all still paid")


def test_M9_the_person_pays_while_the_order_is_closed_at_the_provider(world, buyer):  # noqa: F811
    """At another pace each time, so that the money comes before, between and after our calls."""
    n, endings = size(500), Counter()
    for turn in range(n):
        tag = TagFactory()
        attempt = started(buyer, tag)
        order = attempt.order
        Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

        def person_pays(number=attempt.number, looks=turn % 20):
            for _ in range(looks):
                world.trade(number)
            world.pay(number, notify="hold")
            return tell(world, number)

        def sweep(pk=order.pk):
            return close_overdue(pk, now=timezone.now(), lines=Lines())

        jobs = random.sample([person_pays, sweep, sweep], 3)
        together(3, lambda i, jobs=jobs: jobs[i]())

        paid = world.trade(attempt.number)["trade_state"] == "SUCCESS"
        ending = (state(order), story(tag), Refund.objects.filter(order=order).count())
        assert ending == (("paid", "RF", 0) if paid else ("expired", "RX", 0))
        endings[ending[0]] += 1
    figure("M-9", f"{n} payments against closing: {dict(endings)}, 0 cancelled while paid")


def test_M10_refunds_that_were_done_unheard_keep_their_numbers(world, buyer):  # noqa: F811
    n, refunds = size(100), []
    for _ in range(n):
        attempt = started(buyer)
        world.pay(attempt.number, notify="hold")
        status_of(attempt)
        refunds.append(give_back(attempt))
    world.fault("drop", "wxpay", "refund", times=n)

    storm(n, lambda i: advance_refund(refunds[i], lines=Lines()))

    assert Refund.objects.filter(status="approved").count() == n
    all_back()
    assert Refund.objects.filter(status="succeeded").count() == Refund.objects.count() == n
    theirs = sorted(row["out_refund_no"] for row in world.refunds())
    assert theirs == sorted(refund.number for refund in refunds)
    assert world.book()["refunded"] == n * 12000
    figure("M-10", f"{n} refunds done and not answered: same numbers, 0 doubles")


# -- unknown is not failed

ANYWHERE = ["drop", "bad_signature", "wrong_serial", "signtest", "status:502", "status:301",
            "error:SYSTEM_ERROR"]  # fmt: skip
WITH_A_BODY = [*ANYWHERE, "truncate_body", "bad_json"]


def _create(world, user, fault):  # noqa: F811
    order = place(user)
    world.fault(fault, "wxpay", "jsapi")
    with pytest.raises(ProviderUnavailable):
        start_payment(order.pk, user=user, method="wechat")
    return lambda: start_payment(order.pk, user=user, method="wechat").payment.prepay_id != ""


def _query(world, user, fault):  # noqa: F811
    attempt = started(user)
    world.pay(attempt.number, notify="hold")
    world.fault(fault, "wxpay", "query")
    assert status_of(attempt).status == "pending"
    return lambda: state(attempt.order) == "paid"


def _close(world, user, fault):  # noqa: F811
    order = started(user).order
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    world.fault(fault, "wxpay", "close")
    assert close_overdue(order.pk, now=timezone.now(), lines=Lines()) is False
    assert state(order) == "pending"
    return lambda: state(order) == "expired"


def _refund(world, user, fault):  # noqa: F811
    attempt = started(user)
    world.pay(attempt.number, notify="hold")
    status_of(attempt)
    refund = give_back(attempt)
    world.fault(fault, "wxpay", "refund")
    advance_refund(refund, lines=Lines())
    refund.refresh_from_db()
    assert refund.status == "approved"
    return lambda: state(attempt.order) == "refunded"


def test_M11_no_trouble_of_a_call_ends_anything_and_all_ends_after_it(world, buyer):  # noqa: F811
    n, ends = size(200), []
    for i in range(n):
        call = (_create, _query, _close, _refund)[i % 4]
        faults = ANYWHERE if call is _close else WITH_A_BODY
        ends.append(call(world, buyer, faults[i // 4 % len(faults)]))
        world.clear_faults()

    # Everything looks again within a minute; after two such minutes nothing is open.
    soon = timezone.now() + timedelta(seconds=61)
    for _ in range(2):
        assert not Payment.objects.open().filter(next_query_at__gt=soon).exists()
        assert not Refund.objects.filter(next_try_at__gt=soon).exists()
        now = timezone.now()
        Payment.objects.exclude(next_query_at=None).update(next_query_at=now)
        due()
        for sweep in (expire_orders, query_pending_payments, send_refunds, query_pending_refunds):
            sweep()

    assert all(end() for end in ends)
    assert Refund.objects.filter(status="failed").count() == 0
    figure("M-11", f"{n} troubled calls: 0 wrong ends, all resolved after two more looks")
