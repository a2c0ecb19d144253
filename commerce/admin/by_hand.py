"""The button 「线下收款」 or 「线下退款登记」 on one row's page: what changed hands, all of it."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from commerce.models import OfflineStatus, OfflineWay
from commerce.services.proofs import Proof
from config.admin import yuan
from config.admin.step_up import ask_first
from config.errors import DomainError

_SAID = {
    OfflineStatus.CONFIRMED: "已登记并确认",
    OfflineStatus.WAITING: "已登记，待另一位同事复核",
}


CHOSEN = "proof_chosen"  # carried through the page that asks for the password


class OfflineForm(forms.Form):
    way = forms.ChoiceField(
        label="方式", choices=OfflineWay.choices, widget=UnfoldAdminSelectWidget
    )
    reference = forms.RegexField(
        r"\A[0-9A-Za-z_-]{4,64}\Z",
        label="凭证号",
        help_text="银行流水号或收据编号，4 至 64 位字母、数字；每个凭证号只能登记一次",
        widget=UnfoldAdminTextInputWidget,
    )
    note = forms.CharField(
        label="说明", max_length=200, required=False, widget=UnfoldAdminTextInputWidget
    )
    proof = forms.FileField(
        label="凭证图片",
        required=False,
        help_text="选填；JPEG、PNG、WebP 或 GIF，不超过 10 MB，随登记一并保存",
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": "image/*"}),
    )

    def clean(self):
        """Asking for the password in between loses what was chosen: it is chosen again."""
        if self.data.get(CHOSEN) and not self.cleaned_data.get("proof"):
            self.add_error("proof", "验证身份后请重新选择凭证图片")
        return self.cleaned_data

    def clean_proof(self):
        sent = self.cleaned_data["proof"]
        return sent and Proof(sent.file, sent.size, sent.name)


def _note_choice(request) -> None:
    if request.FILES:
        request.POST = request.POST.copy()
        request.POST[CHOSEN] = "1"


class ByHand:
    """Put before BackOfficeAdmin.  by_hand_amount: the column that says how much; nobody types it.
    by_hand_service: called as service(pk, actor=, way=, reference=, note=, proof=)."""

    by_hand_title: str
    by_hand_amount: str
    by_hand_service: Callable
    actions_detail = ["by_hand"]
    action_permissions = {"by_hand": "commerce.handle_offlinerecord"}

    @action(description="线下收退款", url_path="by-hand", permissions=["by_hand"], icon="handshake")
    def by_hand(self, request, object_id):
        row = self.get_object(request, object_id)
        if row is None or not self._reaches(request, row, "by_hand"):
            raise Http404
        posted = request.method == "POST"
        form = OfflineForm(request.POST, request.FILES) if posted else OfflineForm()
        if posted and (form.is_valid() or CHOSEN in request.POST):
            _note_choice(request)
            if page := ask_first(request, f"{self.by_hand_title}“{row}”"):
                return page
        if posted and form.is_valid() and self._carry_out_by_hand(request, row, form):
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(page, args=[row.pk]))
        context = self.admin_site.each_context(request) | {
            "title": self.by_hand_title,
            "opts": self.opts,
            "original": row,  # its way in the header
            "row": row,
            "amount": yuan(getattr(row, self.by_hand_amount)),
            "form": form,
        }
        return TemplateResponse(request, "admin/by_hand.html", context)

    def _carry_out_by_hand(self, request, row, form) -> bool:
        try:
            record = self.by_hand_service(row.pk, actor=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            return False
        self.message_user(request, f"{row}：{_SAID[record.status]}", messages.SUCCESS)
        return True

    def has_by_hand_permission(self, request, object_id=None):
        return request.user.has_perm("commerce.handle_offlinerecord")
