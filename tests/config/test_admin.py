"""The back office's bases and its own pages, without a browser."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from accounts.audit import move
from accounts.models import LoginLog, User
from accounts.services.parameters import forget_parameters, parameter
from commerce.models import Order
from config.admin import BackOfficeAdmin, DayRangeFilter, masked, yuan
from config.admin.schedules import schedule_text
from config.db import transact
from config.masking import mask_phone

pytestmark = pytest.mark.django_db


# Bases


def test_amounts_and_numbers_are_written_for_people():
    assert yuan(Decimal("1234.5")) == "¥1,234.50"
    assert yuan(None) == "-"


def test_a_masked_column_follows_a_path_and_shows_a_dash_for_nothing():
    column = masked("user__phone", "手机号", mask_phone)

    assert column(Order(user=User(phone="13812345678"))) == "138****5678"
    assert column(Order(user=User())) == "-"


def test_lists_colour_a_status_and_write_yuan(rf):
    class Page(BackOfficeAdmin):
        list_display = ["number", "status", "total_amount"]

    number, status, amount = Page(Order, admin.site).get_list_display(rf.get("/"))
    order = Order(number="ORD1", status="paid", total_amount=Decimal(1200))

    assert number == "number"
    assert "已支付" in status(order)
    assert "bg-green-100" in status(order)
    assert amount(order) == "¥1,200.00"
    assert (amount.short_description, amount.admin_order_field) == ("总金额", "total_amount")


def logged(*moments):
    for moment in moments:
        log = LoginLog.objects.create(method="password", succeeded=True)
        LoginLog.objects.filter(pk=log.pk).update(created_at=datetime.fromisoformat(moment))


def test_a_range_of_days_holds_its_last_day_to_midnight(rf):
    logged(
        "2026-11-19T15:59:59+00:00",  # the 19th, 23:59:59 in Shanghai
        "2026-11-19T16:00:00+00:00",  # the 20th, 00:00
        "2026-11-20T15:59:59+00:00",  # the 20th, 23:59:59
        "2026-11-20T16:00:00+00:00",  # the 21st, 00:00
    )
    field = LoginLog._meta.get_field("created_at")
    page = BackOfficeAdmin(LoginLog, admin.site)
    chosen = {"created_at_from": ["2026-11-20"], "created_at_to": ["2026-11-20"]}

    days = DayRangeFilter(field, rf.get("/"), chosen, LoginLog, page, "created_at")

    found = days.queryset(rf.get("/"), LoginLog.objects.all()).values_list("created_at", flat=True)
    assert sorted(found) == [
        datetime(2026, 11, 19, 16, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC),
    ]


def test_a_day_that_is_none_filters_nothing(rf):
    logged("2026-11-20T15:59:59+00:00")
    field, page = LoginLog._meta.get_field("created_at"), BackOfficeAdmin(LoginLog, admin.site)

    days = DayRangeFilter(
        field, rf.get("/"), {"created_at_from": ["2026-99-99"]}, LoginLog, page, "created_at"
    )

    assert days.queryset(rf.get("/"), LoginLog.objects.all()).count() == 1


# Parameters


def saved(office, **values):
    """Post the page of parameters as it stands, with these values changed."""
    page = reverse("admin:constance_config_changelist")
    form = office.get(page).context["form"]
    return office.post(page, {**form.initial, **values}, follow=True)


def test_a_saved_parameter_is_live(office):
    response = saved(office("super_admin"), CANCEL_FREE_HOURS=48)

    assert "参数已保存，立即生效。" in response.content.decode()
    forget_parameters()
    assert parameter("CANCEL_FREE_HOURS") == 48


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ORDER_TTL_SECONDS", 0, "确保该值大于或等于1"),
        ("ORDER_TTL_SECONDS", "abc", "输入整数"),
        ("CANCEL_FEE_PERCENT", 101, "确保该值小于或等于100"),
        ("MAX_UNPAID_HOLDS", -1, "确保该值大于或等于1"),
        ("CANCEL_FEE_HOURS", 25, "不能大于“开始前多少小时可免费取消”"),
    ],
)
def test_a_value_out_of_range_is_refused(office, name, value, words):
    before = parameter(name)

    response = saved(office("super_admin"), **{name: value})

    assert words in response.content.decode().replace(" ", "")
    forget_parameters()
    assert parameter(name) == before


# Periodic tasks


@pytest.fixture
def task(db):
    every, _ = IntervalSchedule.objects.get_or_create(every=20, period="seconds")
    name, path = "发送通知", "accounts.deliver_notifications"
    return PeriodicTask.objects.create(name=name, task=path, interval=every)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"interval": IntervalSchedule(every=20, period="seconds")}, "每 20 秒"),
        ({"interval": IntervalSchedule(every=3600, period="seconds")}, "每小时"),
        ({"interval": IntervalSchedule(every=5, period="minutes")}, "每 5 分钟"),
        ({"crontab": CrontabSchedule(hour="4", minute="5")}, "每天 04:05"),
        ({"crontab": CrontabSchedule(hour="4", minute="5", day_of_week="1")}, "5 4 * * 1"),
    ],
)
def test_a_schedule_is_told_in_words(schedule, words):
    assert schedule_text(PeriodicTask(**schedule)) == words


def test_pausing_a_task_keeps_it_and_beat_is_told(office, task):
    page = reverse("admin:django_celery_beat_periodictask_changelist")

    response = office("super_admin").post(
        page, {"action": "pause", "_selected_action": [task.pk]}, follow=True
    )

    assert "已暂停 1 个任务" in response.content.decode()
    task.refresh_from_db()
    assert task.enabled is False


def test_what_the_code_says_of_a_task_cannot_be_changed(office, task):
    page = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk])

    office("super_admin").post(page, {"name": "别的", "task": "other.task", "enabled": ""})

    task.refresh_from_db()
    assert (task.name, task.task) == ("发送通知", "accounts.deliver_notifications")
    assert task.enabled is False


# Dashboard


def test_the_dashboard_shows_what_the_viewers_permissions_allow(office):
    def titles(role):
        context = office(role).get("/admin/").context
        shown = [*context["figures"], *context["queues"]]
        return [entry.title for entry in shown], [chart["title"] for chart in context["charts"]]

    assert titles("content_manager") == ([], [])
    money = [
        "待审核的退款", "待复核的退款", "退款异常", "待复核的线下收退款", "待线下退回",
        "未处理的资金异常",
    ]  # fmt: skip
    assert titles("finance") == (
        ["已付订单", "收款", "退款", *money],
        ["近 14 天业务量", "近 14 天收款与退款（元）"],
    )
    everything, _ = titles("super_admin")
    assert everything == [
        "新预约", "今日咨询", "新认领", "已付订单", "收款", "退款", "新用户",
        "待裁定的争议", "待审核的咨询师", "待审核的咨询师申请", "待审核的资质",
        "待审批的休假", "待处理的受影响预约",
        "申请提前结束的认领", "待审核的动物", "无法生成的认领协议", *money,
        "发送失败的通知",
    ]  # fmt: skip


def test_the_dashboard_costs_a_fixed_number_of_statements(office, django_assert_max_num_queries):
    client = office("super_admin")
    client.get("/admin/")

    with django_assert_max_num_queries(24):  # session, user, menu, and one per figure and queue
        client.get("/admin/")


def test_new_users_of_today_are_compared_with_yesterday_at_this_time(office, time_machine):
    time_machine.move_to(datetime(2026, 11, 21, 4, 0, tzinfo=UTC), tick=False)
    client = office("admin")  # one person, today
    for hours in (25, 23, 20):  # yesterday 11:00, 13:00 and 16:00 in Shanghai
        user = User.objects.create(username=f"u{hours}")
        then = timezone.now() - timedelta(hours=hours)
        User.objects.filter(pk=user.pk).update(created_at=then)

    page = client.get("/admin/").content.decode()

    assert "较昨日此时 持平" in page
    assert "昨日全天 3" in page


def test_moves_of_a_status_stand_below_the_form(office, user):
    order = Order.objects.create(
        number="ORD1", user=user, total_amount=120, expires_at=timezone.now()
    )
    transact(move)(order, "cancelled", actor=user, reason="不想要了")

    page = office("finance").get(reverse("admin:commerce_order_change", args=[order.pk]))

    [change] = page.context["status_history"]
    assert (change["actor"], change["reason"]) == (user, "不想要了")
    assert ("待支付" in change["old"], "已取消" in change["new"]) == (True, True)
    assert "不想要了" in page.content.decode()
