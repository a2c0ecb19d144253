from django.contrib import admin
from unfold.decorators import action, display

from commerce.admin.money import RemarkActionForm, remark_of
from commerce.models import Merchant, MerchantApplication
from commerce.services.merchants import (
    approve_merchant,
    handle_application,
    reject_merchant,
    suspend_merchant,
)
from config.admin import BackOfficeAdmin, ReadOnly
from config.masking import mask_name, mask_phone


@admin.register(Merchant)
class MerchantAdmin(ReadOnly, BackOfficeAdmin):
    """The queue of registrations: read here, decided by the actions."""

    action_form = RemarkActionForm
    list_display = [
        "business_name", "merchant_type", "status", "user", "address", "submitted_at",
        "reviewed_at", "review_note",
    ]  # fmt: skip
    list_filter = ["status", "merchant_type", "submitted_at"]
    list_select_related = ["user"]
    search_fields = ["business_name", "business_license__exact", "user__username__exact"]
    search_help_text = "商户名称，或完整的营业执照号、用户名"
    readonly_fields = ["contact"]
    fields = [
        "business_name", "merchant_type", "status", "user", "business_license",
        "contact", "address", "description", "submitted_at",
        "reviewed_at", "reviewed_by", "review_note",
    ]  # fmt: skip
    actions = ["approve", "reject", "suspend"]

    @action(description="通过所选商户", permissions=["review"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, approve_merchant)

    @action(description="驳回所选商户（请填写说明）", permissions=["review"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, reject_merchant, reason=remark_of(request))

    @action(description="暂停所选商户（请填写说明）", permissions=["review"])
    def suspend(self, request, queryset):
        self.call_each(request, queryset, suspend_merchant, reason=remark_of(request))

    @display(description="联系人")
    def contact(self, merchant):
        return _contact(merchant)

    def has_review_permission(self, request):
        return request.user.has_perm("commerce.review_merchant")


@admin.register(MerchantApplication)
class MerchantApplicationAdmin(ReadOnly, BackOfficeAdmin):
    """People to call back."""

    action_form = RemarkActionForm
    list_display = ["business_name", "status", "created_at", "handled_by", "handled_at", "remark"]
    list_filter = ["status", "created_at"]
    list_select_related = ["handled_by"]
    search_fields = ["business_name"]
    search_help_text = "商户名称"
    readonly_fields = ["contact"]
    fields = [
        "business_name", "status", "contact", "description",
        "created_at", "handled_at", "handled_by", "remark",
    ]  # fmt: skip
    actions = ["accept", "decline"]

    @action(description="接受所选申请", permissions=["handle"])
    def accept(self, request, queryset):
        self.call_each(
            request, queryset, handle_application, accept=True, remark=remark_of(request)
        )

    @action(description="谢绝所选申请", permissions=["handle"])
    def decline(self, request, queryset):
        self.call_each(
            request, queryset, handle_application, accept=False, remark=remark_of(request)
        )

    @display(description="联系人")
    def contact(self, row):
        return _contact(row)

    def has_handle_permission(self, request):
        return request.user.has_perm("commerce.handle_merchantapplication")


def _contact(row) -> str:
    """Name and number, masked like everybody's."""
    return f"{mask_name(row.contact_person)} {mask_phone(row.contact_phone)}"
