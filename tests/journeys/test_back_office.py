"""The back office as its people see it: in Chromium, against a running server."""

import pytest
from django.contrib import admin
from django.urls import reverse

from accounts.models import Menu, User
from commerce.models import Order, Refund, RefundReason
from commerce.services.refunds import request_refund
from counseling.models import TimeSlot
from tests.factories.counseling import booked, confirmed
from tests.journeys.browser import IN_CHROMIUM, Office, english
from tests.journeys.office_world import fill

pytestmark = IN_CHROMIUM


@pytest.fixture
def logged_in(office, staff):
    """logged_in("finance") is the tab with somebody of that role in it."""

    def enter(role: str) -> Office:
        staff(role, username=f"a_{role}")
        office.open("/admin/")
        office.log_in(f"a_{role}")
        return office

    return enter


def sidebar(office: Office) -> list[str]:
    return [words.split("\n")[-1] for words in office.all("#nav-sidebar-inner li a")]


def test_logging_in_and_out(office, staff):
    staff("finance", username="laozhou", nickname="财务老周")

    assert "欢迎回到" in office.open("/admin/commerce/order/")
    refused = office.log_in("laozhou", "not-the-password")
    assert "账号或密码错误，或没有进入后台的权限" in refused

    arrived = office.log_in("laozhou")
    assert office.path() == "/admin/commerce/order/"
    assert "财务老周" in arrived

    office.click("#nav-sidebar-inner >> text=财务老周")
    assert "您已成功退出管理后台" in office.click("text=注销")


def test_the_dashboard_counts_today_and_leads_to_the_work(logged_in):
    paid = confirmed()
    booked()
    order_id, why = paid.order_item.order_id, "计划有变"
    request_refund(order_id, user=paid.user, reason_code=RefundReason.OTHER, reason=why)
    office = logged_in("super_admin")

    figures = [words.split("\n")[-4:] for words in office.all(".office-figure")]
    assert ["新预约", "2", "较昨日此时 +2", "昨日全天 0"] in figures
    assert ["收款", "¥300.00", "较昨日此时 +¥300.00", "昨日全天 ¥0.00"] in figures
    assert len(office.all("canvas.chart")) == 2

    assert why in office.click(".office-queues >> text=待审核的退款")
    assert office.rows() == 1


def test_finding_filtering_and_cancelling_orders(logged_in):
    first, second, paid = booked(), booked(), confirmed()
    office = logged_in("customer_service")

    office.open("/admin/commerce/order/")
    assert office.rows() == 3
    office.search(first.order_item.order.number)
    assert office.rows() == 1
    office.open("/admin/commerce/order/?status__exact=pending")
    assert office.rows() == 2

    office.open("/admin/commerce/order/")
    words = office.run_action("取消所选订单（仅限未支付）")
    assert "已处理 2 条" in words
    assert f"{paid.order_item.order}：" in words  # a paid one is refused, and says why
    assert dict(Order.objects.values_list("pk", "status")) == {
        first.order_item.order_id: "cancelled",
        second.order_item.order_id: "cancelled",
        paid.order_item.order_id: "paid",
    }
    assert dict(TimeSlot.objects.values_list("pk", "status")) == {
        first.slot_id: "open",
        second.slot_id: "open",
        paid.slot_id: "booked",
    }


def test_filtering_by_days_in_the_sheet(logged_in):
    old, new = booked(), booked()
    Order.objects.filter(pk=old.order_item.order_id).update(created_at="2026-01-31T15:59:59Z")
    office = logged_in("finance")

    office.open("/admin/commerce/order/")
    office.click("a:has-text('过滤器')")
    office.fill("input[name=created_at_from]", "2026-01-31")
    office.fill("input[name=created_at_to]", "2026-01-31")
    words = office.click("button:has-text('应用筛选')")

    assert office.rows() == 1
    assert old.order_item.order.number in words
    assert new.order_item.order.number not in words


def test_approving_a_refund(logged_in):
    paid = confirmed()
    refund = request_refund(
        paid.order_item.order_id, user=paid.user, reason_code=RefundReason.OTHER
    )
    office = logged_in("finance")

    office.open("/admin/commerce/refund/?status__exact=requested")
    assert "已处理 1 条" in office.run_action("同意退款")

    approved = Refund.objects.get(pk=refund.pk)
    assert (approved.status, approved.reviewed_by.username) == ("approved", "a_finance")


def test_finance_sees_money_alone_and_is_refused_elsewhere(logged_in):
    office = logged_in("finance")

    assert sidebar(office) == [
        "工作台", "订单", "发货", "微信发货信息", "支付记录", "退款", "线下收退款", "资金异常",
        "账目", "渠道账单", "对账差异", "支付通知", "用户分析", "订单分析", "预约分析", "认领分析",
    ]  # fmt: skip
    office.expected = {403}
    assert "您没有查看此页面或执行此操作的权限" in office.open("/admin/accounts/user/")
    assert "您没有查看此页面或执行此操作的权限" in office.open("/admin/constance/config/")


def test_the_sidebar_hides_what_was_hidden_and_the_page_still_opens(logged_in):
    Menu.objects.filter(title="资金异常").update(visible=False)
    office = logged_in("finance")

    assert "资金异常" not in sidebar(office)
    assert "没有找到结果" in office.open("/admin/commerce/paymentanomaly/")


def pages_of(model, model_admin, request) -> list[str]:
    """Every page this model has for whoever asks: list, search, empty list, form, history …"""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    listing = reverse(f"{name}_changelist")
    if not hasattr(model, "objects"):
        return [listing]
    pages = [listing, f"{listing}?q=nothing-is-called-this"]
    row = model_admin.get_queryset(request).first()
    assert row is not None, f"tests.journeys.office_world makes no {model._meta.label}"
    pages += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "history")]
    if model_admin.has_delete_permission(request, row):
        pages.append(reverse(f"{name}_delete", args=[row.pk]))
    if model_admin.has_add_permission(request):
        pages.append(reverse(f"{name}_add"))
    return pages


def test_every_page_opens_in_chinese_and_asks_nobody_else(logged_in, rf):
    fill()
    office = logged_in("super_admin")
    request = rf.get("/admin/")
    request.user = User.objects.get(username="a_super_admin")
    found = {}

    for model, model_admin in admin.site._registry.items():
        for path in pages_of(model, model_admin, request):
            office.open(path)
            if wrong := [*english(office.texts()), *office.unfinished()]:
                found[path] = wrong

    assert found == {}
