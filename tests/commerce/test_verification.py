"""On the spot: codes that nobody guesses, taken once by those whose order it is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection

from accounts.models import Notification
from commerce.models import Order, VerificationCode
from commerce.services.codes import check_digit, normal_code
from commerce.services.refunds import request_refund
from commerce.services.verification import GUESSES_PER_HOUR
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MerchantFactory, place, sold
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def order(user):
    return sold("verification", user=user)


@pytest.fixture
def shop(order):
    return Api(order.merchant.user)


@pytest.fixture
def code(order):
    return order.verification_code.code


def verify(client, code):
    return client.post("/merchants/orders/verify", {"code": code})


def wrong_codes(right: str, count: int) -> list[str]:
    """Well formed, and not the right one."""
    bodies = (f"{n:011}" for n in range(count + 1))
    return [body + check_digit(body) for body in bodies if body + check_digit(body) != right][
        :count
    ]


def unused(order) -> bool:
    order.refresh_from_db()
    return order.status == "paid" and VerificationCode.objects.get(order=order).used_at is None


# -- the code


def test_the_check_digit_tells_any_one_wrong_digit():
    code = "12345678901" + check_digit("12345678901")
    assert normal_code(f" {code[:4]} {code[4:8]}-{code[8:]} ") == code
    slips = [code[:i] + d + code[i + 1 :] for i in range(12) for d in "0123456789" if d != code[i]]
    assert [slip for slip in slips if normal_code(slip)] == []
    for other in ("", "1234", code + "0", code[:-1] + "x", "１" * 12):
        assert normal_code(other) is None


def test_the_buyer_sees_it_once_it_is_paid_and_nobody_else(api, user, order, code, shop, staff):
    assert data(api.get(f"/order/{order.pk}"))["verification_code"] == code
    assert normal_code(code) == code
    for client in (shop, Api(staff("customer_service"))):
        assert code not in client.get(f"/merchants/orders/{order.pk}").content.decode()
    assert code not in api.get("/order").content.decode()
    assert code not in str(list(Notification.objects.values_list("body", "context")))
    waiting = place(user)
    Order.objects.filter(pk=waiting.pk).update(fulfilment="verification")
    assert data(api.get(f"/order/{waiting.pk}"))["verification_code"] is None
    assert not VerificationCode.objects.filter(order=waiting).exists()


def test_P3_it_is_sealed_at_rest(order, code):
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM commerce_verificationcode")
        (stored,) = cursor.fetchone()
    assert code not in stored


# -- taking it


def test_the_till_takes_it(shop, order, code, api, user):
    answer = data(verify(shop, f"{code[:4]} {code[4:8]} {code[8:]}"))

    assert (answer["id"], answer["status"]) == (order.pk, "verified")
    row = VerificationCode.objects.get(order=order)
    assert row.used_by == order.merchant.user
    assert row.used_at is not None
    assert data(api.get(f"/order/{order.pk}"))["verification_code"] is None
    assert Notification.objects.filter(user=user, template="order_verified").count() == 1


def test_a_second_time_is_refused_and_changes_nothing(shop, order, code):
    data(verify(shop, code))
    first = VerificationCode.objects.get(order=order).used_at

    assert refusal(verify(shop, code)) == (409, 14048)
    assert VerificationCode.objects.get(order=order).used_at == first


def test_staff_take_any_and_another_merchant_none(order, code, staff, api):
    for client in (Api(MerchantFactory(status="approved").user), Api(UserFactory()), api):
        assert refusal(verify(client, code)) == (404, 14047)
    assert refusal(verify(Api(staff("content_manager")), code)) == (404, 14047)
    assert Api().post("/merchants/orders/verify", {"code": code}).status_code == 401
    assert unused(order)
    assert data(verify(Api(staff("customer_service")), code))["status"] == "verified"


@pytest.mark.parametrize("status", ["completed", "cancelled", "refunding", "refunded"])
def test_only_what_is_paid(shop, order, code, status):
    Order.objects.filter(pk=order.pk).update(status=status)
    assert refusal(verify(shop, code)) == (409, 14049)
    assert VerificationCode.objects.get(order=order).used_at is None


def test_not_while_its_buyer_wants_the_money_back(shop, order, code, user):
    request_refund(order.pk, user=user, reason_code="other")
    assert refusal(verify(shop, code)) == (409, 14045)
    assert unused(order)


# -- guessing


@time_machine.travel(NOON, tick=False)
def test_an_hour_has_so_many_guesses_and_no_more(shop, order, code):
    answers = [verify(shop, guess) for guess in wrong_codes(code, GUESSES_PER_HOUR)]
    assert {refusal(answer) for answer in answers} == {(404, 14047)}

    locked = verify(shop, code)

    assert refusal(locked) == (429, 14050)
    assert locked.headers["Retry-After"] == "3600"
    assert unused(order)
    with time_machine.travel(NOON.replace(hour=13)):
        assert data(verify(Api(order.merchant.user), code))["status"] == "verified"


@time_machine.travel(NOON, tick=False)
def test_slips_and_right_codes_are_no_guesses(shop, order, code):
    for _ in range(GUESSES_PER_HOUR + 1):
        slip = code[:-1] + str((int(code[-1]) + 1) % 10)
        assert refusal(verify(shop, slip)) == (422, 14046)
    data(verify(shop, code))
    for _ in range(GUESSES_PER_HOUR):
        assert refusal(verify(shop, code)) == (409, 14048)
    assert refusal(verify(shop, wrong_codes(code, 1)[0])) == (404, 14047)
