from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from commerce.admin.money import RemarkActionForm, remark_of
from config.admin import BackOfficeAdmin, ReadOnly, coloured
from config.errors import DomainError
from counseling.admin.times import span_text
from counseling.models import AffectedAppointment, AffectedStatus, TimeSlot
from counseling.services.affected import (
    MOST_OFFERED,
    cancel_affected,
    offer_slots,
    slots_to_offer,
)

CHOICES = 30
DAYS_AROUND = timedelta(days=2)
SOON = timedelta(hours=6)


class OfferForm(forms.Form):
    slots = forms.MultipleChoiceField(
        label="可改约的时段",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=f"最多 {MOST_OFFERED} 个；来访者接受其中一个后才会改约，价格不变",
    )

    def clean_slots(self):
        chosen = self.cleaned_data["slots"]
        if len(chosen) > MOST_OFFERED:
            raise ValidationError(f"最多选择 {MOST_OFFERED} 个时段")
        return [int(pk) for pk in chosen]


@admin.register(AffectedAppointment)
class AffectedAppointmentAdmin(ReadOnly, BackOfficeAdmin):
    """The queue of sessions that leave hits, most urgent first."""

    action_form = RemarkActionForm
    list_display = [
        "number", "when", "counselor", "cause", "status", "deadline", "offered_at",
        "resolved_at", "resolved_by",
    ]  # fmt: skip
    list_filter = [
        "status", "deadline_at", "leave__kind", ("leave__counselor", AutocompleteSelectFilter),
    ]  # fmt: skip
    list_select_related = ["appointment", "leave__counselor", "resolved_by"]
    search_fields = ["appointment__number__exact", "leave__counselor__name"]
    search_help_text = "预约编号（完整输入），或咨询师姓名"
    readonly_fields = ["when", "cause", "choices"]
    fields = [
        "appointment", "when", ("leave", "cause"), ("status", "deadline_at"), "choices",
        ("offered_by", "offered_at"), ("resolved_by", "resolved_at"), "created_at",
    ]  # fmt: skip
    actions = ["cancel_selected"]
    actions_detail = ["offer"]

    @display(description="预约编号", ordering="appointment__number")
    def number(self, row):
        return row.appointment.number

    @display(description="时间", ordering="appointment__start_at")
    def when(self, row):
        return row.appointment.time_text

    @display(description="原咨询师")
    def counselor(self, row):
        return row.leave.counselor

    @display(description="原因")
    def cause(self, row):
        return row.leave.get_kind_display()

    @display(description="处理截止", ordering="deadline_at")
    def deadline(self, row):
        """Red when it is near, yellow before."""
        moment = f"{timezone.localtime(row.deadline_at):%m-%d %H:%M}"
        if row.status != AffectedStatus.OPEN:
            return moment
        near = row.deadline_at - timezone.now() < SOON
        return coloured(moment, "danger" if near else "warning")

    @display(description="已提供的时段")
    def choices(self, row):
        return "；".join(map(_label, row.offered_slots.select_related("counselor"))) or "-"

    @action(description="取消所选预约并全额退款（说明选填）", permissions=["handle"])
    def cancel_selected(self, request, queryset):
        self.call_each(request, queryset, cancel_affected, reason=remark_of(request))

    @action(
        description="提供改约时段", url_path="offer", permissions=["handle"], icon="event_repeat"
    )
    def offer(self, request, object_id):
        row = self.get_object(request, object_id)
        if row is None or not self._reaches(request, row, "handle"):
            raise Http404
        form = OfferForm(request.POST or None)
        form.fields["slots"].choices = [(slot.pk, _label(slot)) for slot in _choices(row)]
        if request.method == "POST" and form.is_valid() and self._offered(request, row, form):
            page = "admin:counseling_affectedappointment_change"
            return HttpResponseRedirect(reverse(page, args=[row.pk]))
        context = self.admin_site.each_context(request) | {
            "title": "提供改约时段",
            "opts": self.opts,
            "form": form,
            "doing": _doing(row),
            "button": "提供给来访者",
            "back": reverse("admin:counseling_affectedappointment_change", args=[row.pk]),
        }
        return TemplateResponse(request, "admin/choose_slot.html", context)

    def _offered(self, request, row, form) -> bool:
        try:
            offer_slots(row.pk, actor=request.user, slot_ids=form.cleaned_data["slots"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return False
        self.message_user(request, "已提供，来访者会收到通知", messages.SUCCESS)
        return True

    def has_handle_permission(self, request, object_id=None):
        return request.user.has_perm("counseling.handle_affectedappointment")


def _doing(row: AffectedAppointment) -> str:
    session, leave = row.appointment, row.leave
    until = f"{timezone.localtime(row.deadline_at):%Y-%m-%d %H:%M}"
    why = f"{leave.counselor}{leave.get_kind_display()}"
    return f"预约 {session.number}（{session.time_text}，{why}），请在 {until} 前处理"


def _choices(row: AffectedAppointment) -> list[TimeSlot]:
    """The counselor's own next times, then other counselors' of about the same days."""
    slots = slots_to_offer(row, now=timezone.now()).select_related("counselor")
    session = row.appointment
    around = (session.start_at - DAYS_AROUND, session.start_at + DAYS_AROUND)
    others = slots.exclude(counselor=session.counselor_id).filter(start_at__range=around)
    return [*slots.filter(counselor=session.counselor_id)[:CHOICES], *others[:CHOICES]]


def _label(slot: TimeSlot) -> str:
    return f"{span_text(slot)} {slot.counselor.name}"
