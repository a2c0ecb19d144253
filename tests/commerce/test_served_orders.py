"""The merchant's side of orders: what they list, find and see."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commerce.models import Order
from commerce.services.merchants import suspend_merchant
from commerce.services.shipping import Parcel, ship_order
from config.errors import NotFound
from tests.commerce.payable import KIND
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MerchantFactory, place, sold
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return sold("shipping")


@pytest.fixture
def shop(order):
    return Api(order.merchant.user)


def listed(client, query="") -> list[int]:
    return [row["id"] for row in data(client.get(f"/merchants/orders{query}"))["list"]]


def test_the_list_field_by_field(shop, order):
    (row,) = data(shop.get("/merchants/orders"))["list"]

    assert (row["ordered_at"][-1], row["paid_at"][-1]) == ("Z", "Z")
    item = order.items.get()
    assert row | {"ordered_at": "", "paid_at": ""} == {
        "id": order.pk, "user_id": order.user_id, "order_number": order.number,
        "total_amount": 120.0, "status": "paid", "ordered_at": "",
        "merchant_id": order.merchant_id, "refunded_amount": 0.0, "fulfilment": "shipping",
        "paid_at": "", "handed_over_at": None, "completed_at": None,
        "items": [
            {"id": item.pk, "kind": KIND, "target_id": item.target_id, "title": item.title,
             "image_url": "", "unit_price": 120.0, "quantity": 1, "amount": 120.0},
        ],
    }  # fmt: skip


def test_one_page_has_the_contracts_shape(shop, order):
    answer = data(shop.get("/merchants/orders?page=1&size=5&status=paid"))
    assert answer["pagination"] == {"page": 1, "size": 5, "total": 1}


def test_each_sees_those_they_serve(shop, order, staff):
    other, ours = sold("shipping"), place(UserFactory())

    assert listed(shop) == [order.pk]
    assert listed(Api(other.merchant.user)) == [other.pk]
    assert listed(Api(order.user)) == []
    assert listed(Api(UserFactory())) == []
    assert listed(Api(staff("content_manager"))) == []
    assert listed(Api(staff("customer_service"))) == [ours.pk, other.pk, order.pk]
    assert Api().get("/merchants/orders").status_code == 401


def test_filters(shop, order):
    later = sold("verification", merchant=order.merchant)
    waiting = place(UserFactory())
    Order.objects.filter(pk=waiting.pk).update(merchant=order.merchant)
    Order.objects.filter(pk=later.pk).update(created_at=timezone.now() + timedelta(hours=1))
    moment = (timezone.now() + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert listed(shop, "?status=pending") == [waiting.pk]
    assert listed(shop, f"?kind={KIND}") == [waiting.pk, later.pk, order.pk]
    assert listed(shop, "?kind=appointment") == []
    assert listed(shop, f"?created_after={moment}") == [later.pk]
    assert listed(shop, f"?created_before={moment}") == [waiting.pk, order.pk]
    assert listed(shop, f"?order_number={later.number}") == [later.pk]
    assert shop.get("/merchants/orders?status=lost").status_code == 400


def test_the_buyers_own_list_is_found_by_number_too(order):
    other = place(order.user)
    client = Api(order.user)
    rows = data(client.get(f"/order?order_number={other.number}"))["list"]
    assert [row["id"] for row in rows] == [other.pk]


def test_the_address_is_whole_only_while_there_is_something_to_send(shop, order):
    path = f"/merchants/orders/{order.number}"
    whole = {
        "receiver": "周小舟", "phone": "13733334444", "region": "浙江省 杭州市 西湖区",
        "detail": "文三路 1 号",
    }  # fmt: skip
    answer = data(shop.get(path))
    assert (answer["delivery_address"], answer["remark"]) == (whole, "请放门口")

    ship_order(order.pk, actor=order.merchant.user, parcels=[Parcel("SF", "SF1234567890")])

    masked = {
        "receiver": "周**",
        "phone": "137****4444",
        "region": whole["region"],
        "detail": "***",
    }
    assert data(shop.get(path))["delivery_address"] == masked
    assert "13733334444" not in shop.get("/merchants/orders").content.decode()


def test_strangers_find_nothing(order, staff):
    rival = Api(MerchantFactory(status="approved").user)
    for client in (rival, Api(order.user), Api(UserFactory()), Api(staff("content_manager"))):
        for name in (order.pk, order.number):
            assert refusal(client.get(f"/merchants/orders/{name}")) == (404, NotFound.code)
    assert refusal(Api(order.merchant.user).get("/merchants/orders/999999")) == (404, NotFound.code)


def test_a_suspended_merchant_still_sees_what_was_sold(shop, order, staff):
    suspend_merchant(order.merchant_id, actor=staff("admin"), reason="投诉")
    assert listed(shop) == [order.pk]


def test_words_to_oneself(shop, order):
    answer = data(shop.put(f"/merchants/orders/{order.pk}/note", {"note": "老客户，多送一枝"}))

    assert answer["merchant_note"] == "老客户，多送一枝"
    assert "老客户" not in Api(order.user).get(f"/order/{order.pk}").content.decode()
    rival = Api(MerchantFactory().user)
    path = f"/merchants/orders/{order.pk}/note"
    assert refusal(rival.put(path, {"note": "x"})) == (404, NotFound.code)
    assert shop.put(path, {"note": "长" * 201}).status_code == 400
    assert Order.objects.get().merchant_note == "老客户，多送一枝"


def test_the_list_asks_no_more_for_more(shop, order):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            listed(shop)
        return len(asked)

    listed(shop)
    few = statements()
    for _ in range(5):
        sold("shipping", merchant=order.merchant)
    assert statements() == few
