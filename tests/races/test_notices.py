"""Callbacks with everybody at once: paid once, by the right money, or not (M-1 to M-4, M-6)."""

import random
from collections import Counter

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from accounts.models import Notification, StatusChange
from commerce.errors import OrderNotPayable
from commerce.models import Order, Payment, PaymentAnomaly, PaymentNotice, Refund
from commerce.services.expiry import Lines
from commerce.services.payments import status_of
from commerce.services.refund_sending import advance_refund
from commerce.services.starting import start_payment
from tests.commerce.books import books
from tests.commerce.conftest import _something_to_sell, world  # noqa: F401
from tests.commerce.rails import RAILS, rail_of
from tests.commerce.refunding import give_back
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, payer, place
from tests.factories.farm import AnimalFactory, claimant, claimed
from tests.races.commerce_tools import books_agree  # noqa: F401
from tests.races.figures import figure, size, storm
from tests.races.forgeries import FORGERIES

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def buyer(world):  # noqa: F811
    """Somebody whom WeChat knows, with the openid as .openid."""
    user = UserFactory()
    user.openid = payer(world, user)
    return user


def bought(user, tag):
    """Paid at the provider; nobody has told us yet."""
    return start_payment(place(user, tag).pk, user=user, method="wechat").payment


def deliver(notices: list[dict]) -> Counter:
    """All at once and shuffled; how often each status was answered."""
    random.shuffle(notices)
    return Counter(storm(len(notices), lambda i: post(notices[i])))


def post(notice: dict, path: str = "/pay/callback/wechat") -> int:
    kind = notice["headers"].get("Content-Type", "application/json")
    headers = {name: value for name, value in notice["headers"].items() if name != "Content-Type"}
    answer = Client().post(
        f"/api/v1{path}", notice["body"].encode(), content_type=kind, headers=headers
    )
    return answer.status_code


def test_M1_twenty_copies_of_every_notice_shuffled_pay_each_order_once(world):  # noqa: F811
    animals, notices = [AnimalFactory() for _ in range(size(50))], []
    for animal in animals:
        person = claimant()
        payer(world, person)
        order = claimed(person, animal).order_item.order
        attempt = start_payment(order.pk, user=person, method="wechat").payment
        world.pay(attempt.number, notify="hold")
        notices += [world.notice(attempt.number)] * 10  # one event again and again
        notices += [world.notice(attempt.number) for _ in range(10)]  # and ten others
    n = len(animals)

    assert deliver(notices) == {204: n * 20}

    assert Order.objects.filter(status="paid", paid_by__status="succeeded").count() == n
    for model in ("commerce.order", "commerce.payment", "farm.animalclaim"):
        moved = StatusChange.objects.filter(model=model)
        assert Counter(moved.values_list("object_pk", flat=True)).most_common(1)[0][1] == 1
        assert moved.count() == n
    assert (Refund.objects.count(), PaymentAnomaly.objects.count()) == (0, 0)
    assert PaymentNotice.objects.count() == n * 11
    assert PaymentNotice.objects.filter(deliveries=10).count() == n
    told = Notification.objects.filter(channel="in_app")
    assert told.filter(template="animal_claimed").count() == n
    assert told.filter(template="animal_claimed_merchant").count() == n
    figure("M-1", f"{n * 20} callbacks for {n} orders: {n} captures, {n} notices a side, all 204")


@pytest.mark.parametrize("first", ["its own order first", "all at once"])
def test_M2_one_transaction_for_many_orders_pays_one(world, buyer, first):  # noqa: F811
    n = size(500)
    real = bought(buyer, TagFactory())
    world.pay(real.number, notify="hold")
    others = [AttemptFactory(place(buyer), payer=buyer.openid) for _ in range(n - 1)]
    notices = [world.notice(real.number, mutate={"out_trade_no": other.number}) for other in others]
    own = world.notice(real.number)

    if first == "all at once":
        answers = deliver([own, *notices])
        assert answers == {204: 1, 422: n - 1}
        assert Payment.objects.filter(status="succeeded").count() == 1
    else:
        assert deliver([own]) == {204: 1}
        assert deliver(notices) == {422: n - 1}
        assert Payment.objects.get(status="succeeded") == real
    assert Order.objects.filter(status="paid").count() == 1
    assert PaymentAnomaly.objects.filter(kind="mismatch").count() == n - 1
    figure("M-2", f"one transaction bound to {n} orders, {first}: 1 paid")


def test_negative_control_of_M2_without_the_comparison_each_is_paid(world, buyer, monkeypatch):  # noqa: F811
    """Nothing but the fact is compared: everybody's word for a transaction is taken."""
    from commerce.services import payments

    real_move = payments.move

    def own_transaction(payment, to, *, transaction_id, **changes):
        return real_move(payment, to, transaction_id=f"{transaction_id}-{payment.pk}", **changes)

    real = bought(buyer, TagFactory())
    world.pay(real.number, notify="hold")
    others = [AttemptFactory(place(buyer), payer=buyer.openid) for _ in range(7)]
    notices = [world.notice(real.number, mutate={"out_trade_no": o.number}) for o in others]
    monkeypatch.setattr(payments, "move", own_transaction)

    assert deliver([*notices, world.notice(real.number)]) == {204: 8}


# Each validly signed, each wrong in one fact.
TWELVE = (
    {"out_trade_no": "PAY20260101AAAAAAAAAAAAA"}, {"out_trade_no": None}, {"amount.total": 1},
    {"amount.total": "12000"}, {"amount.currency": "USD"}, {"mchid": "1900000000"},
    {"appid": "wx0000000000000000"}, {"payer.openid": "oSomebodyElse00000000000000"},
    {"trade_state": "NOTPAY"}, {"trade_type": "NATIVE"}, {"transaction_id": None},
    {"amount": None},
)  # fmt: skip


def test_M3_signed_and_wrong_in_one_fact_nothing_is_paid_and_each_is_on_record(world, buyer):  # noqa: F811
    attempts, times = [bought(buyer, TagFactory()) for _ in range(4)], size(50)
    for attempt in attempts:
        world.pay(attempt.number, notify="hold")
    notices = [
        world.notice(attempts[i % 4].number, mutate=mutate) for mutate in TWELVE
        for i in range(times)
    ]  # fmt: skip
    before = books()

    assert deliver(notices) == {422: 12 * times}

    assert books() == before
    assert PaymentAnomaly.objects.count() == 12 * times
    figure("M-3", f"12 wrong facts, {times} times each: 0 paid, {12 * times} anomalies, 0 5xx")


# -- not authentic


def test_M4_of_twenty_kinds_of_forgeries_none_has_an_effect(world, buyer):  # noqa: F811
    attempt, n = bought(buyer, TagFactory()), size(10_000)
    world.pay(attempt.number, notify="hold")
    kinds, answers = list(FORGERIES.values()), Counter()
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    before = books()

    for _ in range(10):  # anew, so that none is refused for its age alone
        genuine = world.notice(attempt.number)
        share = [kinds[i % len(kinds)](genuine, stranger) for i in range(n // 10)]
        answers += deliver(share)

    assert (len(kinds), answers) == (20, {400: n})
    assert books() == before
    assert PaymentNotice.objects.count() == 0
    row = PaymentAnomaly.objects.order_by("pk").first()
    assert (row.kind, sum(PaymentAnomaly.objects.values_list("count", flat=True))) == ("forged", n)
    assert deliver([world.notice(attempt.number)]) == {204: 1}  # the honest twin
    figure("M-4", f"{n} forgeries of 20 kinds: 0 accepted, 0 changes, 0 5xx")


# -- faster than our own answer


def test_M6_the_notice_comes_before_the_prepay_answer(world, buyer, live_server, settings):  # noqa: F811
    """Really on the wire: the provider posts to our server and answers our request after that."""
    settings.PUBLIC_URL = live_server.url
    orders = [place(buyer) for _ in range(size(500))]
    n = len(orders)
    world.fault("notify_before_response", "wxpay", "jsapi", times=n)

    outcomes = storm(n, lambda i: start_payment(orders[i].pk, user=buyer, method="wechat"))

    assert Counter(type(outcome) for outcome in outcomes) == {OrderNotPayable: n}
    assert {outcome.data["status"] for outcome in outcomes} == {"paid"}
    assert Order.objects.filter(status="paid").count() == n
    assert Payment.objects.filter(status="succeeded").count() == Payment.objects.count() == n
    answers = Counter(row["attempts"][0]["status"] for row in world.outbox("notify"))
    assert answers == {204: n}
    assert (PaymentAnomaly.objects.count(), Refund.objects.count()) == (0, 0)
    figure("M-6", f"{n} notices before the prepay's answer: {n} paid once, each told so")


def test_M6_the_refunds_notice_comes_before_the_refunds_answer(world, buyer, live_server, settings):  # noqa: F811
    settings.PUBLIC_URL = live_server.url
    world.refund_settings(seconds=None, spacing=0)
    refunds = []
    for _ in range(size(200)):
        attempt = bought(buyer, TagFactory())
        world.pay(attempt.number, notify="hold")
        status_of(attempt)
        refunds.append(give_back(attempt))
    n = len(refunds)
    world.fault("notify_before_response", "wxpay", "refund", times=n)

    storm(n, lambda i: advance_refund(refunds[i], lines=Lines()))

    assert Refund.objects.filter(status="succeeded", error="").count() == n
    assert Order.objects.filter(status="refunded").count() == n
    told = [row for row in world.outbox("notify") if row.get("out_refund_no")]
    assert Counter(row["attempts"][0]["status"] for row in told) == {204: n}
    assert (world.book()["net"], PaymentAnomaly.objects.count()) == (0, 0)
    figure("M-6", f"{n} notices before the refund's answer: {n} refunded once")


@pytest.mark.parametrize("method", RAILS)
def test_M1_one_notice_eight_times_at_the_same_moment_from_each_provider(world, method):  # noqa: F811
    rail = rail_of(method, world, UserFactory())
    for _ in range(5):
        attempt = rail.start()
        rail.pay(attempt.number)
        notice = rail.notice(attempt.number)

        answers = Counter(storm(8, lambda i, n=notice: post(n, rail.pay_path)))

        assert set(answers) <= {200, 204}
        assert Order.objects.get(pk=attempt.order_id).paid_by_id == attempt.pk
        assert PaymentNotice.objects.get(number=attempt.number).deliveries == 8
    assert StatusChange.objects.filter(model="commerce.order", new="paid").count() == 5
