"""The queue of those who ask to read notes of sessions, and the page that shows them once allowed.

The notes themselves have no page of their own: they are found by nothing.
"""

from django import forms
from django.contrib import admin
from django.http import Http404
from django.template.response import TemplateResponse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.audit import log_request
from accounts.scope import scoped
from commerce.admin.money import RemarkActionForm, remark_of
from config.admin import BackOfficeAdmin, ReadOnly
from config.admin.step_up import ask_first
from config.errors import DomainError
from counseling.models import Appointment, NoteAccess
from counseling.services.note_access import (
    ASK,
    approve_access,
    close_access,
    read_notes,
    reject_access,
    request_access,
)


class AskForm(forms.ModelForm):
    number = forms.CharField(label="预约编号", max_length=32, widget=UnfoldAdminTextInputWidget)
    reason = forms.CharField(
        label="原因",
        min_length=2,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="批准后，来访者与咨询师都会看到",
    )

    class Meta:
        model = NoteAccess
        fields = ["reason"]

    def clean_number(self):
        reached = scoped(Appointment.objects.all(), self.user, ASK)
        found = reached.filter(number=self.cleaned_data["number"]).values_list("pk", flat=True)
        if not found:
            raise forms.ValidationError("没有这个预约")
        return found[0]


@admin.register(NoteAccess)
class NoteAccessAdmin(ReadOnly, BackOfficeAdmin):
    action_form = RemarkActionForm
    step_up = frozenset({"approve"})
    secret_lookups = frozenset({"appointment"})
    list_display = [
        "id", "counselor", "reason", "status", "requested_by", "created_at", "decided_by",
        "ends_at", "reads",
    ]  # fmt: skip
    list_filter = ["status", "created_at"]
    list_select_related = ["appointment__counselor", "requested_by", "decided_by"]
    search_fields = ["appointment__number__exact", "requested_by__username__exact"]
    search_help_text = "预约编号或申请人用户名（完整输入）"
    readonly_fields = ["counselor"]
    fields = [
        "counselor", "appointment", "reason", "status", "requested_by", "created_at",
        ("decided_by", "decided_at"), "ends_at", ("reads", "last_read_at"),
    ]  # fmt: skip
    actions = ["approve", "reject", "close"]
    actions_detail = ["read"]

    @admin.display(description="咨询师")
    def counselor(self, access):
        return access.appointment.counselor.name

    def get_fields(self, request, obj=None):
        return super().get_fields(request, obj) if obj else ["number", "reason"]

    def get_readonly_fields(self, request, obj=None):
        return super().get_readonly_fields(request, obj) if obj else []

    def get_form(self, request, obj=None, **kwargs):
        if obj is not None:
            return super().get_form(request, obj, **kwargs)
        return type("AskForm", (AskForm,), {"user": request.user})

    def save_model(self, request, obj, form, change):
        made = request_access(form.cleaned_data["number"], actor=request.user, reason=obj.reason)
        obj.pk, obj.appointment_id, obj.requested_by = made.pk, made.appointment_id, request.user

    @action(description="批准所选申请", permissions=["approve"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, approve_access)

    @action(description="拒绝所选申请", permissions=["approve"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, reject_access, reason=remark_of(request))

    @action(description="结束所选查阅", permissions=["approve"])
    def close(self, request, queryset):
        self.call_each(request, queryset, close_access)

    @action(description="查阅记录", url_path="read", permissions=["request"], icon="menu_book")
    def read(self, request, object_id):
        access = self.get_object(request, object_id)
        if access is None or not self._reaches(request, access, "request"):
            raise Http404
        posted = request.method == "POST"
        if posted and (page := ask_first(request, f"查阅“{access}”的咨询记录")):
            return page
        form = forms.Form(request.POST if posted else None)
        notes = self._notes(request, access, form) if posted and form.is_valid() else None
        context = self.admin_site.each_context(request) | {
            "title": "查阅咨询记录",
            "opts": self.opts,
            "original": access,
            "row": access,
            "form": form,
            "notes": notes,
        }
        return TemplateResponse(request, "admin/session_notes.html", context)

    def _notes(self, request, access, form):
        log_request(request, request.user)
        try:
            return read_notes(access.pk, actor=request.user)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return None

    def has_add_permission(self, request):
        return request.user.has_perm(ASK)

    def has_request_permission(self, request, object_id=None):
        return self.has_add_permission(request) and self.has_view_permission(request)

    def has_approve_permission(self, request):
        return request.user.has_perm(self.full_permission("approve"))
