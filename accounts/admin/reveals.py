"""The button 「查看完整信息」: one value in full, for a reason, in the operation log."""

from django import forms
from django.http import Http404
from django.template.response import TemplateResponse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.audit import log_request
from accounts.services.reveals import reveal
from config.admin.step_up import ask_first
from config.errors import DomainError


class RevealForm(forms.Form):
    field = forms.ChoiceField(label="查看内容", widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        label="原因",
        min_length=2,
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "例如：用户来电核对预约"}),
        help_text="查看人、对象、内容与原因会记入操作日志",
    )

    def __init__(self, *args, choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["field"].choices = choices


class Revealing:
    """Put before BackOfficeAdmin; the model says REVEALABLE and has a permission reveal_<model>."""

    actions_detail = ["reveal"]
    reveal_service = staticmethod(reveal)

    @action(
        description="查看完整信息", url_path="reveal", permissions=["reveal"], icon="visibility"
    )
    def reveal(self, request, object_id):
        row = self.get_object(request, object_id)
        if row is None or not self._reaches(request, row, "reveal"):
            raise Http404
        posted = request.method == "POST"
        if posted and (
            page := ask_first(request, f"查看{self.opts.verbose_name}“{row}”的完整信息")
        ):
            return page
        form = RevealForm(request.POST if posted else None, choices=list(row.REVEALABLE.items()))
        value = self._value(request, row, form) if posted and form.is_valid() else None
        context = self.admin_site.each_context(request) | {
            "title": "查看完整信息",
            "opts": self.opts,
            "original": row,  # its way in the header
            "row": row,
            "form": form,
            "value": value,
            "shown": row.REVEALABLE[form.cleaned_data["field"]] if value is not None else "",
        }
        return TemplateResponse(request, "admin/reveal.html", context)

    def _value(self, request, row, form) -> str | None:
        log_request(request, request.user)
        try:
            return self.reveal_service(row, form.cleaned_data["field"], actor=request.user)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return None

    def has_reveal_permission(self, request, object_id=None):
        allowed = request.user.has_perm(self.full_permission("reveal"))
        return allowed and self.has_view_permission(request)
