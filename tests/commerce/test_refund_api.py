"""/refund over HTTP."""

import pytest

from commerce.models import Refund
from commerce.services.refunds import open_refund
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import pay, place
from tests.helpers import data, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def bought(user):
    order = place(user)
    pay(order)
    order.refresh_from_db()
    return order


def body(order, **extra):
    return {"order_id": order.pk, "reason_code": "service", "reason": "未到场"} | extra


def test_asking(api, bought):
    answer = data(api.post("/refund", body(bought)), 201)

    refund = Refund.objects.get()
    assert set(answer) == {
        "id", "refund_number", "order_id", "order_number", "amount", "status", "reason_code",
        "reason", "review_note", "requested_at", "succeeded_at",
    }  # fmt: skip
    assert (answer["id"], answer["refund_number"]) == (refund.pk, refund.number)
    assert (answer["amount"], answer["status"]) == (120.0, "requested")
    assert (answer["order_number"], answer["reason"]) == (bought.number, "未到场")


def test_M12_an_amount_or_state_of_the_client_means_nothing(api, bought):
    extra = {"amount": 9999, "status": "approved", "key": "x", "closes_order": False}

    answer = data(api.post("/refund", body(bought, **extra)), 201)

    assert (answer["amount"], answer["status"]) == (120.0, "requested")
    assert Refund.objects.get().closes_order is True


@pytest.mark.parametrize("change", [{"reason_code": "late"}, {"reason_code": ""},
                                    {"reason": "长" * 201}, {"order_id": None}])  # fmt: skip
def test_bodies_of_the_wrong_shape(api, bought, change):
    with nothing_changes():
        assert refusal(api.post("/refund", body(bought, **change))) == (400, 10400)


def test_M16_the_same_key_is_the_same_request(api, bought):
    first = api.post("/refund", body(bought), key="refund-key-1")

    with nothing_changes():
        assert api.post("/refund", body(bought), key="refund-key-1").content == first.content


def test_what_cannot_be_refunded(api, user):
    order = place(user)
    with nothing_changes():
        assert refusal(api.post("/refund", body(order))) == (409, 14010)


def test_a_strangers_order_does_not_exist(api):
    order = place(UserFactory())
    pay(order)

    with nothing_changes():
        assert refusal(api.post("/refund", body(order))) == (404, 10404)
        by_number = {"order_number": order.number, "reason_code": "other"}
        assert refusal(api.post("/refund", by_number)) == (404, 10404)


def test_the_list_is_ones_own_and_costs_the_same_at_any_size(api, user, django_assert_num_queries):
    refunds = []
    for owner in (user, user, user, UserFactory()):
        order = place(owner)
        payment = pay(order)
        refunds.append(
            open_refund(payment, amount=payment.amount, key="cancel", reason_code="cancelled")
        )
    api.get("/refund")

    for size in (1, 3):
        with django_assert_num_queries(2):  # count, page
            page = data(api.get("/refund", {"size": size}))
        assert (len(page["list"]), page["pagination"]["total"]) == (size, 3)
    only = data(api.get("/refund", {"order_id": refunds[1].order_id}))["list"]
    assert [row["id"] for row in only] == [refunds[1].pk]
    assert data(api.get("/refund", {"status": "succeeded"}))["list"] == []
    assert data(api.get(f"/refund/{refunds[0].pk}"))["amount"] == 120.0
    assert refusal(api.get(f"/refund/{refunds[3].pk}")) == (404, 10404)


def test_nobody_asks_without_logging_in(anonymous):
    for call in (anonymous.get, anonymous.post):
        assert refusal(call("/refund")) == (401, 10401)
