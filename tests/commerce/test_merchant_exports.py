"""A merchant takes their own orders and books along; nobody else does, and nothing of others."""

import csv
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from accounts.models import ExportJob, ExportStatus
from accounts.services.export_running import run_due
from commerce.models import LedgerEntry, MerchantMember, Order
from commerce.services.members import change_member, remove_member
from tests.factories.accounts import UserFactory
from tests.factories.commerce import MemberFactory, MerchantFactory, place, sold
from tests.helpers import Api, data, refusal

pytestmark = pytest.mark.django_db
ORDERS, LEDGER = "/merchants/orders/export", "/merchants/ledger/export"


@pytest.fixture
def order():
    return sold("shipping")


@pytest.fixture
def shop(order):
    return order.merchant


@pytest.fixture
def owner(shop):
    return Api(shop.user)


@pytest.fixture
def manager(shop):
    return Api(MemberFactory(merchant=shop, role="manager").user)


def asked(api, path=ORDERS, **wish) -> int:
    return data(api.post(path, wish), 202)["id"]


def content(api, job_id: int) -> bytes:
    job = data(api.get(f"/exports/{job_id}"))
    assert job["status"] == "ready", job["error"]
    answer = fetched(api, job["download_url"])
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def fetched(api, url: str):
    return api.get(url[url.index("/api/v1") + 7 :])


def file_of(api, path=ORDERS, **wish) -> list[list[str]]:
    job_id = asked(api, path, **wish)
    run_due()
    return list(csv.reader(content(api, job_id).decode("utf-8-sig").splitlines()))


# -- what is in the file


def test_the_orders_of_the_list_with_numbers_masked_and_no_formula(owner, order):
    sold("shipping"), place(UserFactory())
    Order.objects.filter(pk=order.pk).update(remark="=1+1")
    columns = ["number", "status", "total_amount", "receiver", "receiver_phone", "remark"]

    rows = file_of(owner, columns=columns)

    assert rows == [
        ["订单编号", "状态", "总金额(元)", "收货人", "收货电话", "买家留言"],
        [order.number, "已支付", "120.00", "周**", "137****4444", "'=1+1"],
    ]
    assert order.receiver_phone not in str(file_of(owner))


def test_by_the_filters_of_the_list(owner, order, shop):
    other = sold("verification", merchant=shop)
    Order.objects.filter(pk=other.pk).update(status="completed")

    def numbers(**filters):
        return [row[0] for row in file_of(owner, columns=["number"], filters=filters)[1:]]

    assert numbers() == [other.number, order.number]
    assert numbers(status="completed") == [other.number]
    assert numbers(order_number=order.number) == [order.number]
    assert numbers(kind="appointment") == []


def test_the_books_as_they_are_listed(owner, order, shop):
    sold("shipping")
    listed = data(owner.get("/merchants/ledger"))["list"]

    rows = file_of(owner, LEDGER, columns=["cause", "account", "amount", "order"])

    assert rows == [
        ["事由", "科目", "金额(元)", "订单编号"],
        ["订单入账", "待结算货款", "120.00", order.number],
    ]
    assert [Decimal(str(row["amount"])) for row in listed] == [Decimal("120.00")]
    assert LedgerEntry.objects.filter(merchant__isnull=False).count() == 2  # one is another's


def test_as_xlsx_too(owner, order):
    job_id = asked(owner, columns=["number", "total_amount"], format="xlsx")
    run_due()

    sheet = load_workbook(BytesIO(content(owner, job_id))).active

    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["订单编号", "总金额(元)"], [order.number, "120.00"],
    ]  # fmt: skip


# -- who may


def test_a_manager_takes_the_orders_along_and_not_the_books(manager, order):
    assert [row[0] for row in file_of(manager)[1:]] == [order.number]

    assert refusal(manager.post(LEDGER)) == (403, 10403)
    assert list(ExportJob.objects.values_list("kind", flat=True)) == ["merchant_order"]


@pytest.mark.parametrize("path", [ORDERS, LEDGER])
def test_who_runs_no_shop_is_refused_and_nothing_is_written(path, order, shop, staff):
    clients = [
        order.user, UserFactory(), MemberFactory(merchant=shop, role="clerk").user,
        MemberFactory(merchant=shop, role="verifier").user, staff("customer_service"),
        staff("admin"),
    ]  # fmt: skip

    for person in clients:
        assert refusal(Api(person).post(path)) == (403, 10403)
    assert Api().post(path).status_code == 401
    assert refusal(Api(shop.user, stepped_up=False).post(path)) == (403, 11100)

    assert not ExportJob.objects.exists()


def test_another_shop_gets_its_own_rows_alone(order):
    other = MerchantFactory(status="approved")
    manager = MemberFactory(merchant=other, role="manager").user

    for person, path in ((other.user, ORDERS), (other.user, LEDGER), (manager, ORDERS)):
        assert len(file_of(Api(person), path)) == 1


def test_neither_unmasked_nor_another_shop_can_be_asked_for(owner, order, shop):
    other = MerchantFactory(status="approved")

    answer = owner.post(ORDERS, {"filters": {"merchants": str(other.pk)}})
    assert refusal(answer) == (400, 11140)
    assert answer.json()["data"] == {"filters": {"merchants": ["没有这个筛选条件"]}}
    assert not ExportJob.objects.exists()

    job = data(owner.post(ORDERS, {"unmasked": True, "reason": "核对"}), 202)
    assert (job["unmasked"], job["filters"]) == (False, {"merchants": str(shop.pk)})


def test_the_file_is_nobody_elses(owner, manager, order):
    job_id = asked(owner)
    run_due()
    url = data(owner.get(f"/exports/{job_id}"))["download_url"]

    assert manager.get(f"/exports/{job_id}").status_code == 404
    assert fetched(manager, url).status_code == 403
    assert fetched(owner, url).status_code == 200


# -- who loses the right between asking and fetching


def leave(member) -> None:
    remove_member(member.pk, actor=member.merchant.user)


def become_a_clerk(member) -> None:
    change_member(member.pk, owner=member.merchant.user, role="clerk")


def go_to_another_shop(member) -> None:
    leave(member)
    elsewhere = sold("shipping").merchant
    MemberFactory(merchant=elsewhere, user=member.user, role="manager")


@pytest.mark.parametrize("lose", [leave, become_a_clerk, go_to_another_shop])
def test_a_manager_who_lost_the_right_before_the_file_was_made_gets_none(manager, order, lose):
    job_id = asked(manager)

    lose(MerchantMember.objects.get(user=manager.user))
    run_due()

    job = ExportJob.objects.get(pk=job_id)
    assert (job.status, job.error) == (ExportStatus.FAILED, "申请人的账号或权限已变更")
    assert data(manager.get(f"/exports/{job_id}"))["download_url"] is None


@pytest.mark.parametrize("lose", [leave, become_a_clerk, go_to_another_shop])
def test_a_manager_who_lost_the_right_cannot_fetch_the_file_there_is(manager, order, lose):
    job_id = asked(manager)
    run_due()
    url = data(manager.get(f"/exports/{job_id}"))["download_url"]

    lose(MerchantMember.objects.get(user=manager.user))

    assert fetched(manager, url).status_code == 403
    assert ExportJob.objects.get(pk=job_id).downloads == 0
