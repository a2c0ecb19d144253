from django.contrib import admin
from unfold.decorators import action, display

from commerce.admin.money import RemarkActionForm, remark_of
from commerce.admin.proofs import WithProof
from commerce.models import OfflineRecord
from commerce.services.offline import confirm_offline, refuse_offline
from config.admin import BackOfficeAdmin, ReadOnly, yuan


@admin.register(OfflineRecord)
class OfflineRecordAdmin(WithProof, ReadOnly, BackOfficeAdmin):
    """Recorded on the page of an order or refund, confirmed here by another person."""

    list_display = [
        "created_at", "direction", "order", "way", "reference", "amount", "status", "recorded_by",
        "decided_by",
    ]  # fmt: skip
    list_filter = ["status", "way", ("refund", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["payment__order", "recorded_by", "decided_by"]
    search_fields = ["reference__exact", "payment__order__number__exact", "payment__number__exact"]
    search_help_text = "凭证号、订单编号或商户单号（完整输入）"
    readonly_fields = ["direction", "order", "money"]
    fields = [
        "direction", "order", "payment", "refund", "way", "money", "reference", "note", "status",
        "recorded_by", "created_at", "decided_by", "decided_at",
    ]  # fmt: skip
    action_form = RemarkActionForm
    actions = ["confirm", "refuse"]
    step_up = frozenset({"confirm"})

    def proof_of(self, record):
        return record.proof

    @display(description="收/退", label={"收款": "success", "退款": "warning"})
    def direction(self, record):
        return "收款" if record.refund_id is None else "退款"

    @display(description="订单")
    def order(self, record):
        return record.payment.order.number

    @display(description="金额")
    def money(self, record):
        return yuan(record.amount)

    @action(description="复核通过（第二人）", permissions=["handle"])
    def confirm(self, request, queryset):
        self.call_each(request, queryset, confirm_offline)

    @action(description="驳回或撤回", permissions=["handle"])
    def refuse(self, request, queryset):
        self.call_each(request, queryset, refuse_offline, note=remark_of(request))

    def has_handle_permission(self, request):
        return request.user.has_perm("commerce.handle_offlinerecord")
