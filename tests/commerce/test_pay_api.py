"""/pay over HTTP: from the button to the money."""

import pytest

from commerce.models import Order, Payment
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, payer, place
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db


def pay(api, order, **extra):
    return api.post("/pay", {"order_id": order.pk, "method": "wechat"}, **extra)


def test_from_the_button_to_the_money(api, order, world, callback):
    answer = data(pay(api, order), 201)
    person = world.personas()[0]["id"]
    result = world.request_payment(
        answer["client_parameters"] | {"appId": answer["app_id"]}, persona=person, notify="hold"
    )
    response = callback(world.notice(answer["payment"]["number"]))

    assert result["errMsg"] == "requestPayment:ok"
    assert (response.status_code, response.content) == (204, b"")
    payment = Payment.objects.get()
    order.refresh_from_db()
    assert (payment.status, order.status, order.paid_by) == ("succeeded", "paid", payment)
    assert data(api.get(f"/pay/{payment.number}"))["order_status"] == "paid"


def test_the_answer(api, order, world):
    answer = data(pay(api, order), 201)

    payment = Payment.objects.get()
    assert set(answer) == {"payment", "app_id", "client_parameters"}
    assert answer["payment"]["number"] == payment.number
    assert answer["payment"]["order_number"] == order.number
    assert (answer["payment"]["amount"], answer["payment"]["status"]) == (120.0, "pending")
    secret = {"payer", "prepay_id", "transaction_id"}
    assert not secret & set(answer["payment"])


def test_the_order_may_be_named_by_its_number(api, order, world):
    by_number = {"order_number": order.number}

    assert data(api.post("/pay", by_number), 201)["payment"]["order_id"] == order.pk


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"order_id": "x"},
        {"order_id": 1, "order_number": "ORD"},
        {"order_id": 0},
        {"order_id": 1, "method": ["wechat"]},
    ],
)
def test_bodies_of_the_wrong_shape(api, body):
    assert refusal(api.post("/pay", body)) == (400, 10400)


def test_M12_an_amount_of_the_client_means_nothing(api, order, world):
    body = {"order_id": order.pk, "amount": 0.01, "status": "succeeded", "payer": "me"}

    assert data(api.post("/pay", body), 201)["payment"]["amount"] == 120.0
    assert world.trades()[0]["total"] == 12000


def test_repeating_it_is_the_same_attempt(api, order, world):
    first = data(pay(api, order), 201)
    second = data(pay(api, order), 201)

    assert second["payment"] == first["payment"]
    package = first["client_parameters"]["package"]
    assert second["client_parameters"]["package"] == package


def test_M16_the_same_key_is_the_same_answer(api, order, world):
    first = pay(api, order, key="pay-key-1")

    assert pay(api, order, key="pay-key-1").content == first.content


def test_M16_an_answer_that_failed_is_not_kept(api, order, world):
    world.fault("drop", "wxpay", "jsapi")
    lost = pay(api, order, key="pay-key-1")
    assert refusal(lost) == (503, 14006)
    assert lost["Retry-After"] == "1"

    assert pay(api, order, key="pay-key-1").status_code == 201


def test_refusals(api, order, world, user):
    with nothing_changes():
        response = api.post("/pay", {"order_id": order.pk, "method": "cowries"})
        assert refusal(response) == (422, 14004)
    user.wechat_identities.all().delete()
    with nothing_changes():
        assert refusal(pay(api, order)) == (422, 14005)


def test_a_strangers_order_and_attempt_do_not_exist(order, attempt, world):
    stranger = UserFactory()
    payer(world, stranger)
    api = Api(stranger)

    with nothing_changes():
        assert refusal(pay(api, order)) == (404, 10404)
        assert refusal(api.post("/pay", {"order_number": order.number})) == (404, 10404)
        assert refusal(api.get(f"/pay/{attempt.pk}")) == (404, 10404)
        assert refusal(api.get(f"/pay/{attempt.number}")) == (404, 10404)


def test_looking_asks_the_provider(api, attempt, world):
    world.pay(attempt.number, notify="hold")

    answer = data(api.get(f"/pay/{attempt.pk}"))

    assert (answer["status"], answer["order_status"]) == ("succeeded", "paid")
    assert Order.objects.get().status == "paid"


def test_looking_often_asks_the_provider_once_a_second(api, attempt, world):
    world.fault("drop", "wxpay", "query", times=9)
    for _ in range(3):
        assert data(api.get(f"/pay/{attempt.pk}"))["status"] == "pending"
    assert world.faults()[0]["hits"] == 1


def test_looking_at_an_attempt_while_the_provider_is_away(api, user):
    attempt = AttemptFactory(place(user), status="succeeded")

    assert data(api.get(f"/pay/{attempt.pk}"))["status"] == "succeeded"


def test_nobody_pays_without_logging_in(anonymous):
    assert refusal(anonymous.post("/pay", {"order_id": 1})) == (401, 10401)
    assert refusal(anonymous.get("/pay/1")) == (401, 10401)


def test_there_is_no_list_of_attempts(api):
    assert refusal(api.get("/pay")) == (405, 10405)
