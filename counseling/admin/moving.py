"""Staff move a session to another time of its counselor, and say why."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.errors import DomainError
from counseling.admin.times import span_text
from counseling.models import Appointment, AppointmentStatus, TimeSlot
from counseling.services.rescheduling import reschedule, slots_to_move_to

CHOICES = 200


class MoveForm(forms.Form):
    slots = forms.TypedChoiceField(
        label="新时段", coerce=int, widget=UnfoldAdminSelectWidget,
        help_text="不受咨询师的最短提前与每日、每周上限约束；价格与取消规则不变",
    )  # fmt: skip
    reason = forms.CharField(
        label="改约原因", max_length=200, widget=UnfoldAdminTextInputWidget,
        help_text="来访者与咨询师在预约详情中可见",
    )  # fmt: skip


class Moving:
    """The page of a session has an action that asks for the new time and the reason."""

    actions_detail = ["move"]

    @action(description="改约", url_path="move", permissions=["reschedule"], icon="event_repeat")
    def move(self, request, object_id):
        row = self.get_object(request, object_id)
        if row is None or not self._reaches(request, row, "reschedule"):
            raise Http404
        page = reverse("admin:counseling_appointment_change", args=[row.pk])
        form = MoveForm(request.POST or None)
        form.fields["slots"].choices = [(slot.pk, span_text(slot)) for slot in _choices(row)]
        if request.method == "POST" and form.is_valid() and self._moved(request, row, form):
            return HttpResponseRedirect(page)
        context = self.admin_site.each_context(request) | {
            "title": "改约",
            "opts": self.opts,
            "form": form,
            "doing": f"预约 {row.number}（{row.time_text}，{row.counselor}，{row.client}，"
            f"{row.get_status_display()}）",
            "button": "改到该时段",
            "back": page,
        }
        return TemplateResponse(request, "admin/choose_slot.html", context)

    def _moved(self, request, row: Appointment, form: MoveForm) -> bool:
        wanted = form.cleaned_data
        try:
            reschedule(row.pk, slot_id=wanted["slots"], actor=request.user, reason=wanted["reason"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return False
        self.message_user(request, "已改约，双方会收到通知", messages.SUCCESS)
        return True

    def has_reschedule_permission(self, request, object_id=None):
        return request.user.has_perm("counseling.reschedule_appointment")


def _choices(row: Appointment) -> list[TimeSlot]:
    if row.status != AppointmentStatus.CONFIRMED:
        return []
    return list(slots_to_move_to(row, now=timezone.now())[:CHOICES])
