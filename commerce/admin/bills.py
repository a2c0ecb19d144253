from django.contrib import admin
from unfold.decorators import action, display

from accounts.admin.exports import Exportable
from commerce.admin.exporting import FROM_LIST
from commerce.admin.money import RemarkActionForm, remark_of
from commerce.models import Bill, BillDifference
from commerce.services.bills import import_again
from commerce.services.reconciliation import (
    note_difference,
    resolve_difference,
    take_difference,
)
from config.admin import BackOfficeAdmin, ReadOnly, yuan


@admin.register(Bill)
class BillAdmin(ReadOnly, BackOfficeAdmin):
    """One row per provider and day; imported every morning, again when somebody says so."""

    list_display = [
        "day", "method", "status", "rows", "came", "went_back", "imported_at", "error",
    ]  # fmt: skip
    list_filter = ["status", "method", "day"]
    readonly_fields = ["money", "refunded"]
    fields = [
        "method", "day", "status", "rows", "money", "refunded", "imported_at", "error",
    ]  # fmt: skip
    actions = ["run_again"]

    @display(description="收款")
    def money(self, bill):
        return yuan(bill.came)

    @display(description="退款")
    def refunded(self, bill):
        return yuan(bill.went_back)

    @action(description="重新下载并核对", permissions=["import"])
    def run_again(self, request, queryset):
        self.call_each(request, queryset, import_again)

    def has_import_permission(self, request):
        return request.user.has_perm("commerce.import_bill")


@admin.register(BillDifference)
class BillDifferenceAdmin(Exportable, ReadOnly, BackOfficeAdmin):
    """What bills and our rows say otherwise: somebody takes it, notes what they find, closes it."""

    action_form = RemarkActionForm
    list_display = [
        "kind", "number", "bill", "ours", "theirs", "status", "assigned_to", "resolution",
    ]  # fmt: skip
    list_filter = ["status", "kind", "bill__method", "bill__day"]
    list_select_related = ["bill", "assigned_to"]
    search_fields = ["number__exact", "transaction_id__exact"]
    search_help_text = "商户单号、退款单号或渠道流水号（完整输入）"
    readonly_fields = ["our_amount", "their_amount"]
    fields = [
        "kind", "number", "transaction_id", "bill", "payment", "refund", "our_amount",
        "their_amount", "status", "assigned_to", "note", "resolved_at", "resolution",
    ]  # fmt: skip
    actions = ["take", "add_note", "resolve", "export_chosen"]
    step_up = frozenset({"export_chosen"})
    action_permissions = {"export": "accounts.export_data"}
    export_of, from_list = "bill_difference", FROM_LIST

    @display(description="我方金额")
    def our_amount(self, difference):
        return yuan(difference.ours)

    @display(description="账单金额")
    def their_amount(self, difference):
        return yuan(difference.theirs)

    @action(description="由我处理", permissions=["handle"])
    def take(self, request, queryset):
        self.call_each(request, queryset, take_difference)

    @action(description="添加备注（请填写说明）", permissions=["handle"])
    def add_note(self, request, queryset):
        self.call_each(request, queryset, note_difference, note=remark_of(request))

    @action(description="处理完毕（请填写说明）", permissions=["handle"])
    def resolve(self, request, queryset):
        self.call_each(request, queryset, resolve_difference, reason=remark_of(request))

    def has_handle_permission(self, request):
        return request.user.has_perm("commerce.handle_billdifference")
