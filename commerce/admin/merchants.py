from django import forms
from django.contrib import admin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts.admin.reveals import Revealing
from commerce.admin.decisions import Deciding, Decision
from commerce.admin.money import RemarkActionForm, remark_of
from commerce.errors import CommissionMissing
from commerce.models import (
    ApplicationStatus,
    Merchant,
    MerchantApplication,
    MerchantMember,
    MerchantStatus,
    Product,
)
from commerce.services.merchants import (
    approve_merchant,
    handle_application,
    reject_merchant,
    set_commission,
    suspend_merchant,
)
from config.admin import BackOfficeAdmin, ReadOnly, ReadOnlyInline
from config.masking import mask_email, mask_name, mask_phone

SHOWN = 50


class NewestInline(ReadOnlyInline):
    """The newest of what a merchant may have thousands of; the list has the rest."""

    show_change_link = True

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        merchant = request.resolver_match.kwargs.get("object_id")
        newest = rows.filter(merchant=merchant).order_by("-pk").values("pk")[:SHOWN]
        return rows.filter(pk__in=list(newest.values_list("pk", flat=True))).order_by("-pk")


class ProductInline(NewestInline):
    model = Product
    fields = ["name", "category", "status", "price", "stock", "held", "sold", "created_at"]


class MemberInline(NewestInline):
    model = MerchantMember
    fk_name = "merchant"
    fields = ["user", "role", "invited_by", "created_at"]


class CommissionActionForm(RemarkActionForm):
    percent = forms.DecimalField(
        label="", min_value=0, max_value=100, decimal_places=2, required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "佣金比例（%）"}),
    )  # fmt: skip


def _set_commission(merchant_id: int, *, actor, percent: str) -> None:
    """As somebody typed it."""
    try:
        share = CommissionActionForm.base_fields["percent"].clean(percent)
    except forms.ValidationError:
        share = None
    if share is None:
        raise CommissionMissing
    set_commission(merchant_id, actor=actor, percent=share)


@admin.register(Merchant)
class MerchantAdmin(Deciding, Revealing, ReadOnly, BackOfficeAdmin):
    """The queue of registrations: read here, decided by the actions."""

    action_form = CommissionActionForm
    list_display = [
        "business_name", "merchant_type", "status", "user", "commission_percent", "address",
        "submitted_at", "reviewed_at", "review_note",
    ]  # fmt: skip
    list_filter = ["status", "merchant_type", "submitted_at"]
    list_select_related = ["user"]
    search_fields = ["business_name", "business_license__exact", "user__username__exact"]
    search_help_text = "商户名称，或完整的营业执照号、用户名"
    readonly_fields = ["contact"]
    fields = [
        "business_name", "merchant_type", "status", "user", "business_license",
        "contact", "address", "description", "commission_percent", "submitted_at",
        "reviewed_at", "reviewed_by", "review_note",
    ]  # fmt: skip
    inlines = [ProductInline, MemberInline]
    actions_detail = ["decide", "reveal"]
    decisions = {
        "approve": Decision("通过", MerchantStatus.APPROVED, approve_merchant),
        "reject": Decision("驳回", MerchantStatus.REJECTED, reject_merchant, "reason"),
        "suspend": Decision("暂停", MerchantStatus.SUSPENDED, suspend_merchant, "reason"),
    }
    actions = ["approve", "reject", "suspend", "commission"]
    step_up = frozenset({"commission"})

    @action(description="通过所选商户", permissions=["review"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, approve_merchant)

    @action(description="驳回所选商户（请填写说明）", permissions=["review"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, reject_merchant, reason=remark_of(request))

    @action(description="暂停所选商户（请填写说明）", permissions=["review"])
    def suspend(self, request, queryset):
        self.call_each(request, queryset, suspend_merchant, reason=remark_of(request))

    @action(description="设置佣金比例（只对新订单）", permissions=["commission"])
    def commission(self, request, queryset):
        self.call_each(request, queryset, _set_commission, percent=request.POST.get("percent", ""))

    def has_commission_permission(self, request):
        return request.user.has_perm("commerce.commission_merchant")

    @display(description="联系人")
    def contact(self, merchant):
        return _contact(merchant)

    def has_review_permission(self, request, object_id=None):
        return request.user.has_perm("commerce.review_merchant")


def _accept(application_id, **words):
    handle_application(application_id, accept=True, **words)


def _decline(application_id, **words):
    handle_application(application_id, accept=False, **words)


@admin.register(MerchantApplication)
class MerchantApplicationAdmin(Deciding, Revealing, ReadOnly, BackOfficeAdmin):
    """People to call back."""

    action_form = RemarkActionForm
    list_display = ["business_name", "status", "created_at", "handled_by", "handled_at", "remark"]
    list_filter = ["status", "created_at"]
    list_select_related = ["handled_by"]
    search_fields = ["business_name"]
    search_help_text = "商户名称"
    readonly_fields = ["contact", "mail"]
    fields = [
        "business_name", "status", "contact", "mail", "description",
        "created_at", "handled_at", "handled_by", "remark",
    ]  # fmt: skip
    actions = ["accept", "decline"]
    action_permissions = {"review": "commerce.handle_merchantapplication"}
    actions_detail = ["decide", "reveal"]
    decisions = {
        "accept": Decision("接受", ApplicationStatus.ACCEPTED, _accept, "remark"),
        "decline": Decision("谢绝", ApplicationStatus.DECLINED, _decline, "remark"),
    }

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

    @display(description="邮箱")
    def mail(self, row):
        return mask_email(row.email)

    def has_handle_permission(self, request, object_id=None):
        return request.user.has_perm("commerce.handle_merchantapplication")

    has_review_permission = has_handle_permission


def _contact(row) -> str:
    """Name and number, masked like everybody's."""
    return f"{mask_name(row.contact_person)} {mask_phone(row.contact_phone)}"
