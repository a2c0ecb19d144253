"""The button 「审核」 on one row's page: what staff may decide about it now, with a reason."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from config.errors import DomainError


@dataclass(frozen=True)
class Decision:
    """to: the status it leads to; words: the name of the service's argument for the reason."""

    label: str
    to: str
    service: Callable
    words: str = ""


class DecisionForm(forms.Form):
    decision = forms.ChoiceField(label="决定", widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        label="原因",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "驳回、下架或暂停时必填"}),
        help_text="会原样告知对方",
    )

    def __init__(self, *args, choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = choices


class Deciding:
    """Put before BackOfficeAdmin; the model has TRANSITIONS, and the page
    has_review_permission()."""

    decisions: dict[str, Decision] = {}
    actions_detail = ["decide"]

    @action(description="审核", url_path="decide", permissions=["review"], icon="gavel")
    def decide(self, request, object_id):
        row = self.get_object(request, object_id)
        if row is None or not self._reaches(request, row, "review"):
            raise Http404
        posted = request.method == "POST"
        form = DecisionForm(request.POST if posted else None, choices=self._possible(row))
        if posted and form.is_valid() and self._carry_out(request, row, form):
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(page, args=[row.pk]))
        context = self.admin_site.each_context(request) | {
            "title": "审核",
            "opts": self.opts,
            "row": row,
            "form": form,
        }
        return TemplateResponse(request, "admin/decide.html", context)

    def _possible(self, row) -> list[tuple[str, str]]:
        return [
            (name, decision.label)
            for name, decision in self.decisions.items()
            if row.TRANSITIONS.allows(row.status, decision.to)
        ]

    def _carry_out(self, request, row, form) -> bool:
        decision = self.decisions[form.cleaned_data["decision"]]
        said = {decision.words: form.cleaned_data["reason"]} if decision.words else {}
        try:
            decision.service(row.pk, actor=request.user, **said)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return False
        self.message_user(request, f"{row}：{decision.label}", messages.SUCCESS)
        return True
