from collections.abc import Iterator
from itertools import groupby

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from commerce.admin.decisions import Deciding, Decision
from commerce.admin.money import RemarkActionForm, remark_of
from config.admin import BackOfficeAdmin, badge, coloured
from counseling.admin.making import MadeByCleaning
from counseling.admin.times import day_text, hours_text
from counseling.models import (
    AffectedAppointment,
    AffectedStatus,
    Appointment,
    LeaveKind,
    LeaveRequest,
    LeaveStatus,
)
from counseling.services.leave import (
    approve_leave,
    impact_of,
    reject_leave,
    request_leave,
    withdraw_leave,
)


class NewLeaveForm(MadeByCleaning, forms.ModelForm):
    """Leave for a counselor."""

    reason = forms.CharField(
        label="事由", max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )

    class Meta:
        model = LeaveRequest
        fields = ["counselor", "start_at", "end_at", "reason"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "end_at" in self.fields:  # a suspension has none
            self.fields["end_at"].required = True

    def make(self, data):
        return request_leave(
            data["counselor"].pk, actor=self.actor, start_at=data["start_at"],
            end_at=data["end_at"], reason=data["reason"],
        )  # fmt: skip


@admin.register(LeaveRequest)
class LeaveRequestAdmin(Deciding, BackOfficeAdmin):
    """The queue of leave: what each takes away is on its page, before it is decided and after."""

    form = NewLeaveForm
    change_form_after_template = "admin/sections.html"
    action_form = RemarkActionForm
    list_display = [
        "counselor", "kind", "status", "start_at", "end_at", "unhandled", "requested_by",
        "created_at", "reviewed_by",
    ]  # fmt: skip
    list_filter = ["status", "kind", "start_at", ("counselor", AutocompleteSelectFilter)]
    list_select_related = ["counselor", "requested_by", "reviewed_by"]
    search_fields = ["counselor__name"]
    search_help_text = "咨询师姓名"
    autocomplete_fields = ["counselor"]
    fields = [
        ("counselor", "kind"), "status", ("start_at", "end_at"), "reason",
        ("requested_by", "created_at"), ("reviewed_by", "reviewed_at"), "review_note",
    ]  # fmt: skip
    actions = ["approve", "reject"]
    decisions = {
        "approve": Decision("批准", LeaveStatus.APPROVED, approve_leave, "note"),
        "reject": Decision("驳回", LeaveStatus.REJECTED, reject_leave, "note"),
        "end": Decision("销假", LeaveStatus.ENDED, withdraw_leave, "reason"),
    }

    def get_fields(self, request, obj=None):
        return self.fields if obj else NewLeaveForm.Meta.fields

    def get_readonly_fields(self, request, obj=None):
        return flatten(self.fields) if obj else []

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.actor = request.user
        return form

    def save_model(self, request, obj, form, change):
        """Nothing: the form asked for it, and what was asked is not edited."""

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def has_review_permission(self, request, object_id=None):
        return request.user.has_perm("counseling.review_leaverequest")

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        if obj is not None:
            context["sections"] = list(_sections(obj))
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def get_queryset(self, request):
        unhandled = Count("affected", filter=Q(affected__status=AffectedStatus.OPEN))
        return super().get_queryset(request).annotate(unhandled_count=unhandled)

    @display(description="待处理预约", ordering="unhandled_count")
    def unhandled(self, leave):
        count = leave.unhandled_count
        return coloured(str(count), "danger") if count else "-"

    def _possible(self, row):
        """A suspension ends when the counselor is published again."""
        return super()._possible(row) if row.kind == LeaveKind.LEAVE else []

    @action(description="批准所选休假（说明选填）", permissions=["review"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, approve_leave, note=remark_of(request))

    @action(description="驳回所选休假（请填写说明）", permissions=["review"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, reject_leave, note=remark_of(request))


def _sections(leave: LeaveRequest) -> Iterator[dict]:
    """What it takes away, in words."""
    impact = impact_of(leave)
    waits = leave.status == LeaveStatus.PENDING
    handled = {row.appointment_id: row for row in leave.affected.all()}
    yield {
        "title": "将受影响的预约" if waits else "受影响的预约",
        "total": len(impact.appointments),
        "heads": ["预约编号", "时间", "预约状态", "处理结果", "处理截止"],
        "lines": [_line(session, handled.get(session.pk)) for session in impact.appointments],
    }
    yield {
        "title": "将关闭的空闲时段" if waits else "已关闭的时段",
        "total": len(impact.slots),
        "heads": ["日期", "时段"],
        "lines": [
            {"cells": [day, "、".join(hours_text(slot) for slot in slots)]}
            for day, slots in groupby(impact.slots, key=day_text)
        ],
    }


def _line(session: Appointment, row: AffectedAppointment | None) -> dict:
    page = "admin:counseling_affectedappointment_change"
    return {
        "cells": [
            session.number,
            session.time_text,
            badge(session.status, session.get_status_display()),
            badge(row.status, row.get_status_display()) if row else "-",
            f"{timezone.localtime(row.deadline_at):%Y-%m-%d %H:%M}" if row else "-",
        ],
        "link": reverse(page, args=[row.pk]) if row else "",
    }
