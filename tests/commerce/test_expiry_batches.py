"""Overdue orders nobody began to pay expire in batches, as they would have one by one."""

from collections import Counter
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit import move_all
from accounts.models import Notification, StatusChange
from commerce.models import Order, Payment, Product, StockMovement
from commerce.services import expiry
from commerce.services.expiry import Lines, close_overdue, expire_untried
from commerce.services.orders import expire_orders
from commerce.services.sweeps import close_overdue_orders
from config.errors import StaleState
from counseling.models import AffectedAppointment, Appointment, TimeSlot
from counseling.services.leave import request_leave
from farm.models import Animal, AnimalClaim, AnimalStatus, ClaimRenewal
from farm.services.renewing import renew_claim
from tests.commerce.books import nothing_changes
from tests.commerce.payable import TagPayable
from tests.factories.accounts import UserFactory
from tests.factories.commerce import (
    AttemptFactory,
    MerchantFactory,
    ProductFactory,
    TagFactory,
    order_goods,
    place,
)
from tests.factories.counseling import booked, booker, offer
from tests.factories.farm import AnimalFactory, active, claimant, claimed

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def all_kinds():
    """Two unpaid orders of every kind, some of the same things; one appointment is hit by leave."""
    merchant = MerchantFactory(status="approved")
    roses, tulips = ProductFactory.create_batch(2, merchant=merchant)
    order_goods(UserFactory(), (roses, 1), (tulips, 2))
    order_goods(UserFactory(), (roses, 3))
    for _ in range(2):
        place(UserFactory(), TagFactory(), TagFactory())
        claimed(animal=AnimalFactory())
    slot, service = offer()
    hit = booked(booker(), slot=slot, service=service)
    booked(booker())
    leave = request_leave(
        None, actor=service.counselor.user, start_at=slot.start_at, end_at=slot.end_at
    )
    AffectedAppointment.objects.create(leave=leave, appointment=hit, deadline_at=timezone.now())
    for claim in (active(claimant()), active(claimant())):
        AnimalClaim.objects.filter(pk=claim.pk).update(ends_at=timezone.now() + 24 * HOUR)
        renew_claim(claim.pk, user=claim.user, price_paid=claim.price_paid)
    return make_due()


def make_due() -> list[int]:
    due = Order.objects.filter(status="pending").order_by("pk")
    due.update(expires_at=timezone.now() - timedelta(seconds=1))
    return list(due.values_list("pk", flat=True))


def one_by_one(order_ids):
    for pk in order_ids:
        assert close_overdue(pk, now=timezone.now(), lines=Lines()) is True


def at_once(order_ids):
    assert expire_untried(order_ids, now=timezone.now()) == (len(order_ids), [])


def rows() -> dict[str, Counter]:
    """Every row there is, without times, and without the key of what is only ever added."""
    found = {}
    for model in apps.get_models():
        left_out = (models.DateTimeField,)
        if model in (StatusChange, Notification, StockMovement):
            left_out += (models.AutoField,)
        names = [f.attname for f in model._meta.concrete_fields if not isinstance(f, left_out)]
        found[model._meta.label] = Counter(map(repr, model._base_manager.values_list(*names)))
    return found


def test_a_batch_leaves_what_one_by_one_leaves_row_for_row(all_kinds):
    before, after = rows(), {}
    for way in (one_by_one, at_once):
        with transaction.atomic():
            way(all_kinds)
            after[way] = rows()
            transaction.set_rollback(True)

    assert after[at_once] == after[one_by_one]
    changed = {label for label, found in after[at_once].items() if found != before[label]}
    assert changed == {
        "accounts.Notification", "accounts.StatusChange", "commerce.Order", "commerce.Product",
        "commerce.StockMovement", "content.DiseaseTag", "counseling.AffectedAppointment",
        "counseling.Appointment", "counseling.TimeSlot", "farm.Animal", "farm.AnimalClaim",
        "farm.ClaimRenewal",
    }  # fmt: skip


def test_everything_is_free_again_once(all_kinds):
    at_once(all_kinds)
    with nothing_changes():
        assert expire_orders(all_kinds, now=timezone.now()) == []
        assert close_overdue_orders(timezone.now(), limit=100) == 0

    assert list(Product.objects.values_list("stock", "held")) == [(10, 0)] * 2
    assert set(Appointment.objects.values_list("status", flat=True)) == {"expired"}
    assert sorted(TimeSlot.objects.values_list("status", flat=True)) == ["open", "open"]
    assert AffectedAppointment.objects.get().status == "cancelled"
    assert set(ClaimRenewal.objects.values_list("status", flat=True)) == {"cancelled"}
    animals = Counter(Animal.objects.values_list("status", flat=True))
    assert animals == {AnimalStatus.AVAILABLE: 2, AnimalStatus.CLAIMED: 2}
    assert StockMovement.objects.filter(movement="release").count() == 3
    told = Notification.objects.filter(template="order_expired", channel="in_app")
    assert set(told.values_list("dedupe_key", flat=True)) == {
        f"order:{pk}:expired" for pk in all_kinds
    }
    assert told.count() == len(all_kinds)


@pytest.mark.parametrize("status", ["pending", "closing", "closed", "succeeded"])
def test_an_order_somebody_tried_to_pay_is_not_in_the_batch(status):
    tried, untried = place(UserFactory()), place(UserFactory())
    AttemptFactory(tried, status=status)
    make_due()

    assert expire_untried([tried.pk, untried.pk], now=timezone.now()) == (1, [tried.pk])

    assert dict(Order.objects.values_list("pk", "status")) == {
        tried.pk: "pending",
        untried.pk: "expired",
    }
    assert Payment.objects.get().status == status


def test_who_has_time_left_or_is_paid_or_gone_stays():
    young, paid, due = (place(UserFactory()) for _ in range(3))
    Order.objects.filter(pk=paid.pk).update(status="paid")
    Order.objects.exclude(pk=young.pk).update(expires_at=timezone.now() - HOUR)

    assert expire_orders([young.pk, paid.pk, due.pk, 10**9], now=timezone.now()) == [due.pk]

    assert Order.objects.filter(status="expired").get() == due


@pytest.mark.parametrize("step", ["refuse", "crash"])
def test_a_batch_with_a_bad_order_is_undone_and_goes_one_by_one(monkeypatch, step):
    good, bad = place(UserFactory()), place(UserFactory())
    real, bad_tag = TagPayable._step, bad.items.get().target_id

    def step_of(self, letter, item, **changes):
        setattr(self, step, {"X"} if item.target_id == bad_tag else set())
        return real(self, letter, item, **changes)

    monkeypatch.setattr(TagPayable, "_step", step_of)
    make_due()

    with nothing_changes():
        both = [good.pk, bad.pk]
        assert expire_untried(both, now=timezone.now()) == (0, both)
    assert close_overdue_orders(timezone.now(), limit=10) == 1

    assert dict(Order.objects.values_list("pk", "status")) == {
        good.pk: "expired",
        bad.pk: "pending",
    }
    assert StatusChange.objects.filter(model="commerce.order").count() == 1


def test_a_bad_batch_does_not_stop_the_next_one(monkeypatch):
    monkeypatch.setattr(expiry, "BATCH", 2)
    orders = [place(UserFactory()) for _ in range(6)]
    orders[2].items.update(kind="gone")
    ids = make_due()

    assert expire_untried(ids, now=timezone.now()) == (4, ids[2:4])


def test_a_notice_that_was_written_before_is_not_written_again_and_the_others_are():
    orders = [place(UserFactory()) for _ in range(3)]
    ids = make_due()
    Notification.objects.create(
        user=orders[1].user, channel="in_app", template="order_expired", due_at=timezone.now(),
        dedupe_key=f"order:{ids[1]}:expired", body="早已写过",
    )  # fmt: skip

    at_once(ids)

    told = Notification.objects.filter(channel="in_app").order_by("user_id")
    assert list(told.values_list("dedupe_key", flat=True)) == [f"order:{pk}:expired" for pk in ids]
    assert told.get(user=orders[1].user).body == "早已写过"


def test_a_move_of_many_is_of_all_or_of_none():
    orders = [place(UserFactory()) for _ in range(3)]
    Order.objects.filter(pk=orders[1].pk).update(status="paid")

    with nothing_changes(), pytest.raises(StaleState), transaction.atomic():
        move_all(orders, "expired")


def test_thirty_orders_take_as_many_statements_as_three(all_kinds):
    def statements(job) -> int:
        with CaptureQueriesContext(connection) as captured:
            job()
        asked = [query["sql"] for query in captured.captured_queries]
        return sum("notificationtemplate" not in sql for sql in asked)  # known for a second

    merchant = MerchantFactory(status="approved")

    def orders(n):
        for product in ProductFactory.create_batch(n, merchant=merchant):
            order_goods(UserFactory(), (product, 1))
            booked(booker())
            claimed(animal=AnimalFactory())
        return make_due()

    at_once(all_kinds)
    few = orders(2)
    first = statements(lambda: at_once(few))
    many = orders(10)
    assert statements(lambda: at_once(many)) == first
