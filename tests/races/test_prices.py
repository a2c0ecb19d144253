"""The server sets every price: tampered bodies, and prices that move while people buy (M-12)."""

import random
import threading
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import transaction

from commerce.errors import PriceChanged
from commerce.models import Order, OrderItem, Payment, Product
from commerce.payables import Want
from commerce.services.orders import cancel_order, place_order
from config.db import transact
from farm.models import AnimalClaim
from tests.commerce.conftest import world  # noqa: F401
from tests.factories.commerce import AddressFactory, ProductFactory, order_goods, payer
from tests.factories.counseling import booker, offer
from tests.factories.farm import AnimalFactory, active, claimant
from tests.helpers import Api, together
from tests.races.figures import figure, size

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

AMOUNTS = (
    0.01, 0, -1, 1e-9, 1e400, "0.01", "-45", "1e2", "１", "45.00 ", "0x10", None, True, [], {}, [1],
    {"gt": 0}, "NaN", "Infinity", 2**31, -(2**31), 2**63, "1_000", "45.001", "\x00", "四十五",
    45.004999,
)  # fmt: skip
MONEY = (
    "price", "unit_price", "price_paid", "amount", "total_amount", "discount", "expected_price",
    "refunded_amount", "currency", "status", "paid_by", "paid_at", "order_number",
)  # fmt: skip
QUANTITIES = (-1, 0, 2**31, 2**63, 1.5, "2", "-1", None, True, [], "１", 1e308, 100_000)


def tampered(pick: random.Random, body: dict) -> dict:
    """The honest body with some of its values, or some more values, made hostile."""
    body = {**body}
    if items := body.get("items"):
        line = {**items[0]}
        if pick.random() < 0.6:
            line["quantity"] = pick.choice(QUANTITIES)
        line[pick.choice(MONEY)] = pick.choice(AMOUNTS)
        body["items"] = [line, *items[1:]] * pick.choice([1, 1, 1, 2])
    for _ in range(pick.randrange(1, 4)):
        body[pick.choice(MONEY)] = pick.choice(AMOUNTS)
    if pick.random() < 0.2:
        name = pick.choice(list(body))
        body[name] = pick.choice(AMOUNTS)
    return body


def product():
    rose = ProductFactory(price=Decimal("45.00"), stock=100_000, needs_address=False)
    body = {"items": [{"kind": "product", "target_id": rose.pk, "quantity": 1}]}
    return Api(claimant()), lambda: ("/order", body)


def claim():
    api = Api(claimant())
    return api, lambda: (f"/animals/{AnimalFactory(price=45).pk}/claim", {"price_paid": 45.0})


def renewal():
    made = active(animal=AnimalFactory(price=45))
    ends_at = made.claimed_at + timedelta(days=30)
    AnimalClaim.objects.filter(pk=made.pk).update(ends_at=ends_at)
    return Api(made.user), lambda: (f"/animals/claims/{made.pk}/renew", {"price_paid": 45.0})


def session():
    client = booker()

    def body():
        slot, service = offer(price=Decimal("45.00"))
        return "/appointment", {
            "slot_id": slot.pk, "service_id": service.pk, "client_id": client.pk,
        }  # fmt: skip

    return Api(client.user), body


def give_up(user) -> None:
    """No hold of this person is in the way of the next try."""
    for order in Order.objects.filter(user=user, status="pending"):
        cancel_order(order.pk, actor=user)


@pytest.mark.parametrize("goods", [product, claim, renewal, session])
def test_M12_no_tampered_body_changes_a_price(goods):
    (api, honest), pick, n = goods(), random.Random(12), size(300)
    answers = Counter()

    for i in range(n):
        path, body = honest()
        answer = api.post(path, tampered(pick, body), key=f"tampered-{i:08}")
        answers[answer.status_code] += 1
        give_up(api.user)

    assert set(answers) <= {201, 400, 404, 409, 422}, answers
    for item in OrderItem.objects.select_related("order"):
        assert item.unit_price == Decimal("45.00")
        assert item.quantity >= 1
        assert item.order.total_amount == item.amount == item.unit_price * item.quantity
    assert Payment.objects.exclude(amount__gte=45).count() == 0
    path, body = honest()
    assert api.post(path, body, key="honest-00").status_code == 201
    figure("M-12", f"{n} tampered bodies, {goods.__name__}: {dict(sorted(answers.items()))}")


def test_M12_no_tampered_body_pays_another_amount(world):  # noqa: F811
    user, pick, n = claimant(), random.Random(13), size(300)
    payer(world, user)
    api, rose = Api(user), ProductFactory(price=Decimal("45.00"), stock=n)
    address, answers = AddressFactory(user=user), Counter()

    for i in range(n):
        order = order_goods(user, (rose, 1), address=address)
        body = tampered(pick, {"order_id": order.pk, "method": "wechat"})
        answers[api.post("/pay", body, key=f"tampered-{i:08}").status_code] += 1

    assert set(answers) <= {201, 400, 404, 422}, answers
    assert set(Payment.objects.values_list("amount", "status")) == {(Decimal("45.00"), "pending")}
    assert {trade["total"] for trade in world.trades()} == {4500}
    figure("M-12", f"{n} tampered bodies at /pay: {dict(sorted(answers.items()))}")


def test_M12_an_editor_with_the_product_in_hand_changes_its_price_beside_a_buyer():
    """The deterministic twin: by whichever index the buyer looks, nothing of it is locked first."""
    rose, address, outcomes = ProductFactory(), AddressFactory(), []
    want = [Want("product", rose.pk, 1)]

    def buy():
        order = partial(place_order, user=address.user, wants=want, address_id=address.pk)
        outcomes.extend(together(1, lambda i: order()))

    buyer = threading.Thread(target=buy)
    with transaction.atomic():
        Product.objects.locked().get(pk=rose.pk)
        buyer.start()
        buyer.join(timeout=2)  # it waits for the product
        Product.objects.filter(pk=rose.pk).update(price=Decimal("12.00"))
    buyer.join()

    assert [type(outcome) for outcome in outcomes] == [PriceChanged]  # and not begun again
    assert Order.objects.count() == 0


def test_M12_while_the_price_moves_everybody_pays_what_their_order_shows():
    n, people = size(500), [AddressFactory() for _ in range(8)]
    rose, over = ProductFactory(stock=n, total=n), threading.Event()
    prices = [Decimal("45.00"), Decimal("12.00")]
    shown = Counter()

    def move_prices():
        turn = 0
        while not over.is_set():
            turn += 1
            set_price(prices[turn % 2])

    @transact
    def set_price(price):
        Product.objects.filter(pk=rose.pk).update(price=price)

    def buy(i):
        for j in range(n // len(people)):
            wanted = (None, *prices)[j % 3]
            want = Want("product", rose.pk, 1, expected_price=wanted)
            try:
                order = place_order(user=people[i].user, wants=[want], address_id=people[i].pk)
            except PriceChanged:
                shown["refused"] += 1
                continue
            [item] = order.items.all()
            assert order.total_amount == item.unit_price == item.amount
            assert item.unit_price in ([wanted] if wanted else prices)
            shown[str(item.unit_price)] += 1
        return "bought"

    def job(i):
        if i == len(people):
            return move_prices()
        try:
            return buy(i)
        finally:
            finished.wait()
            over.set()

    finished = threading.Barrier(len(people))
    outcomes = together(len(people) + 1, job)

    assert outcomes == ["bought"] * len(people) + [None]
    assert shown["45.00"] + shown["12.00"] == Order.objects.count() > 0
    figure("M-12", f"{n} orders while the price moved: {dict(sorted(shown.items()))}")
