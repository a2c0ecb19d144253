"""Stock with everybody at once (invariants K-1 to K-4)."""

import itertools
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import Sum

from commerce.models import Movement, Order, OrderItem, Product, StockMovement
from commerce.payables import Want
from commerce.services import orders, stock
from commerce.services.goods import ProductPayable
from commerce.services.orders import cancel_order, expire_order, place_order
from commerce.services.payments import settle
from commerce.services.refunds import conclude_refund, open_refund
from tests.factories.accounts import UserFactory
from tests.factories.commerce import (
    AddressFactory,
    AttemptFactory,
    MerchantFactory,
    ProductFactory,
    money_for,
    order_goods,
)
from tests.helpers import meeting, together
from tests.races.commerce_tools import names
from tests.races.figures import figure, size, storm

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


def addresses(n: int) -> list:
    return [AddressFactory(user=user) for user in UserFactory.create_batch(n)]


def buy(address, *lines) -> Order:
    wants = [Want("product", product.pk, pieces) for product, pieces in lines]
    return place_order(user=address.user, wants=wants, address_id=address.pk)


def counts(product) -> tuple[int, int, int]:
    """(free, held, sold) of the row."""
    return Product.objects.values_list("stock", "held", "sold").get(pk=product.pk)


def told(product) -> tuple[int, int, int]:
    """The same as the history says."""
    rows = StockMovement.objects.filter(product=product).order_by()
    sums = dict(rows.values_list("movement").annotate(Sum("quantity")))
    of = {movement: sums.get(movement, 0) for movement in Movement.values}
    held = of["reserve"] - of["release"] - of["sell"]
    sold = of["sell"] - of["return"]
    return of["adjust"] - held - sold, held, sold


def stocked(pieces: int, **fields) -> Product:
    product = ProductFactory(stock=0, **fields)
    return stock.adjust(product.pk, change=pieces, actor=None)


def test_K1_a_hundred_pieces_are_sold_a_hundred_times():
    pieces, buyers = size(100), addresses(size(2000))
    product = stocked(pieces)

    outcomes = storm(len(buyers), lambda i: buy(buyers[i], (product, 1)))

    assert names(outcomes) == ["Order"] * pieces + ["OutOfStock"] * (len(buyers) - pieces)
    assert counts(product) == told(product) == (0, pieces, 0)
    assert Order.objects.count() == pieces
    figure("K-1", f"{len(buyers)} buyers, {pieces} pieces: {pieces} sold")


def test_K1_pieces_come_and_go_while_they_are_sold():
    buyers, product = addresses(size(400)), stocked(size(200))
    owner = product.merchant.user

    def one(i):
        if i % 4 == 3:
            return stock.adjust(product.pk, change=3 if i % 8 == 3 else -1, actor=owner)
        return buy(buyers[i], (product, 1))

    outcomes = storm(len(buyers), one)

    assert set(names(outcomes)) <= {"Order", "OutOfStock", "Product"}
    sold, moved = names(outcomes).count("Order"), told(product)
    assert counts(product) == moved
    assert moved[1] == sold == Order.objects.count()


def test_K1_reading_first_sells_the_last_piece_twice(monkeypatch):
    """The negative control: what was read is written back."""
    product, buyers, meet = stocked(1), addresses(2), meeting(2)

    def naive(rows, row, **by):
        read = Product.objects.get(pk=row.product_id)
        meet()
        if read.stock < row.quantity:
            return False
        new = {name: getattr(read, name) + number for name, number in by.items()}
        Product.objects.filter(pk=read.pk).update(**new)
        row.save()
        return True

    monkeypatch.setattr(stock, "_move", naive)
    outcomes = together(2, lambda i: buy(buyers[i], (product, 1)))

    assert names(outcomes) == ["Order", "Order"]
    assert counts(product) == (0, 1, 0)
    assert told(product) == (-1, 2, 0)


def tries(monkeypatch) -> itertools.count:
    """Counts how often an order was begun, a second time after a deadlock."""
    begun, real = itertools.count(), orders._merchant_of

    def counted(offers):
        next(begun)
        return real(offers)

    monkeypatch.setattr(orders, "_merchant_of", counted)
    return begun


def test_K2_lines_in_both_orders_do_not_lock_each_other_out(monkeypatch):
    n, merchant = size(500) * 2, MerchantFactory(status="approved")
    goods = [stocked(n, merchant=merchant) for _ in range(2)]
    buyers, begun = addresses(n), tries(monkeypatch)

    outcomes = storm(
        n, lambda i: buy(buyers[i], *((one, 1) for one in goods[:: -1 if i % 2 else 1]))
    )

    assert names(outcomes) == ["Order"] * n
    again = next(begun) - n
    assert again <= n // 100
    for product in goods:
        assert counts(product) == told(product) == (0, n, 0)
    figure("K-2", f"{n} orders of A,B and B,A: all placed, {again} tried again")


def test_K2_lines_as_they_come_do(monkeypatch):
    """The negative control: each holds what the other one wants next."""
    merchant = MerchantFactory(status="approved")
    goods = [stocked(5, merchant=merchant) for _ in range(2)]
    buyers, begun, meet, real = addresses(2), tries(monkeypatch), meeting(2), stock.hold

    def slow(item):
        held = real(item)
        meet()
        return held

    monkeypatch.setattr(stock, "hold", slow)
    monkeypatch.setattr(orders, "sorted", list, raising=False)
    outcomes = together(
        2, lambda i: buy(buyers[i], *((one, 1) for one in goods[:: -1 if i else 1]))
    )

    assert names(outcomes) == ["Order", "Order"]  # transact() saved them
    assert next(begun) > 2


def test_K3_a_product_on_two_lines_is_never_sold_beyond_its_stock():
    n, merchant = size(200), MerchantFactory(status="approved")
    roses, tulips = stocked(n, merchant=merchant), stocked(n, merchant=merchant)
    buyers = addresses(n)
    shapes = [
        ((roses, 1), (roses, 1)), ((roses, 2), (tulips, 1)), ((tulips, 2), (roses, 1)),
        ((roses, 1), (tulips, 1), (roses, 3)), ((roses, n), (tulips, n)),
    ]  # fmt: skip

    outcomes = storm(n, lambda i: buy(buyers[i], *shapes[i % len(shapes)]))

    assert set(names(outcomes)) <= {"Order", "OutOfStock", "RepeatedItem"}
    for product in (roses, tulips):
        assert counts(product) == told(product)
        assert counts(product)[0] >= 0
    figure("K-3", f"{n} orders, 2 of 5 shapes with a product twice: nothing oversold")


def test_K3_lines_checked_alone_sell_more_than_there_is(monkeypatch):
    """The negative control: no refusal, no unique line, each line held against the stock as the
    order found it."""
    product, [buyer] = stocked(10), addresses(1)
    found = {}

    def alone(rows, row, **by):
        read = found.setdefault(row.product_id, Product.objects.get(pk=row.product_id))
        if read.stock < row.quantity:
            return False
        new = {name: getattr(read, name) + number for name, number in by.items()}
        Product.objects.filter(pk=read.pk).update(**new)
        row.save()
        return True

    monkeypatch.setattr(stock, "_move", alone)
    monkeypatch.setattr(orders, "len", lambda things: 0, raising=False)
    once = next(rule for rule in OrderItem._meta.constraints if rule.name == "orderitem_once")
    with connection.schema_editor() as editor:
        editor.remove_constraint(OrderItem, once)
    try:
        buy(buyer, (product, 6), (product, 6))

        assert told(product) == (-2, 12, 0)
    finally:
        StockMovement.objects.all().delete()
        OrderItem.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(OrderItem, once)


def test_K4_cancelled_expired_and_refunded_at_once_each_order_gives_back_once():
    n, address = size(1000), AddressFactory()
    product = stocked(n)
    placed = [order_goods(address.user, (product, 1), address=address) for _ in range(n)]
    attempts = [AttemptFactory(order) for order in placed]

    def refund(i):
        settle(attempts[i].number, money_for(attempts[i]))
        order = Order.objects.select_related("paid_by").get(pk=placed[i].pk)
        if order.paid_by is None:
            return
        row = open_refund(
            order.paid_by, amount=order.total_amount, key="cancel", reason_code="other"
        )
        type(row).objects.filter(pk=row.pk).update(status="succeeded")
        conclude_refund(row)

    def cancel(i):
        cancel_order(placed[i].pk, actor=address.user)

    def expire(i):
        expire_order(placed[i].pk, now=placed[i].expires_at + timedelta(seconds=1))

    ends = [cancel, expire, refund]
    outcomes = storm(3 * n, lambda i: ends[i % 3](i // 3))

    assert set(names(outcomes)) <= {"NoneType", "IllegalTransition", "NotCancellable", "Busy"}
    for i in range(n):  # whoever was too busy comes back, as the sweeps do
        refund(i)
    back = StockMovement.objects.filter(movement__in=["release", "return"])
    assert back.count() == back.values("order_item").distinct().count() == n
    assert counts(product) == told(product) == (n, 0, 0)
    figure("K-4", f"{n} orders cancelled, expired and refunded at once: {n} given back, once each")


def test_K4_one_item_released_by_eight_at_once_is_released_once():
    product, buyers = stocked(20), addresses(2)
    item = buy(buyers[0], (product, 2)).items.get()
    buy(buyers[1], (product, 10))

    together(8, lambda i: ProductPayable().release([item], expired=bool(i % 2)))

    assert counts(product) == told(product) == (10, 10, 0)


def test_K4_looking_first_releases_twice(monkeypatch):
    """The negative control: what others hold is given away."""
    product, buyers, meet = stocked(20), addresses(2), meeting(2)
    item = buy(buyers[0], (product, 2)).items.get()
    buy(buyers[1], (product, 10))

    def naive(items, movement, **signs):
        item, by = items[0], {name: sign * items[0].quantity for name, sign in signs.items()}
        known = StockMovement.objects.filter(order_item=item, movement=movement).exists()
        meet()
        if not known:
            move = partial(stock._move, Product.objects.filter(pk=item.target_id))
            move(StockMovement(product=product, movement=movement, quantity=2), **by)

    monkeypatch.setattr(stock, "_once", naive)
    together(2, lambda i: ProductPayable().release([item], expired=False))

    assert counts(product) == (12, 8, 0)
