"""Stock: what is free, held and sold is what came in, whatever happens to orders."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from accounts.models import Notification
from commerce.errors import OutOfStock
from commerce.models import Order, Product, StockMovement
from commerce.payables import Want
from commerce.services import stock
from commerce.services.goods import ProductPayable
from commerce.services.orders import cancel_order, expire_order, place_order
from commerce.services.refunds import conclude_refund, open_refund
from commerce.services.shipping import Parcel, ship_order
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import (
    AddressFactory,
    MerchantFactory,
    ProductFactory,
    order_goods,
    pay,
)
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def roses():
    return ProductFactory(name="玫瑰", price="10.00", stock=10)


@pytest.fixture
def buyer(api, user):
    """The address of whoever is behind `api`."""
    return AddressFactory(user=user)


def body(address, *lines, **extra) -> dict:
    items = [{"kind": "product", "target_id": pk, "quantity": pieces} for pk, pieces in lines]
    return {"items": items, "address_id": address.pk} | extra


def counts(product) -> tuple[int, int, int, int]:
    """(free, held, sold, total); also says that the history adds up to them."""
    row = Product.objects.get(pk=product.pk)
    sums = dict(
        StockMovement.objects.filter(product=product).order_by()
        .values_list("movement").annotate(Sum("quantity"))
    )  # fmt: skip
    of = lambda name: sums.get(name, 0)  # noqa: E731
    assert row.held == of("reserve") - of("release") - of("sell")
    assert row.sold == of("sell") - of("return")
    return row.stock, row.held, row.sold, row.total


def expire(order: Order) -> bool:
    return expire_order(order.pk, now=order.expires_at + timedelta(seconds=1))


def refund(order: Order) -> None:
    """All of it goes back, and the provider did it."""
    order.refresh_from_db()
    row = open_refund(order.paid_by, amount=order.paid_by.amount, key="cancel", reason_code="other")
    type(row).objects.filter(pk=row.pk).update(status="succeeded")
    conclude_refund(row)


def test_an_order_holds_pieces_and_payment_sells_them(api, user, buyer, roses):
    order = data(api.post("/order", body(buyer, (roses.pk, 3))), 201)

    assert (order["total_amount"], order["merchant_id"]) == (30.0, roses.merchant_id)
    assert order["items"][0]["title"] == "玫瑰"
    assert counts(roses) == (7, 3, 0, 10)

    row = Order.objects.get()
    pay(row)
    assert counts(roses) == (7, 0, 3, 10)
    told = Notification.objects.order_by("pk").values_list("template", "user")
    assert set(told) == {
        ("order_paid", user.pk), ("merchant_order_paid", roses.merchant.user_id),
    }  # fmt: skip


def test_several_goods_are_told_of_once(user):
    merchant = MerchantFactory(status="approved")
    goods = ProductFactory.create_batch(3, merchant=merchant)

    order = order_goods(user, *((one, 1) for one in goods))
    pay(order)

    assert Notification.objects.filter(template="merchant_order_paid").count() == 1
    assert Notification.objects.filter(template="order_paid", channel="in_app").count() == 1


@pytest.mark.parametrize("end", ["cancel", "expire"])
def test_K4_an_unpaid_order_gives_them_back_once(user, roses, end):
    order = order_goods(user, (roses, 4))
    assert counts(roses) == (6, 4, 0, 10)

    if end == "cancel":
        cancel_order(order.pk, actor=user)
    else:
        assert expire(order)

    assert counts(roses) == (10, 0, 0, 10)
    item = order.items.get()
    for _ in range(3):
        ProductPayable().release([item], expired=False)
    assert counts(roses) == (10, 0, 0, 10)
    assert StockMovement.objects.filter(movement="release").count() == 1


def test_K4_without_its_row_a_release_would_happen_again(user, roses, monkeypatch):
    """The negative control: others' held pieces would be freed."""
    order_goods(UserFactory(), (roses, 5))
    order = order_goods(user, (roses, 2))
    cancel_order(order.pk, actor=user)
    assert counts(roses) == (5, 5, 0, 10)

    monkeypatch.setattr(stock, "insert_all", lambda rows: rows)
    ProductPayable().release([order.items.get()], expired=False)

    assert Product.objects.get(pk=roses.pk).stock == 7


def test_a_refund_before_anything_was_sent_gives_them_back(user, roses):
    order = order_goods(user, (roses, 2))
    pay(order)

    refund(order)

    assert Order.objects.get().status == "refunded"
    assert counts(roses) == (10, 0, 0, 10)
    ProductPayable().revoke(Order.objects.get().items.get())
    assert counts(roses) == (10, 0, 0, 10)


def test_a_refund_of_what_was_sent_gives_nothing_back(user, roses):
    order = order_goods(user, (roses, 2))
    pay(order)
    parcel = Parcel("SF", "SF1234567890")
    ship_order(order.pk, parcels=[parcel], actor=roses.merchant.user)

    refund(order)

    assert Order.objects.get().status == "refunded"
    assert counts(roses) == (8, 0, 2, 10)


def test_too_few_pieces(api, buyer, roses):
    with nothing_changes():
        assert refusal(api.post("/order", body(buyer, (roses.pk, 11)))) == (409, 14025)
    assert counts(roses) == (10, 0, 0, 10)

    data(api.post("/order", body(buyer, (roses.pk, 10))), 201)
    assert refusal(api.post("/order", body(buyer, (roses.pk, 1)))) == (409, 14025)


def test_one_line_too_few_keeps_nothing_of_the_others(api, buyer, roses):
    tulips = ProductFactory(merchant=roses.merchant, stock=1)

    with nothing_changes():
        answer = api.post("/order", body(buyer, (roses.pk, 3), (tulips.pk, 2)))
        assert refusal(answer) == (409, 14025)

    assert (counts(roses), counts(tulips)) == ((10, 0, 0, 10), (1, 0, 0, 1))
    assert StockMovement.objects.count() == 0


# K-3: (pieces per line, by product) against ten pieces of each of two.
SHAPES = [
    [(a, first), (b, second), *([(c, third)] if third else [])]
    for a, b, c in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 0, 1))
    for first, second, third in (
        (1, 1, 0), (6, 6, 0), (10, 1, 0), (5, 5, 1), (10, 10, 0), (9, 1, 1), (10, 10, 10),
        (3, 8, 3), (11, 1, 0), (1, 999, 1),
    )
]  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_K3_one_product_on_two_lines_is_refused_never_oversold(api, buyer, roses, shape):
    """A piece more is a quantity more: lines of one product might carry different prices."""
    goods = [roses, ProductFactory(merchant=roses.merchant, stock=10)]
    lines = [(goods[which].pk, pieces) for which, pieces in shape]
    repeated = len({pk for pk, _ in lines}) < len(lines)
    enough = all(pieces <= 10 for _, pieces in shape)

    answer = api.post("/order", body(buyer, *lines))

    if repeated:
        assert refusal(answer) == (422, 14002)
    elif not enough:
        assert refusal(answer) == (409, 14025)
    else:
        assert answer.status_code == 201
    taken = dict(lines) if answer.status_code == 201 else {}
    for product in goods:
        held = taken.get(product.pk, 0)
        assert counts(product) == (10 - held, held, 0, 10)


def test_K1_what_the_condition_lets_through_the_check_refuses(user, roses, monkeypatch):
    """The second net: without `stock >= n` the database still answers, as 409."""
    real = stock._move
    monkeypatch.setattr(
        stock, "_move",
        lambda rows, row, **by: real(Product.objects.filter(pk=row.product_id), row, **by),
    )  # fmt: skip

    with nothing_changes(), pytest.raises(OutOfStock):
        order_goods(user, (roses, 11), address=AddressFactory(user=user))

    assert counts(roses) == (10, 0, 0, 10)


@pytest.mark.parametrize("wrong", [
    {"stock": -1}, {"held": -1}, {"sold": -1}, {"stock": 11}, {"total": 9}, {"held": 1},
])  # fmt: skip
def test_K1_the_database_keeps_the_sum(roses, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Product.objects.filter(pk=roses.pk).update(**wrong)


def test_a_limit_per_order(api, buyer, roses):
    Product.objects.update(max_per_order=2)

    with nothing_changes():
        answer = api.post("/order", body(buyer, (roses.pk, 3)))
        assert refusal(answer) == (422, 14026)
    assert answer.json()["data"] == {"product_id": roses.pk, "most": 2}
    data(api.post("/order", body(buyer, (roses.pk, 2))), 201)


@pytest.mark.parametrize("quantity", [0, -1, 1000, 2**31, "x"])
def test_M12_quantities_that_are_none(api, buyer, roses, quantity):
    with nothing_changes():
        assert api.post("/order", body(buyer, (roses.pk, quantity))).status_code == 400
    assert counts(roses) == (10, 0, 0, 10)


def test_M12_another_price_than_the_buyer_saw(api, buyer, roses):
    asked = body(buyer, (roses.pk, 1))
    asked["items"][0]["expected_price"] = "9.00"

    with nothing_changes():
        answer = api.post("/order", asked)
        assert refusal(answer) == (409, 14013)
    assert answer.json()["data"] == {"price": 10.0}
    asked["items"][0]["expected_price"] = "10.00"
    data(api.post("/order", asked), 201)


@pytest.mark.parametrize(("change", "code"), [
    ({"price": "12.00"}, 14013), ({"status": "off_sale"}, 14024), ({"archived_at": "now"}, 14024),
])  # fmt: skip
def test_M12_what_changes_while_the_order_is_placed_refuses_it(
    user, roses, monkeypatch, change, code
):
    """Between quote() and reserve(), which holds at the price that was quoted or not at all."""
    address = AddressFactory(user=user)
    if "archived_at" in change:
        change = {"archived_at": roses.created_at}
    quote = ProductPayable.quote

    def then_changes(self, user, want):
        offer = quote(self, user, want)
        Product.objects.filter(pk=roses.pk).update(**change)
        return offer

    monkeypatch.setattr(ProductPayable, "quote", then_changes)
    from config.errors import DomainError

    with pytest.raises(DomainError) as refused:
        place_order(user=user, wants=[Want("product", roses.pk)], address_id=address.pk)

    assert refused.value.code == code
    assert Order.objects.count() == StockMovement.objects.count() == 0


def test_goods_that_are_fetched_need_no_address(api, user):
    goods = ProductFactory(needs_address=False)

    order = data(api.post("/order", {"items": [{"kind": "product", "target_id": goods.pk}]}), 201)

    assert order["delivery_address"] is None
    assert order["fulfilment"] == "verification"


def test_goods_of_two_merchants_are_two_orders(api, buyer, roses):
    honey = ProductFactory()

    with nothing_changes():
        answer = api.post("/order", body(buyer, (roses.pk, 1), (honey.pk, 1)))
        assert refusal(answer) == (422, 14020)
    assert (counts(roses), counts(honey)) == ((10, 0, 0, 10), (10, 0, 0, 10))


def test_a_merchant_puts_pieces_in_and_takes_them_out(roses):
    owner = Api(roses.merchant.user)
    path = f"/merchants/products/{roses.pk}"

    more = data(owner.post(f"{path}/stock", {"change": 5, "note": "补货"}))
    assert (more["stock"], more["total"]) == (15, 15)
    less = data(owner.post(f"{path}/stock", {"change": -3}))
    assert (less["stock"], less["total"]) == (12, 12)
    assert refusal(owner.post(f"{path}/stock", {"change": -13})) == (409, 14025)
    assert refusal(owner.post(f"{path}/stock", {"change": 0})) == (400, 10400)

    buyer = UserFactory()
    order = order_goods(buyer, (roses, 2))
    page = data(owner.get(f"{path}/movements"))["list"]
    assert [(row["movement"], row["quantity"], row["order_id"], row["note"]) for row in page] == [
        ("reserve", 2, order.pk, ""), ("adjust", -3, None, ""), ("adjust", 5, None, "补货"),
    ]  # fmt: skip
    assert StockMovement.objects.filter(movement="adjust").first().actor == roses.merchant.user


def test_what_is_held_cannot_be_taken_out(user, roses):
    order_goods(user, (roses, 8))
    owner = Api(roses.merchant.user)

    assert refusal(owner.post(f"/merchants/products/{roses.pk}/stock", {"change": -3})) == (
        409, 14025,
    )  # fmt: skip
    assert counts(roses) == (2, 8, 0, 10)


def test_stock_in_a_body_that_is_no_order_changes_nothing(roses):
    owner = Api(roses.merchant.user)

    data(owner.patch(
        f"/merchants/products/{roses.pk}", {"stock": 999, "sold": 999, "held": 9, "total": 999}
    ))  # fmt: skip

    assert counts(roses) == (10, 0, 0, 10)
