from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display
from unfold.forms import ActionForm
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.exports import Exportable
from commerce.admin.by_hand import ByHand
from commerce.admin.exporting import FROM_LIST
from commerce.admin.proofs import WithProof
from commerce.models import Payment, PaymentAnomaly, PaymentNotice, Refund
from commerce.services.anomalies import handle_anomaly
from commerce.services.offline import pay_back_by_hand
from commerce.services.refund_review import (
    approve_refund,
    confirm_refund,
    reject_refund,
    retry_refund,
)
from config.admin import COLOURS, BackOfficeAdmin, ReadOnly, ReadOnlyInline, yuan

REMARK = "remark"


class RemarkActionForm(ActionForm):
    """A line of words beside the choice of action."""

    remark = forms.CharField(
        label="",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "说明（选填，最多 200 字）"}),
    )


def remark_of(request) -> str:
    return request.POST.get(REMARK, "").strip()


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ["number", "amount", "reason_code", "status", "error", "created_at", "succeeded_at"]
    show_change_link = True


@admin.register(Payment)
class PaymentAdmin(WithProof, Exportable, ReadOnly, BackOfficeAdmin):
    list_display = [
        "number", "order", "method", "amount", "refunded_amount", "status", "transaction_id",
        "created_at", "paid_at",
    ]  # fmt: skip
    list_filter = ["status", "method", ("amount", RangeNumericFilter), "created_at", "paid_at"]
    list_select_related = ["order"]
    search_fields = ["number__exact", "transaction_id__exact", "order__number__exact"]
    search_help_text = "商户单号、渠道流水号或订单编号（完整输入）"
    readonly_fields = ["money", "refunded"]
    fields = [
        "number", "order", "method", "money", "refunded", "status", "transaction_id",
        "created_at", "expires_at", "prepaid_at", "paid_at", "next_query_at", "queries",
    ]  # fmt: skip
    inlines = [RefundInline]
    actions = ["export_chosen"]
    step_up = frozenset({"export_chosen"})
    action_permissions = {"export": "accounts.export_data"}
    export_of, from_list = "payment", FROM_LIST

    def proof_of(self, payment):
        """Of the money that came; what went back has its own records."""
        records = payment.offline_records.filter(refund=None).exclude(proof=None)
        found = records.select_related("proof").order_by("-pk").first()
        return found and found.proof

    @display(description="金额")
    def money(self, payment):
        return yuan(payment.amount)

    @display(description="已退金额")
    def refunded(self, payment):
        return yuan(payment.refunded_amount)


@admin.register(Refund)
class RefundAdmin(Exportable, ByHand, ReadOnly, BackOfficeAdmin):
    """Requests are reviewed and failures retried here; the money itself moves by tasks."""

    list_display = [
        "number", "order", "amount", "status", "reason_code", "reason", "requested_by",
        "created_at", "succeeded_at", "error",
    ]  # fmt: skip
    list_filter = [
        "status", "reason_code", "payment__method", ("amount", RangeNumericFilter), "created_at",
        "succeeded_at",
    ]  # fmt: skip
    list_select_related = ["order", "requested_by"]
    search_fields = [
        "number__exact", "order__number__exact", "payment__number__exact",
        "order__user__phone__exact",
    ]  # fmt: skip
    search_help_text = "退款单号、订单编号、商户单号或用户手机号（完整输入）"
    readonly_fields = ["money"]
    fields = [
        "number", "order", "payment", "money", "status", "reason_code", "reason", "closes_order",
        "requested_by", "reviewed_by", "confirmed_by", "review_note", "provider_id", "attempts",
        "next_try_at", "error", "created_at", "succeeded_at",
    ]  # fmt: skip
    action_form = RemarkActionForm
    actions = ["approve", "confirm", "reject", "retry", "export_chosen"]
    step_up = frozenset({"approve", "confirm", "retry", "export_chosen"})
    action_permissions = ByHand.action_permissions | {"export": "accounts.export_data"}
    export_of, from_list = "refund", FROM_LIST
    by_hand_title, by_hand_amount = "线下退款登记", "amount"
    by_hand_service = staticmethod(pay_back_by_hand)

    @display(description="金额")
    def money(self, refund):
        return yuan(refund.amount)

    @action(description="同意退款", permissions=["approve"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, approve_refund, note=remark_of(request))

    @action(description="复核通过（第二人）", permissions=["approve"])
    def confirm(self, request, queryset):
        self.call_each(request, queryset, confirm_refund, note=remark_of(request))

    @action(description="驳回申请", permissions=["approve"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, reject_refund, note=remark_of(request))

    @action(description="重试失败的退款", permissions=["approve"])
    def retry(self, request, queryset):
        self.call_each(request, queryset, retry_refund)

    def has_approve_permission(self, request):
        return request.user.has_perm("commerce.approve_refund")


@admin.register(PaymentAnomaly)
class PaymentAnomalyAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["sort", "payment", "count", "created_at", "last_at", "handled_at", "handled_by"]
    list_filter = ["kind", ("handled_at", admin.EmptyFieldListFilter), "created_at"]
    list_select_related = ["payment", "handled_by"]
    search_fields = ["payment__number__exact", "payment__order__number__exact"]
    search_help_text = "商户单号或订单编号（完整输入）"
    fields = [
        "kind", "payment", "detail", "count", "created_at", "last_at", "handled_at",
        "handled_by", "remark",
    ]  # fmt: skip
    action_form = RemarkActionForm
    actions = ["mark_handled"]

    @display(description="类型", ordering="kind", label=COLOURS)
    def sort(self, anomaly):
        return anomaly.kind, anomaly.get_kind_display()

    @action(description="标记为已处理", permissions=["handle"])
    def mark_handled(self, request, queryset):
        self.call_each(request, queryset, handle_anomaly, remark=remark_of(request))

    def has_handle_permission(self, request):
        return request.user.has_perm("commerce.handle_paymentanomaly")


@admin.register(PaymentNotice)
class PaymentNoticeAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["event_id", "method", "number", "deliveries", "received_at", "processed_at"]
    list_filter = ["method", ("processed_at", admin.EmptyFieldListFilter), "received_at"]
    search_fields = ["event_id__exact", "number__exact"]
    search_help_text = "事件 ID 或商户单号（完整输入）"
    fields = list_display
