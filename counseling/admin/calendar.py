"""A counselor's week to read, and the batch tool: pages of their own under 时段."""

from datetime import date, timedelta

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDateWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTimeWidget,
    UnfoldBooleanWidget,
)

from accounts.scope import scoped
from config.days import monday_of
from config.errors import DomainError
from counseling.models import Counselor, SlotStatus, Weekday
from counseling.services.slot_batches import Batch
from counseling.services.slot_patterns import LONGEST_DAYS, Pattern, run_pattern
from counseling.services.week import week_of

VIEW, CHANGE = "counseling.view_timeslot", "counseling.change_timeslot"
REASONS = {
    "overlap": "与其他时段重叠", "past": "已经开始", "times": "时间无效", "on_leave": "休假中",
    "in_use": "已有预约", "unknown": "不存在", "crossing": "互相交叉",
    "already_open": "已开放", "already_closed": "已关闭",
}  # fmt: skip


def _counselors(user, permission: str) -> list[tuple[int, str]]:
    rows = scoped(Counselor.objects.all(), user, permission)
    return list(rows.order_by("name", "pk").values_list("pk", "name"))


class SlotCalendar:
    """Put before TimeSlotAdmin."""

    def get_urls(self):
        wrap = self.admin_site.admin_view
        return [
            path("week/", wrap(self.week), name="counseling_timeslot_week"),
            path("batch/", wrap(self.batch), name="counseling_timeslot_batch"),
            *super().get_urls(),
        ]

    def week(self, request):
        """Monday first, times of Asia/Shanghai; a block leads to its appointment or slot."""
        if not request.user.has_perm(VIEW):
            raise PermissionDenied
        counselors = _counselors(request.user, VIEW)
        counselor_id = _chosen(request.GET.get("counselor", ""), counselors)
        monday = monday_of(_day(request.GET.get("date", "")))
        context = self.admin_site.each_context(request) | {
            "title": "周历",
            "opts": self.opts,
            "counselors": counselors,
            "counselor_id": counselor_id,
            "week": counselor_id and week_of(counselor_id, monday),
            "monday": monday,
            "sunday": monday + timedelta(days=6),
            "earlier": monday - timedelta(days=7),
            "later": monday + timedelta(days=7),
            "today": timezone.localdate(),
            "statuses": SlotStatus.choices,
            "sees_appointments": request.user.has_perm("counseling.view_appointment"),
            "may_change": request.user.has_perm(CHANGE),
        }
        return TemplateResponse(request, "admin/slot_week.html", context)

    def batch(self, request):
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied
        form = BatchForm(
            request.POST or None,
            counselors=_counselors(request.user, CHANGE),
            initial={"counselor": request.GET.get("counselor")},
        )
        batch = None
        if request.method == "POST" and form.is_valid():
            batch = self._run(request, form)
        context = self.admin_site.each_context(request) | {
            "title": "批量排时段",
            "opts": self.opts,
            "form": form,
            "batch": batch,
            "rows": [] if batch is None else [_words(one) for one in batch.conflicts],
        }
        return TemplateResponse(request, "admin/slot_batch.html", context)

    def _run(self, request, form) -> Batch | None:
        preview = "preview" in request.POST
        try:
            batch = run_pattern(
                form.cleaned_data["counselor"], form.pattern(), what=form.cleaned_data["what"],
                actor=request.user, partly=True if preview else form.cleaned_data["partly"],
                dry_run=preview,
            )  # fmt: skip
        except DomainError as error:
            form.add_error(None, str(error))
            return None
        if not preview:
            messages.success(request, f"已处理 {len(batch.slots)} 个时段")
        return batch


def _date():
    return UnfoldAdminDateWidget(attrs={"type": "date"}, format="%Y-%m-%d")


def _time():
    return UnfoldAdminTimeWidget(attrs={"type": "time"}, format="%H:%M")


class BatchForm(forms.Form):
    counselor = forms.TypedChoiceField(label="咨询师", coerce=int, widget=UnfoldAdminSelectWidget)
    what = forms.ChoiceField(
        label="操作",
        choices=[("add", "新增"), ("close", "关闭"), ("reopen", "重新开放")],
        widget=UnfoldAdminSelectWidget,
    )
    first = forms.DateField(label="从", widget=_date())
    last = forms.DateField(label="到（含）", widget=_date())
    weekdays = forms.TypedMultipleChoiceField(
        label="星期", coerce=int, choices=Weekday.choices, initial=[0, 1, 2, 3, 4],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )  # fmt: skip
    start_time = forms.TimeField(label="开始时间", widget=_time())
    end_time = forms.TimeField(
        label="结束时间", widget=_time(), help_text="不晚于开始时间时，指次日"
    )
    slot_minutes = forms.IntegerField(
        label="每段时长(分钟)", initial=50, min_value=10, max_value=480, help_text="仅用于新增",
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    break_minutes = forms.IntegerField(
        label="间隔(分钟)", initial=10, min_value=0, max_value=240, help_text="仅用于新增",
        widget=UnfoldAdminIntegerFieldWidget,
    )  # fmt: skip
    partly = forms.BooleanField(
        label="跳过有冲突的", required=False, help_text="不勾选时，有一个冲突就全部不做",
        widget=UnfoldBooleanWidget,
    )  # fmt: skip

    def __init__(self, *args, counselors, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["counselor"].choices = counselors

    def clean(self):
        data = super().clean()
        first, last = data.get("first"), data.get("last")
        if first and last and not timedelta(0) <= last - first < timedelta(days=LONGEST_DAYS):
            self.add_error("last", f"请选择开始日期之后 {LONGEST_DAYS} 天以内的日期")
        return data

    def pattern(self) -> Pattern:
        names = ("first", "last", "start_time", "end_time", "slot_minutes", "break_minutes")
        return Pattern(
            weekdays=frozenset(self.cleaned_data["weekdays"]),
            **{name: self.cleaned_data[name] for name in names},
        )


def _words(conflict) -> dict:
    return {
        "start": conflict.start_at,
        "end": conflict.end_at,
        "reason": REASONS.get(conflict.reason, conflict.reason),
        "link": conflict.with_slot_id
        and reverse("admin:counseling_timeslot_change", args=[conflict.with_slot_id]),
    }


def _chosen(text: str, counselors: list[tuple[int, str]]) -> int | None:
    """The counselor that is asked for, the first when none is; 404 for one out of reach."""
    known = [pk for pk, _ in counselors]
    if not text:
        return known[0] if known else None
    if not (text.isascii() and text.isdigit()) or int(text) not in known:
        raise Http404
    return int(text)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
    return day if 2000 <= day.year < 2100 else timezone.localdate()
