"""Money that staff take in and give back by hand: a payment and a refund like any other."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from commerce import errors
from commerce.models import OfflineRecord, Order, Payment, Refund
from commerce.services.ledger_check import balances, flaws
from commerce.services.offline import (
    confirm_offline,
    pay_back_by_hand,
    receive_offline,
    refuse_offline,
)
from commerce.services.payments import settle
from commerce.services.refund_review import approve_refund
from commerce.services.refunds import request_refund
from commerce.tasks import expire_orders, query_pending_payments, send_refunds
from config.errors import IllegalTransition
from content.models import DiseaseTag
from tests.commerce.books import nothing_changes
from tests.commerce.refunding import due
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, place
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db

OFFLINE = ("clearing", "offline")
FULL = Decimal("120.00")


@pytest.fixture
def clerk():
    return UserFactory()


@pytest.fixture
def other():
    return UserFactory()


@pytest.fixture
def order(user):
    return place(user)


@pytest.fixture
def large(user):
    return place(user, TagFactory(sort_order=150_000))


def take(order, actor, reference="BANK-0001", **words) -> OfflineRecord:
    return receive_offline(
        order.pk, actor=actor, **{"way": "transfer", "reference": reference} | words
    )


def state(order) -> tuple[str, list[str]]:
    order.refresh_from_db()
    payments = order.payments.order_by("pk")
    return order.status, [f"{p.method} {p.status}" for p in payments]


def story() -> str:
    return DiseaseTag.objects.get().description


def test_it_pays_the_order_and_hands_over_what_was_bought(order, clerk, user):
    record = take(order, clerk, note="对公账户")

    payment = Payment.objects.get()
    assert (state(order), story()) == (("paid", ["offline succeeded"]), "RF")
    assert (payment.amount, payment.transaction_id) == (FULL, "BANK-0001")
    assert (order.paid_by, payment.next_query_at) == (payment, None)
    assert (record.status, record.amount, record.decided_by) == ("confirmed", FULL, None)
    assert balances()[OFFLINE] == FULL
    assert list(flaws()) == []


def test_a_large_one_waits_for_another_person_and_the_order_with_it(large, clerk, other):
    record = take(large, clerk)

    assert state(large) == ("pending", ["offline pending"])
    assert large.expires_at > timezone.now() + timedelta(hours=23)
    with nothing_changes(), pytest.raises(errors.OtherPersonNeeded):
        confirm_offline(record.pk, actor=clerk)
    assert (expire_orders(), balances()) == (0, {})

    confirm_offline(record.pk, actor=other)

    assert (state(large), story()) == (("paid", ["offline succeeded"]), "RF")
    assert OfflineRecord.objects.get().decided_by == other
    with nothing_changes(), pytest.raises(IllegalTransition):
        confirm_offline(record.pk, actor=UserFactory())


def test_M19_the_database_knows_that_two_are_two(large, clerk, other):
    record = confirm_offline(take(large, clerk).pk, actor=other)

    with pytest.raises(IntegrityError), transaction.atomic():
        OfflineRecord.objects.filter(pk=record.pk).update(decided_by=clerk)


def test_what_was_not_so_leaves_the_order_to_be_paid_otherwise(large, clerk, other, user):
    record = take(large, clerk)
    refuse_offline(record.pk, actor=other, note="银行没有这笔流水")
    assert state(large) == ("pending", ["offline closed"])

    confirm_offline(take(large, clerk).pk, actor=other)  # its reference is free again

    assert state(large) == ("paid", ["offline closed", "offline succeeded"])


def test_nobody_handles_an_order_of_their_own(large, user, clerk):
    with nothing_changes(), pytest.raises(errors.OwnMoney):
        take(large, user)
    record = take(large, clerk)

    for decide in (confirm_offline, refuse_offline):
        with nothing_changes(), pytest.raises(errors.OwnMoney):
            decide(record.pk, actor=user)


def test_only_an_order_that_can_be_paid_and_once(order, large, clerk, user):
    take(large, clerk, "BANK-0002")
    with nothing_changes(), pytest.raises(errors.AlreadyRecorded):
        take(large, UserFactory(), "BANK-0003")
    with nothing_changes(), pytest.raises(errors.ReferenceTaken):
        take(order, clerk, "BANK-0002")

    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    with nothing_changes(), pytest.raises(errors.OrderNotPayable):
        take(order, clerk)
    paid = place(user)
    pay(paid)
    with nothing_changes(), pytest.raises(errors.OrderNotPayable):
        take(paid, clerk)


def test_M8_money_that_comes_online_all_the_same_goes_back(order, clerk):
    online = AttemptFactory(order)

    take(order, clerk)
    assert state(order) == ("paid", ["wechat closing", "offline succeeded"])
    settle(online.number, money_for(online))

    refund = Refund.objects.get()
    assert (refund.payment, refund.reason_code, refund.amount) == (online, "double", FULL)
    assert (order.paid_by.method, story()) == ("offline", "RF")


def test_M8_what_is_confirmed_after_an_online_payment_is_paid_back_by_hand(
    large, clerk, other, world
):
    record = take(large, clerk)
    online = AttemptFactory(large, status="closing")
    settle(online.number, money_for(online))

    confirm_offline(record.pk, actor=other)

    refund = Refund.objects.get()
    assert (refund.payment.method, refund.reason_code) == ("offline", "double")
    send_refunds()
    refund.refresh_from_db()
    assert refund.status == "processing"
    back = pay_back_by_hand(refund.pk, actor=clerk, way="transfer", reference="OUT-1")
    with nothing_changes(), pytest.raises(errors.OtherPersonNeeded):
        confirm_offline(back.pk, actor=clerk)
    confirm_offline(back.pk, actor=other)

    refund.refresh_from_db()
    assert (refund.status, refund.provider_id, refund.next_try_at) == ("succeeded", "OUT-1", None)
    assert (state(large)[0], large.paid_by) == ("paid", online)
    assert balances()[OFFLINE] == 0
    assert list(flaws()) == []


def test_a_refund_of_it_is_paid_back_by_hand_whatever_its_amount(order, clerk, other, user):
    take(order, clerk)
    refund = request_refund(order.pk, user=user, reason_code="service")
    with nothing_changes(), pytest.raises(errors.NotByHand):
        pay_back_by_hand(refund.pk, actor=clerk, way="cash", reference="OUT-1")
    approve_refund(refund.pk, actor=clerk)
    send_refunds()
    wrong = pay_back_by_hand(refund.pk, actor=clerk, way="cash", reference="OUT-1")
    with nothing_changes(), pytest.raises(errors.AlreadyRecorded):
        pay_back_by_hand(refund.pk, actor=other, way="cash", reference="OUT-2")
    with nothing_changes(), pytest.raises(errors.OwnMoney):
        confirm_offline(wrong.pk, actor=user)
    refuse_offline(wrong.pk, actor=clerk, note="金额填错账户")
    assert (state(order)[0], Refund.objects.get().status) == ("refunding", "processing")

    back = pay_back_by_hand(refund.pk, actor=clerk, way="cash", reference="OUT-1")
    confirm_offline(back.pk, actor=other)

    assert (state(order)[0], story(), balances()[OFFLINE]) == ("refunded", "RFV", 0)
    assert list(flaws()) == []


def test_refunds_of_other_methods_go_back_the_way_they_came(order, clerk, user):
    pay(order)
    refund = request_refund(order.pk, user=user, reason_code="service")
    approve_refund(refund.pk, actor=clerk)

    with nothing_changes(), pytest.raises(errors.NotByHand):
        pay_back_by_hand(refund.pk, actor=clerk, way="cash", reference="OUT-1")


def test_a_sweep_finishes_what_a_dead_process_left(large, clerk, other):
    """Confirmed on record, and nobody told the payment."""
    take(large, clerk)
    OfflineRecord.objects.update(status="confirmed", decided_by=other)
    Payment.objects.update(next_query_at=timezone.now())

    query_pending_payments()

    assert state(large) == ("paid", ["offline succeeded"])


def test_M7_confirmed_after_the_order_was_cancelled_it_goes_back(large, clerk, other, user):
    record = take(large, clerk)
    data(Api(user).post(f"/order/{large.pk}/cancel"))
    due()
    query_pending_payments()
    assert state(large) == ("cancelled", ["offline closed"])

    confirm_offline(record.pk, actor=other)

    assert state(large) == ("cancelled", ["offline succeeded"])
    assert Refund.objects.get().reason_code == "late"


def test_buyers_cannot_begin_one(order, user):
    api = Api(user)
    with nothing_changes():
        started = api.post("/pay", {"order_id": order.pk, "method": "offline"})

    assert refusal(started) == (422, 14004)
    methods = data(api.get("/pay/methods"))["methods"]
    assert "offline" not in [row["method"] for row in methods]
