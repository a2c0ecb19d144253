from django.contrib import admin
from django.http import Http404
from django.template.response import TemplateResponse
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from accounts.admin.reveals import Revealing
from accounts.audit import log_request
from commerce.admin.decisions import Deciding, Decision
from commerce.admin.story import WithStory
from config.admin import BackOfficeAdmin, ReadOnly, yuan
from counseling.admin.story import SECTIONS
from counseling.models import Dispute, DisputeStatus
from counseling.services.disputes import reject_dispute, uphold_dispute, uphold_half
from counseling.services.evidence import evidence_for
from media.models import Variant
from media.services.links import preview_path


@admin.register(Dispute)
class DisputeAdmin(WithStory, Deciding, Revealing, ReadOnly, BackOfficeAdmin):
    """The queue of what clients dispute.  What the two sides wrote is revealed for a reason."""

    story = SECTIONS
    action_permissions = {
        "review": "counseling.decide_dispute", "look": "counseling.decide_dispute",
    }  # fmt: skip
    actions_detail = ["decide", "reveal", "evidence"]
    decisions = {
        "uphold": Decision(
            "支持来访者，全额退款", DisputeStatus.UPHELD, uphold_dispute, words="note"
        ),
        "half": Decision("支持来访者，退款一半", DisputeStatus.UPHELD, uphold_half, words="note"),
        "reject": Decision("不支持", DisputeStatus.REJECTED, reject_dispute, words="note"),
    }

    list_display = [
        "number", "appointment", "counselor", "reason", "status", "answer_by", "decide_by",
        "refund", "created_at",
    ]  # fmt: skip
    list_filter = [
        "status", "reason", "decide_by", "created_at",
        ("appointment__counselor", AutocompleteSelectFilter),
    ]  # fmt: skip
    list_select_related = ["appointment__counselor", "appointment__user"]
    search_fields = [
        "number__exact", "appointment__number__exact", "appointment__counselor__name",
        "appointment__user__phone__exact", "appointment__order_item__order__number__exact",
    ]  # fmt: skip
    search_help_text = "争议编号、预约编号、订单编号或用户手机号（完整输入），或咨询师姓名"
    fields = [
        "number", "status", "appointment", "counselor", "client", "reason",
        ("session", "outcome"), ("created_at", "answer_by", "answered_at"),
        ("decide_by", "decided_at", "decided_by"), "decision_note", "money",
    ]  # fmt: skip
    readonly_fields = ["counselor", "client", "session", "outcome", "money"]

    def story_of(self, obj):
        return obj.appointment

    @display(description="咨询师", ordering="appointment__counselor__name")
    def counselor(self, dispute):
        return dispute.appointment.counselor.name

    @display(description="预约人")
    def client(self, dispute):
        return dispute.appointment.user.display_name

    @display(description="咨询时间")
    def session(self, dispute):
        return dispute.appointment.time_text

    @display(description="预约状态")
    def outcome(self, dispute):
        return dispute.appointment.get_status_display()

    @display(description="退款")
    def money(self, dispute):
        return yuan(dispute.refund) if dispute.refund else "-"

    @action(description="查看证据", url_path="evidence", permissions=["look"], icon="photo_library")
    def evidence(self, request, object_id):
        """What the two sides put in; that it was looked at stands in the operation log."""
        dispute = self.get_object(request, object_id)
        if dispute is None or not self._reaches(request, dispute, "look"):
            raise Http404
        log_request(request, request.user)
        pictures = [
            (
                row.get_side_display(),
                *(preview_path(row.file_id, request.user.pk, size) for size in Variant),
            )
            for row in evidence_for(dispute, request.user)
        ]
        context = self.admin_site.each_context(request) | {
            "title": "争议证据", "opts": self.opts, "original": dispute, "row": dispute,
            "pictures": pictures,
        }  # fmt: skip
        return TemplateResponse(request, "admin/evidence.html", context)

    def has_look_permission(self, request, object_id=None):
        return request.user.has_perm("counseling.decide_dispute")

    def has_review_permission(self, request, object_id=None):
        return request.user.has_perm("counseling.decide_dispute")
