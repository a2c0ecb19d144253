"""Negative controls: without its guard each promise breaks, so the races can see it.

And the SQL: the row that decides is locked before anything is written.
"""

from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from commerce.errors import RefundExceedsPayment
from commerce.models import Order, Payment, Refund
from commerce.payables import Offer
from commerce.services import ledger, orders, payments, refund_review, refunds, starting
from commerce.services.orders import cancel_order, complete_order, expire_order, keep_order
from commerce.services.payments import deliver, mark_closed, settle
from commerce.services.refund_review import approve_refund
from commerce.services.refunds import conclude_refund, open_refund, request_refund
from commerce.services.starting import start_payment
from config.db import LockingQuerySet
from config.numbers import new_number
from config.prepared import forget_compiled
from config.rows import insert
from content.models import DiseaseTag
from tests.commerce.conftest import _something_to_sell, world  # noqa: F401
from tests.commerce.payable import KIND, TagPayable, TagTaken
from tests.factories.accounts import UserFactory
from tests.factories.commerce import AttemptFactory, TagFactory, money_for, pay, payer, place
from tests.helpers import Api, meeting, together
from tests.races.commerce_tools import give_back, names, story, two_yeses_at_once, waiting_for_two

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]


@contextmanager
def no_guards(monkeypatch, n):
    """Locks that lock nothing, moves that look at nothing: all n have looked when one writes."""
    all_have_looked = meeting(n)

    def blind_move(instance, to, *, actor=None, reason="", **changes):
        all_have_looked()
        type(instance)._base_manager.filter(pk=instance.pk).update(status=to, **changes)
        instance.status = to

    def blind_moves(instances, to, **how):
        for instance in instances:
            blind_move(instance, to, **how)

    with monkeypatch.context() as patch:
        patch.setattr(LockingQuerySet, "locked", lambda self: self.order_by("pk"))
        for module in (orders, payments, refunds, refund_review):
            patch.setattr(module, "move", blind_move)
        patch.setattr(orders, "move_all", blind_moves)
        patch.setattr(ledger, "_book", lambda *args, **of: None)  # its keys are a guard too
        forget_compiled()  # SQL that was compiled with the locks
        yield
    forget_compiled()


def test_negative_control_of_M1(monkeypatch):
    tag = TagFactory()
    attempt = AttemptFactory(place(UserFactory(), tag))

    with no_guards(monkeypatch, 8):
        together(8, lambda i: settle(attempt.number, money_for(attempt)))

    assert story(tag) != "RF"


def test_negative_control_of_M7(monkeypatch):
    tag = TagFactory()
    order = place(UserFactory(), tag)
    attempt = AttemptFactory(order, status="succeeded")
    jobs = [lambda: deliver(attempt), lambda: expire_order(order.pk, now=order.expires_at)]
    blind = SimpleNamespace(SUCCEEDED="nothing", CLOSING="closing")
    monkeypatch.setattr("commerce.services.orders.PaymentStatus", blind)

    with no_guards(monkeypatch, 2):
        together(2, lambda i: jobs[i]())

    assert sorted(story(tag)) == ["F", "R", "X"]


def test_negative_control_of_M10(monkeypatch):
    """Read, then write: what the conditional UPDATE is there to prevent."""
    payment = pay(place(UserFactory()))
    all_have_looked = meeting(8)

    def check_then_act(payment, *, amount, reason, **fields):
        row = Payment.objects.get(pk=payment.pk)
        if row.refunded_amount + amount > row.amount:
            raise RefundExceedsPayment
        all_have_looked()
        Payment.objects.filter(pk=row.pk).update(refunded_amount=row.refunded_amount + amount)
        return Refund.objects.create(
            number=f"REF{fields['key']}", payment_id=row.pk, order_id=row.order_id,
            amount=amount, **fields,
        )  # fmt: skip

    monkeypatch.setattr(refunds, "_create", check_then_act)
    with no_guards(monkeypatch, 8):
        together(8, lambda i: give_back(payment, "120.00", f"k{i}"))

    assert Refund.objects.filter(payment=payment).count() > 1


def test_negative_control_of_M19(monkeypatch):
    confirm_at_once = two_yeses_at_once()

    with no_guards(monkeypatch, 2):
        outcomes = confirm_at_once()

    assert names(outcomes) == ["Refund", "Refund"]


def test_negative_control_of_M16(monkeypatch):
    """The payload without a key, on goods that guard nothing: every click is an order."""

    def anything_goes(self, user, want):
        from commerce.payables import Offer

        return Offer(title="x", unit_price=Decimal(1))

    monkeypatch.setattr(TagPayable, "quote", anything_goes)
    user, tag = UserFactory(), TagFactory()
    clients = [Api(user) for _ in range(4)]
    body = {"items": [{"kind": KIND, "target_id": tag.pk}]}

    together(4, lambda i: clients[i].post("/order", body))
    assert Order.objects.filter(user=user).count() == 4

    together(4, lambda i: clients[i].post("/order", body, key="one-key-1"))
    assert Order.objects.filter(user=user).count() == 5


def test_negative_control_of_one_attempt(monkeypatch, world):  # noqa: F811
    """Without the order's lock every click makes its own: only the unique live_order stops it."""
    user = UserFactory()
    payer(world, user)
    order = place(user)

    all_have_looked = meeting(8)

    def slow_number(prefix):
        all_have_looked()
        return new_number(prefix)

    clashes = []

    def watched(row):
        try:
            return insert(row)
        except DatabaseError as error:  # MariaDB may call it a deadlock
            clashes.append(error)
            raise

    monkeypatch.setattr(starting, "new_number", slow_number)
    monkeypatch.setattr(starting, "insert", watched)
    with no_guards(monkeypatch, 8):
        together(8, lambda i: start_payment(order.pk, user=user, method="wechat"))

    assert clashes
    assert Payment.objects.filter(order=order).count() == 1


def test_negative_control_of_one_buyer(monkeypatch):
    all_have_looked = meeting(8)

    def check_then_act(self, user, want):
        tag = DiseaseTag.objects.get(pk=want.target_id)
        if not tag.is_active:
            raise TagTaken
        all_have_looked()
        DiseaseTag.objects.filter(pk=tag.pk).update(is_active=False)
        return Offer(title=tag.name, unit_price=Decimal(1))

    monkeypatch.setattr(TagPayable, "quote", check_then_act)
    tag, users = TagFactory(), UserFactory.create_batch(8)

    outcomes = together(8, lambda i: place(users[i], tag))

    assert names(outcomes).count("Order") > 1


# -- the SQL: the row that decides is locked before anything is written


def first_lock_and_write(statements: list[str]) -> tuple[int, int]:
    locks = [n for n, sql in enumerate(statements) if "FOR UPDATE" in sql or "FOR NO KEY" in sql]
    writes = [n for n, sql in enumerate(statements) if sql.startswith(("UPDATE", "INSERT"))]
    return locks[0], writes[0]


def _cancel():
    order = place(UserFactory())
    return partial(cancel_order, order.pk, actor=order.user)


def _expire():
    order = place(UserFactory())
    return partial(expire_order, order.pk, now=order.expires_at)


def _complete():
    return partial(complete_order, pay(place(UserFactory())).order_id)


def _keep():
    return partial(keep_order, pay(place(UserFactory())).order_id)


def _settle():
    attempt = AttemptFactory(place(UserFactory()))
    return partial(settle, attempt.number, money_for(attempt))


def _close():
    return partial(mark_closed, AttemptFactory(place(UserFactory())).pk)


def _refund():
    return partial(give_back, pay(place(UserFactory())), "1.00", "k")


def _conclude():
    payment = pay(place(UserFactory()))
    refund = open_refund(payment, amount=payment.amount, key="c", reason_code="cancelled")
    Refund.objects.filter(pk=refund.pk).update(status="succeeded")
    return partial(conclude_refund, refund)


def _confirm():
    refund = waiting_for_two()
    return partial(refund_review.confirm_refund, refund.pk, actor=UserFactory())


def _approve():
    payment, clerk = pay(place(UserFactory())), UserFactory()
    asked = request_refund(payment.order_id, user=payment.order.user, reason_code="other")
    return partial(approve_refund, asked.pk, actor=clerk)


@pytest.mark.parametrize(
    "prepare",
    [_cancel, _expire, _complete, _keep, _settle, _close, _refund, _conclude, _approve, _confirm],
)
def test_the_row_is_locked_before_anything_is_written(prepare):
    step = prepare()

    with CaptureQueriesContext(connection) as captured:
        step()

    lock, write = first_lock_and_write([entry["sql"] for entry in captured.captured_queries])
    assert lock < write
