"""The forms of the back office for money that changed hands past every provider."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from commerce.models import OfflineRecord, Order, Refund
from commerce.services.offline import receive_offline
from commerce.services.refunds import open_refund
from commerce.stats import panel
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import TagFactory, place
from tests.helpers import confirm

pytestmark = pytest.mark.django_db

FORM = {"way": "cash", "reference": "SJ-0001", "note": "前台收取"}


def page_of(row) -> str:
    return reverse(f"admin:commerce_{row._meta.model_name}_by_hand", args=[row.pk])


@pytest.fixture
def finance(office):
    return office("finance")


def test_finance_takes_in_exactly_what_is_due(finance, user):
    order = place(user)
    shown = finance.get(page_of(order)).content.decode()
    assert "线下收款" in shown
    assert "¥120.00" in shown

    said = finance.post(page_of(order), FORM | {"amount": "1.00"}, follow=True).content.decode()

    record = OfflineRecord.objects.get()
    assert "已登记并确认" in said
    assert (record.amount, record.recorded_by, record.note) == (120, finance.user, "前台收取")
    assert Order.objects.get().status == "paid"


@pytest.mark.parametrize(
    ("field", "value"),
    [("reference", "abc"), ("reference", "凭证一号"), ("reference", ""), ("way", "gold")],
)
def test_a_form_that_is_wrong_writes_nothing(finance, user, field, value):
    order = place(user)

    with nothing_changes():
        assert finance.post(page_of(order), FORM | {field: value}).status_code == 200


def test_the_password_is_asked_for_first(finance, user):
    order = place(user)
    confirm(finance, finance.user, at=timezone.now() - timedelta(hours=1))

    with nothing_changes():
        shown = finance.post(page_of(order), FORM).content.decode()

    assert "这是敏感操作，请再次输入登录密码" in shown


@pytest.mark.parametrize("role", ["customer_service", "content_manager"])
def test_who_may_not_has_no_such_page(office, user, role):
    order = place(user)

    with nothing_changes():
        assert office(role).post(page_of(order), FORM).status_code == 403


def test_a_large_one_and_its_way_back_through_two_pairs_of_hands(office, user):
    first, second = office("finance"), office("finance")
    order = place(user, TagFactory(sort_order=150_000))
    queue = reverse("admin:commerce_offlinerecord_changelist")

    first.post(page_of(order), FORM)
    record = OfflineRecord.objects.get()
    choice = {"action": "confirm", "_selected_action": [record.pk]}
    assert "须由另一位同事复核" in first.post(queue, choice, follow=True).content.decode()
    assert Order.objects.get().status == "pending"
    assert waiting(second.user) == {"待复核的线下收退款": 1, "待线下退回": 0}
    second.post(queue, choice)
    assert Order.objects.get().status == "paid"

    payment = Order.objects.get().paid_by
    refund = open_refund(payment, amount=payment.amount, key="c", reason_code="cancelled")
    Refund.objects.update(status="processing")
    assert waiting(second.user) == {"待复核的线下收退款": 0, "待线下退回": 1}
    second.post(page_of(refund), FORM | {"reference": "SJ-0002"})
    back = OfflineRecord.objects.get(refund=refund)
    assert "退款" in first.get(queue).content.decode()
    first.post(queue, {"action": "confirm", "_selected_action": [back.pk]})

    assert (Refund.objects.get().status, Order.objects.get().status) == ("succeeded", "refunded")


def waiting(viewer) -> dict[str, int]:
    queues = {queue.title: queue.count for queue in panel(viewer, timezone.now()).queues}
    return {title: count for title, count in queues.items() if "线下" in title}


def test_the_list_costs_the_same_at_any_size(finance, django_assert_max_num_queries):
    url = reverse("admin:commerce_offlinerecord_changelist")
    for number in range(4):
        receive_offline(
            place(UserFactory()).pk, actor=finance.user, way="cash", reference=f"SJ-{number:04}"
        )
    finance.get(url)

    with django_assert_max_num_queries(12):
        finance.get(url)
