"""Merchants and their goods in the back office: looked at, decided one by one, revealed."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notification, OperationLog
from commerce.models import Merchant, Product
from commerce.services.stock import adjust
from tests.commerce.books import nothing_changes
from tests.factories.accounts import UserFactory
from tests.factories.commerce import (
    AddressFactory,
    ApplicationFactory,
    MemberFactory,
    MerchantFactory,
    ProductFactory,
    order_goods,
)
from tests.factories.media import FileFactory
from tests.helpers import confirm

pytestmark = pytest.mark.django_db
WHY = "用户投诉核实"


@pytest.fixture
def boss(staff):
    return staff("admin")


@pytest.fixture
def office(boss):
    browser = Client()
    browser.force_login(boss)
    confirm(browser, boss)
    return browser


def page(row, name="change") -> str:
    return reverse(f"admin:commerce_{row._meta.model_name}_{name}", args=[row.pk])


def decide(office, row, decision, reason="") -> str:
    body = {"decision": decision, "reason": reason}
    return office.post(page(row, "decide"), body, follow=True).content.decode()


def state(row) -> tuple[str, str]:
    row.refresh_from_db()
    return row.status, row.review_note


def test_a_product_page_shows_its_pictures_and_stock(office):
    goods = ProductFactory(name="向日葵花束", status="reviewing")
    file = FileFactory(purpose="product", visibility="public")
    goods.images.create(file=file, position=0)

    text = office.get(page(goods)).content.decode()

    assert f'src="/api/v1/file/public/{file.key}/thumb.webp"' in text
    for shown in ("向日葵花束", "¥45.00", "可售库存", "审核中"):
        assert shown in text


def test_the_queue_of_goods(office, django_assert_max_num_queries):
    for number in range(12):
        ProductFactory(status="reviewing" if number % 2 else "on_sale", name=f"花{number}")
    url = reverse("admin:commerce_product_changelist")

    with django_assert_max_num_queries(12):
        text = office.get(url, {"status__exact": "reviewing"}).content.decode()

    assert "花1" in text
    assert "花2" not in text
    assert "花11" in office.get(url, {"q": "花11"}).content.decode()


def test_deciding_about_a_product_on_its_page(office, boss):
    goods = ProductFactory(status="reviewing")
    assert page(goods, "decide") in office.get(page(goods)).content.decode()

    assert "请填写原因" in decide(office, goods, "reject", " ")
    assert state(goods) == ("reviewing", "")

    decide(office, goods, "reject", "照片不清")
    assert state(goods) == ("rejected", "照片不清")
    assert Notification.objects.get(user=goods.merchant.user).template == "product_rejected"
    assert "当前状态没有可作的决定" in office.get(page(goods, "decide")).content.decode()

    Product.objects.update(status="reviewing")
    decide(office, goods, "approve")
    assert state(goods) == ("on_sale", "")
    goods.refresh_from_db()
    assert goods.reviewed_by == boss


def test_deciding_about_several_goods_in_the_list(office):
    goods = [*ProductFactory.create_batch(2, status="reviewing"), ProductFactory(status="draft")]
    body = {"action": "approve", "_selected_action": [one.pk for one in goods]}

    text = office.post(reverse("admin:commerce_product_changelist"), body, follow=True)

    assert "已处理 2 条" in text.content.decode()
    assert [state(one)[0] for one in goods] == ["on_sale", "on_sale", "draft"]


def test_deciding_about_a_merchant_on_its_page(office):
    merchant = MerchantFactory(business_name="田田花店")

    decide(office, merchant, "approve")
    assert state(merchant) == ("approved", "")
    assert "请填写原因" in decide(office, merchant, "suspend")
    decide(office, merchant, "suspend", "投诉")
    assert state(merchant) == ("suspended", "投诉")
    decide(office, merchant, "reject", "原因")  # not from here
    assert state(merchant) == ("suspended", "投诉")
    decide(office, merchant, "approve")
    assert state(merchant) == ("approved", "")


def test_deciding_about_an_application_on_its_page(office, boss):
    row = ApplicationFactory()

    decide(office, row, "decline", "不在服务区域")

    row.refresh_from_db()
    assert (row.status, row.remark, row.handled_by) == ("declined", "不在服务区域", boss)


def test_a_merchants_page_shows_its_goods_and_people(office, django_assert_max_num_queries):
    merchant = MerchantFactory(status="approved")
    ProductFactory(merchant=merchant, name="土蜂蜜")
    ProductFactory(name="别家的花")
    MemberFactory(merchant=merchant, user__nickname="阿朱")

    text = office.get(page(merchant)).content.decode()
    assert "土蜂蜜" in text
    assert "别家的花" not in text
    assert "店员" in text

    ProductFactory.create_batch(60, merchant=merchant)
    with django_assert_max_num_queries(20):
        assert office.get(page(merchant)).status_code == 200


@pytest.mark.parametrize(("factory", "field", "value"), [
    (MerchantFactory, "contact_person", "林小满"),
    (MerchantFactory, "contact_phone", "13911112222"),
    (ApplicationFactory, "contact_phone", "13922223333"),
    (ApplicationFactory, "email", "tiantian@example.com"),
    (AddressFactory, "phone", "13733334444"), (AddressFactory, "detail", "文三路 1 号"),
])  # fmt: skip
def test_P4_contacts_are_revealed_for_a_reason_and_logged(office, boss, factory, field, value):
    row = factory()
    assert value not in office.get(page(row)).content.decode()

    refused = office.post(page(row, "reveal"), {"field": field, "reason": ""})
    assert value not in refused.content.decode()
    answer = office.post(page(row, "reveal"), {"field": field, "reason": WHY})

    assert value in answer.content.decode()
    log = OperationLog.objects.filter(operation__endswith=":reveal").order_by("-pk")[0]
    assert (log.admin_id, log.target_id, log.status) == (boss.pk, str(row.pk), "success")
    assert WHY in str(log.request_params)
    assert value not in str(log.request_params)


@pytest.mark.parametrize("role", ["finance", "customer_service", "content_manager"])
def test_who_may_neither_decide_nor_reveal(staff, role):
    person, browser = staff(role), Client()
    browser.force_login(person)
    confirm(browser, person)
    merchant, goods, row = MerchantFactory(), ProductFactory(status="reviewing"), AddressFactory()

    with nothing_changes():
        for address in (page(merchant, "decide"), page(goods, "decide")):
            body = {"decision": "approve"}
            assert browser.get(address).status_code == 403
            assert browser.post(address, body).status_code == 403
        for one in (merchant, row):
            body = {"field": "contact_phone", "reason": WHY}
            assert browser.post(page(one, "reveal"), body).status_code == 403
    assert Merchant.objects.get(pk=merchant.pk).status == "pending"
    assert Product.objects.get(pk=goods.pk).status == "reviewing"


def test_the_history_of_stock(office, user):
    goods = ProductFactory(stock=0, name="玫瑰")
    adjust(goods.pk, change=5, actor=user, note="补货")
    order = order_goods(UserFactory(), (goods, 2))

    text = office.get(reverse("admin:commerce_stockmovement_changelist")).content.decode()

    for shown in ("玫瑰", "补货", "下单占用", order.number):
        assert shown in text
