from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from commerce.admin.money import RemarkActionForm, remark_of
from commerce.admin.story import WithStory
from config.admin import BackOfficeAdmin, ReadOnly
from counseling.admin.analysis import AppointmentAnalysis
from counseling.admin.moving import Moving
from counseling.admin.story import SECTIONS
from counseling.models import Appointment
from counseling.services.appointments import cancel, complete, mark_no_show
from counseling.services.cancelling import policy_text


@admin.register(Appointment)
class AppointmentAdmin(Moving, WithStory, AppointmentAnalysis, ReadOnly, BackOfficeAdmin):
    """Read here, moved by the actions.  What the client wrote is for the two sides alone."""

    story = SECTIONS
    action_form = RemarkActionForm
    list_display = [
        "number", "when", "counselor", "client", "status", "kind", "mode", "price", "created_at",
    ]  # fmt: skip
    list_filter = [
        "status", "start_at", "created_at", "kind", "mode",
        ("counselor", AutocompleteSelectFilter),
    ]  # fmt: skip
    list_select_related = ["counselor", "client"]
    search_fields = [
        "number__exact", "user__phone__exact", "counselor__name",
        "order_item__order__number__exact",
    ]  # fmt: skip
    search_help_text = "预约编号、用户手机号、订单编号（完整输入），或咨询师姓名"
    fields = [
        "number", "status", ("user", "client"), ("counselor", "service"), ("kind", "mode"),
        ("start_at", "end_at"), ("times_moved", "remind_at"), "price", "order", "policy",
        "agreement", ("cancelled_by", "cancel_reason"), "created_at",
    ]  # fmt: skip
    readonly_fields = ["order", "policy"]
    actions = ["cancel_selected", "complete_selected", "no_show_selected"]

    @display(description="时间", ordering="start_at")
    def when(self, appointment):
        return appointment.time_text

    @display(description="订单")
    def order(self, appointment):
        order = appointment.order_item.order
        page = reverse("admin:commerce_order_change", args=[order.pk])
        link = '<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>'
        return format_html(link, page, order.number)

    @display(description="取消规则")
    def policy(self, appointment):
        return policy_text(appointment)

    @action(description="取消所选预约（全额退款）", permissions=["cancel"])
    def cancel_selected(self, request, queryset):
        self.call_each(request, queryset, cancel, reason=remark_of(request) or "平台取消")

    @action(description="标记为已完成", permissions=["complete"])
    def complete_selected(self, request, queryset):
        self.call_each(request, queryset, complete)

    @action(description="标记为未到场", permissions=["complete"])
    def no_show_selected(self, request, queryset):
        self.call_each(request, queryset, mark_no_show)

    def has_cancel_permission(self, request):
        return request.user.has_perm("counseling.cancel_appointment")

    def has_complete_permission(self, request):
        return request.user.has_perm("counseling.complete_appointment")
