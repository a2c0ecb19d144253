"""Orders, payments and refunds as files: by the list's filters or ticked, masked, no formulas."""

import csv
from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import ExportJob
from accounts.services.export_running import run_due
from accounts.services.exports import request_export
from commerce.models import Bill, BillDifference, Order, Refund
from commerce.services.refunds import request_refund
from config.errors import Forbidden
from tests.factories.accounts import UserFactory
from tests.factories.commerce import TagFactory, pay, place
from tests.helpers import confirm

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(user):
    """Paid, of somebody with a number, a thing that would be a formula."""
    user.phone = "13800138000"
    user.save(update_fields=["phone"])
    order = place(user, TagFactory(name="=1+1"))
    pay(order)
    order.refresh_from_db()
    return order


@pytest.fixture
def admin(office):
    return office("admin")


def file_of(job: ExportJob, client) -> list[list[str]]:
    run_due()
    job.refresh_from_db()
    answer = client.get(reverse("admin:accounts_exportjob_download", args=[job.pk]), follow=True)
    assert answer.status_code == 200, job.error
    return list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))


def ask(admin, kind, **wish) -> ExportJob:
    return request_export(admin.user, kind, **wish)


def test_orders_by_the_filters_of_the_list(order, admin):
    place(UserFactory(), TagFactory(sort_order=99_900))
    wish = {
        "columns": ["number", "status", "titles", "total_amount", "method", "phone"],
        "filters": {"status": "paid", "amount_from": "100", "amount_to": "120", "method": "wechat"},
    }  # fmt: skip

    rows = file_of(ask(admin, "order", **wish), admin)

    assert rows == [
        ["订单编号", "状态", "内容", "总金额(元)", "支付方式", "用户手机号"],
        [order.number, "已支付", "'=1+1×1", "120.00", "微信支付", "138****8000"],
    ]


def test_days_are_those_of_shanghai_with_both_ends(order, admin):
    def found(**days):
        return len(file_of(ask(admin, "order", columns=["number"], filters=days), admin)) - 1

    day = f"{order.created_at + timedelta(hours=8):%Y-%m-%d}"
    tomorrow = f"{order.created_at + timedelta(hours=32):%Y-%m-%d}"

    assert found(created_at_from=day, created_at_to=day) == 1
    assert found(paid_at_from=tomorrow) == 0


def test_payments_and_refunds(order, admin, user):
    refund = request_refund(order.pk, user=user, reason_code="service", reason="未到场")
    payment = order.paid_by
    by_number = {"columns": ["number", "method", "amount"], "filters": {"search": order.number}}

    payments = file_of(ask(admin, "payment", **by_number), admin)
    refunds = file_of(ask(admin, "refund", **by_number), admin)

    assert payments[1:] == [[payment.number, "微信支付", "120.00"]]
    assert refunds[1:] == [[refund.number, "微信支付", "120.00"]]


@pytest.mark.parametrize("model", [Order, Refund])
def test_those_that_are_ticked(order, admin, user, model):
    request_refund(order.pk, user=user, reason_code="service")
    place(UserFactory())
    row = model.objects.order_by("pk").first()
    page = reverse(f"admin:commerce_{model._meta.model_name}_changelist")

    admin.post(page, {"action": "export_chosen", "_selected_action": [row.pk]})

    rows = file_of(ExportJob.objects.get(), admin)
    assert (len(rows), rows[1][0]) == (2, row.number)


def test_the_page_of_the_export_takes_the_lists_filters_along(order, admin):
    confirm(admin, admin.user)
    came = reverse("admin:commerce_order_changelist") + "?status__exact=paid&total_amount_from=5"

    page = admin.get(reverse("admin:commerce_order_export_rows"), headers={"Referer": came})

    form = page.context["form"]
    assert form.initial["filter_status"] == "paid"
    assert form.initial["filter_amount_from"] == "5"


def test_who_may_look_may_not_take_along(order, staff):
    for role in ("finance", "customer_service"):
        for kind in ("order", "payment", "refund", "ledger", "bill_difference"):
            with pytest.raises(Forbidden):
                request_export(staff(role), kind)
    assert not ExportJob.objects.exists()


def test_the_books_a_line_per_transaction_that_sums_to_zero(order, office):
    columns = ["cause", "order", "clearing", "unapplied", "pending"]
    chief = office("super_admin")

    rows = file_of(ask(chief, "ledger", columns=columns, filters={"account": "pending"}), chief)

    assert rows == [
        ["事由", "订单编号", "渠道资金(元)", "待核销款(元)", "待结算货款(元)"],
        ["订单入账", order.number, "", "120.00", "-120.00"],
    ]
    both = file_of(ask(chief, "ledger", columns=columns, filters={"search": order.number}), chief)
    assert [row[0] for row in both[1:]] == ["订单入账", "到账"]


def test_differences_by_the_filters_of_their_queue(order, office):
    bill = Bill.objects.create(method="wechat", day="2026-11-19")
    for n, kind in enumerate(("amount", "missing_here")):
        BillDifference.objects.create(
            bill=bill, kind=kind, key=str(n), number=f"PAY{n}", ours="120.00", theirs="119.99",
            note="=cmd()",
        )  # fmt: skip
    columns = ["day", "kind", "number", "ours", "theirs", "note"]
    chief = office("super_admin")

    rows = file_of(
        ask(chief, "bill_difference", columns=columns, filters={"kind": "amount"}), chief
    )

    assert rows[1:] == [["2026-11-19", "支付金额不符", "PAY0", "120.00", "119.99", "'=cmd()"]]
