"""/order over HTTP."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from commerce.models import Order
from tests.commerce.books import nothing_changes
from tests.commerce.payable import KIND
from tests.factories.accounts import UserFactory
from tests.factories.commerce import TagFactory, pay, place
from tests.helpers import data, refusal

pytestmark = pytest.mark.django_db


def items(*tags, **extra):
    return {"items": [{"kind": KIND, "target_id": tag.pk, **extra} for tag in tags]}


def test_placing_an_order(api, user):
    tag = TagFactory(name="焦虑")

    order = data(api.post("/order", items(tag)), 201)

    row = Order.objects.get()
    assert set(order) == {
        "id", "order_number", "status", "total_amount", "refunded_amount", "ordered_at",
        "expires_at", "paid_at", "completed_at", "merchant_id", "delivery_address", "remark",
        "items", "fulfilment", "handed_over_at", "confirm_by",
    }  # fmt: skip
    assert (order["merchant_id"], order["delivery_address"], order["remark"]) == (None, None, "")
    assert (order["id"], order["order_number"], order["status"]) == (row.pk, row.number, "pending")
    assert (order["total_amount"], order["paid_at"]) == (120.0, None)
    assert order["ordered_at"].endswith("Z")
    item = order["items"][0]
    del item["id"]
    assert item == {
        "kind": KIND, "target_id": tag.pk, "title": "焦虑", "image_url": "", "unit_price": 120.0,
        "quantity": 1, "amount": 120.0,
    }  # fmt: skip


def test_money_on_the_wire_has_two_decimals(api):
    body = api.post("/order", items(TagFactory(sort_order=100000))).content

    assert b'"total_amount":1000.00' in body


@pytest.mark.parametrize("extra", [
    {"price": 0.01}, {"unit_price": 0.01}, {"amount": 0.01}, {"total_amount": 0.01},
    {"status": "paid"}, {"user_id": 1},
])  # fmt: skip
def test_M12_prices_states_and_owners_of_clients_mean_nothing(api, user, extra):
    tag = TagFactory()

    order = data(api.post("/order", items(tag, **extra) | extra), 201)

    row = Order.objects.get()
    assert (row.user, row.status, row.total_amount) == (user, "pending", Decimal("120.00"))
    assert order["items"][0]["unit_price"] == 120.0


BAD = {
    "nothing": {},
    "no items": {"items": []},
    "items as text": {"items": "tag"},
    "too many": {"items": [{"kind": KIND, "target_id": n + 1} for n in range(21)]},
    "quantity zero": {"items": [{"kind": KIND, "target_id": 1, "quantity": 0}]},
    "quantity below": {"items": [{"kind": KIND, "target_id": 1, "quantity": -1}]},
    "quantity beyond": {"items": [{"kind": KIND, "target_id": 1, "quantity": 2147483648}]},
    "id beyond": {"items": [{"kind": KIND, "target_id": 2**63}]},
    "options as list": {"items": [{"kind": KIND, "target_id": 1, "options": [1]}]},
    "price as words": {"items": [{"kind": KIND, "target_id": 1, "expected_price": "1_0"}]},
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_bodies_of_the_wrong_shape(api, body):
    with nothing_changes():
        assert refusal(api.post("/order", body)) == (400, 10400)


def test_refusals_keep_their_code_and_write_nothing(api):
    taken, dear = TagFactory(is_active=False), TagFactory()
    with nothing_changes():
        assert refusal(api.post("/order", items(taken))) == (409, 99001)
        assert refusal(api.post("/order", items(dear, dear))) == (422, 14002)
        assert refusal(api.post("/order", {"items": [{"kind": "x", "target_id": 1}]})) == (
            422,
            14001,
        )
        response = api.post("/order", items(dear, expected_price=100))
    assert refusal(response) == (409, 14013)
    assert response.json()["data"] == {"price": 120.0}


def test_M16_the_same_key_is_the_same_order(api):
    tag = TagFactory()
    first = api.post("/order", items(tag), key="order-key-1")

    with nothing_changes():
        second = api.post("/order", items(tag), key="order-key-1")
        other = api.post("/order", items(TagFactory.build(pk=9)), key="order-key-1")

    assert second.content == first.content
    assert second.status_code == 201
    assert refusal(other) == (422, 11008)


def test_nobody_orders_without_logging_in(anonymous):
    with nothing_changes():
        for call in (anonymous.get, anonymous.post):
            assert refusal(call("/order")) == (401, 10401)


def test_the_list_is_ones_own_and_costs_the_same_at_any_size(api, user, django_assert_num_queries):
    for _ in range(3):
        place(user)
    place(UserFactory())
    api.get("/order")

    for size in (1, 3):
        with django_assert_num_queries(3):  # count, page, items
            page = data(api.get("/order", {"size": size}))
        assert (len(page["list"]), page["pagination"]["total"]) == (size, 3)


def test_filters_and_order(api, user):
    old, paid, new = (place(user, TagFactory(sort_order=price)) for price in (300, 100, 200))
    pay(paid)
    Order.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()

    def ids(**query):
        return [row["id"] for row in data(api.get("/order", query))["list"]]

    assert ids() == [new.pk, paid.pk, old.pk]
    assert ids(status="paid") == [paid.pk]
    assert ids(kind=KIND, ordering="-total_amount") == [old.pk, new.pk, paid.pk]
    assert ids(kind="appointment") == []
    assert ids(created_before=yesterday) == [old.pk]
    assert ids(created_after=yesterday) == [new.pk, paid.pk]
    assert refusal(api.get("/order", {"status": "gone"})) == (400, 10400)


def test_reading_one_costs_two_statements(api, user, django_assert_num_queries):
    order = place(user)
    api.get("/order")

    with django_assert_num_queries(2):
        assert data(api.get(f"/order/{order.pk}"))["order_number"] == order.number


def test_cancelling(api, user):
    order = place(user)

    assert data(api.post(f"/order/{order.pk}/cancel"))["status"] == "cancelled"
    with nothing_changes():
        assert refusal(api.post(f"/order/{order.pk}/cancel")) == (409, 10409)


def test_a_paid_order_is_cancelled_elsewhere(api, user):
    order = place(user)
    pay(order)

    with nothing_changes():
        assert refusal(api.post(f"/order/{order.pk}/cancel")) == (409, 14012)


def test_a_strangers_order_does_not_exist(api):
    order = place(UserFactory())

    with nothing_changes():
        assert refusal(api.get(f"/order/{order.pk}")) == (404, 10404)
        assert refusal(api.post(f"/order/{order.pk}/cancel")) == (404, 10404)


def test_orders_are_not_changed_directly(api, user):
    order = place(user)

    with nothing_changes():
        for method in (api.put, api.patch):
            response = method(f"/order/{order.pk}", {"status": "paid"})
            assert refusal(response) == (405, 10405)
