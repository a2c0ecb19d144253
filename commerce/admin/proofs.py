"""The button 「查看凭证」: the picture that came with a record of money, in the operation log."""

from django.contrib import messages
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from unfold.decorators import action

from accounts.audit import log_request
from media.services.links import preview_path


class WithProof:
    """Put before BackOfficeAdmin; `proof_of(row)` finds the file or None.  For who may see the
    payment, by a link of their own."""

    actions_detail = ["proof"]

    @action(description="查看凭证", url_path="proof", permissions=["proof"], icon="receipt")
    def proof(self, request, object_id):
        row = self.get_object(request, object_id)
        if row is None or not self._reaches(request, row, "view"):
            raise Http404
        file = self.proof_of(row)
        if file is None:
            self.message_user(request, "没有上传凭证图片", messages.INFO)
            page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(page, args=[row.pk]))
        log_request(request, request.user)
        return HttpResponseRedirect(preview_path(file.pk, request.user.pk))

    def has_proof_permission(self, request, object_id=None):
        return request.user.has_perm("commerce.view_payment")
