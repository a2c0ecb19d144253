"""Buying and paying with everybody at once (invariants M-7, M-16)."""

import pytest

from commerce.errors import NotCancellable
from commerce.models import Order, Payment, Refund
from commerce.services.orders import cancel_order, expire_order
from commerce.services.payments import settle
from commerce.services.starting import start_payment
from tests.commerce.conftest import _something_to_sell, world  # noqa: F401
from tests.commerce.payable import KIND
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, payer, place
from tests.helpers import Api, together
from tests.races.commerce_tools import books_agree, names, state, story  # noqa: F401

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

ROUNDS = range(5)


def test_one_tag_goes_to_one_of_eight_buyers():
    for _ in ROUNDS:
        tag, users = TagFactory(), UserFactory.create_batch(8)

        outcomes = together(8, lambda i, tag=tag, users=users: place(users[i], tag))

        assert names(outcomes) == ["Order"] + ["TagTaken"] * 7
        assert story(tag) == "R"


def test_two_things_wanted_in_both_orders_do_not_lock_each_other_out():
    for _ in ROUNDS:
        tags, users = TagFactory.create_batch(3), UserFactory.create_batch(6)

        outcomes = together(
            6, lambda i, tags=tags, users=users: place(users[i], *tags[:: -1 if i % 2 else 1])
        )

        assert names(outcomes) == ["Order"] + ["TagTaken"] * 5


def test_M16_one_key_eight_times_is_one_order():
    for _ in ROUNDS:
        user, tag = UserFactory(), TagFactory()
        clients = [Api(user) for _ in range(8)]
        body = {"items": [{"kind": KIND, "target_id": tag.pk}]}

        answers = together(
            8,
            lambda i, clients=clients, body=body: clients[i].post("/order", body, key="one-key-1"),
        )

        assert {answer.status_code for answer in answers} <= {201, 409}
        bodies = {answer.content for answer in answers if answer.status_code == 201}
        assert len(bodies) == 1
        assert (Order.objects.filter(user=user).count(), story(tag)) == (1, "R")


def test_M16_without_the_key_eight_buyers_would_meet_the_goods_own_guard():
    user, tag = UserFactory(), TagFactory()
    clients = [Api(user) for _ in range(8)]
    body = {"items": [{"kind": KIND, "target_id": tag.pk}]}

    answers = together(8, lambda i: clients[i].post("/order", body))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


# -- paying


def test_eight_clicks_on_pay_are_one_attempt(world):  # noqa: F811
    for _ in ROUNDS:
        user = UserFactory()
        payer(world, user)
        order = place(user)

        outcomes = together(
            8, lambda i, o=order, u=user: start_payment(o.pk, user=u, method="wechat").payment
        )

        attempts = Payment.objects.filter(order=order)
        assert {outcome.prepay_id for outcome in outcomes} == {attempts.get().prepay_id}
        assert [row["out_trade_no"] for row in world.trades()] == [attempts.get().number]
        world.reset()


def test_M7_payment_against_expiry():
    for _ in ROUNDS:
        tag = TagFactory()
        order = place(UserFactory(), tag)
        attempt = AttemptFactory(order)
        jobs = [
            lambda a=attempt: settle(a.number, money_for(a)),
            lambda o=order: expire_order(o.pk, now=o.expires_at),
            lambda a=attempt: settle(a.number, money_for(a)),
        ]

        outcomes = together(3, lambda i, jobs=jobs: jobs[i]())

        assert not [o for o in outcomes if isinstance(o, Exception)]
        ending = (state(order), story(tag), Refund.objects.filter(order=order).count())
        assert ending in {("paid", "RF", 0), ("expired", "RX", 1)}


def test_M7_payment_against_cancelling():
    for _ in ROUNDS:
        tag, user = TagFactory(), UserFactory()
        order = place(user, tag)
        attempt = AttemptFactory(order)
        jobs = [
            lambda a=attempt: settle(a.number, money_for(a)),
            lambda o=order, u=user: cancel_order(o.pk, actor=u),
        ]

        outcomes = together(2, lambda i, jobs=jobs: jobs[i]())

        ending = (state(order), story(tag), Refund.objects.filter(order=order).count())
        refused = isinstance(outcomes[1], NotCancellable)
        assert ending == (("paid", "RF", 0) if refused else ("cancelled", "RL", 1))


def test_expiring_and_cancelling_at_once_release_once():
    for _ in ROUNDS:
        tag, user = TagFactory(), UserFactory()
        order = place(user, tag)
        jobs = [
            lambda o=order: expire_order(o.pk, now=o.expires_at),
            lambda o=order, u=user: cancel_order(o.pk, actor=u),
        ] * 3

        together(6, lambda i, jobs=jobs: jobs[i]())

        assert story(tag) in {"RX", "RL"}
