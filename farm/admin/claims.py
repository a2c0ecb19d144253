from django.contrib import admin
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from accounts.admin.exports import Exportable
from commerce.admin.money import RemarkActionForm, remark_of
from config.admin import BackOfficeAdmin, ReadOnly, ReadOnlyInline, masked, yuan
from config.masking import mask_phone
from farm.admin.analysis import ClaimAnalysis
from farm.models import AgreementStatus, AnimalClaim, ClaimAgreement, ClaimRenewal
from farm.services.agreements import renew_agreement, retry_agreement
from farm.services.claims import end_early, refuse_end
from farm.services.links import agreement_url


class AgreementInline(ReadOnlyInline):
    model = ClaimAgreement
    fields = ["number", "version", "status", "error", "created_at"]
    show_change_link = True


class RenewalInline(ReadOnlyInline):
    model = ClaimRenewal
    fields = ["price_paid", "months", "status", "starts_at", "ends_at", "created_at"]

    def has_view_permission(self, request, obj=None):
        return True  # part of the claim: who may see that may see these


@admin.register(AnimalClaim)
class AnimalClaimAdmin(Exportable, ClaimAnalysis, ReadOnly, BackOfficeAdmin):
    """The whole story of a claim; it is ended by the actions, with what is left going back."""

    action_form = RemarkActionForm
    list_display = [
        "number", "animal_name", "claimant", "phone", "merchant", "price_paid", "status",
        "claimed_at", "ends_at", "end_asked_at",
    ]  # fmt: skip
    list_filter = [
        "status", "end_kind", "claimed_at", "ends_at", "end_asked_at",
        ("merchant", AutocompleteSelectFilter), ("animal", AutocompleteSelectFilter),
    ]  # fmt: skip
    list_select_related = ["user", "merchant"]
    search_fields = [
        "number__exact", "animal_name", "user__phone__exact", "order_item__order__number__exact",
    ]  # fmt: skip
    search_help_text = "认领编号、用户手机号、订单编号（完整输入），或动物名字"
    readonly_fields = ["phone", "money", "order"]
    phone = masked("user__phone", "手机号", mask_phone)
    fields = [
        "number", "status", ("user", "phone"), ("animal", "animal_name", "merchant"),
        ("money", "months"), "order", ("claimed_at", "ends_at"),
        ("agreement", "agreed_at", "agreed_from"), ("end_asked_at", "end_asked_reason"),
        ("ended_at", "ended_by"), ("end_kind", "end_reason"), "created_at",
    ]  # fmt: skip
    inlines = [RenewalInline, AgreementInline]
    actions = ["end_selected", "refuse_selected", "renew_selected", "export_chosen"]
    step_up = frozenset({"export_chosen"})
    action_permissions = {"export": "accounts.export_data"}
    export_of = "animal_claim"
    from_list = {
        "q": "search", "status__exact": "status", "end_kind__exact": "end_kind",
        "merchant__id__exact": "merchant", "animal__id__exact": "animal",
    }  # fmt: skip

    @display(description="认领人", ordering="user")
    def claimant(self, claim):
        return claim.user.display_name

    @display(description="价格")
    def money(self, claim):
        return yuan(claim.price_paid)

    @display(description="订单")
    def order(self, claim):
        return claim.order_item.order.number

    @action(description="提前结束所选认领并按比例退款（请填写说明）", permissions=["end"])
    def end_selected(self, request, queryset):
        self.call_each(request, queryset, end_early, reason=remark_of(request))

    @action(description="驳回所选认领的提前结束申请（请填写说明）", permissions=["end"])
    def refuse_selected(self, request, queryset):
        self.call_each(request, queryset, refuse_end, reason=remark_of(request))

    @action(description="为所选认领重新生成协议", permissions=["renew"])
    def renew_selected(self, request, queryset):
        self.call_each(request, queryset, renew_agreement)

    def has_end_permission(self, request):
        return request.user.has_perm("farm.end_animalclaim")

    def has_renew_permission(self, request):
        return request.user.has_perm("farm.renew_claimagreement")


@admin.register(ClaimAgreement)
class ClaimAgreementAdmin(ReadOnly, BackOfficeAdmin):
    """Printed by a task; what could not be printed is tried again here."""

    list_display = ["number", "claim", "version", "status", "error", "created_at"]
    list_filter = ["status", "created_at"]
    list_select_related = ["claim"]
    search_fields = ["number__exact", "claim__number__exact", "claim__animal_name"]
    search_help_text = "协议编号、认领编号（完整输入），或动物名字"
    readonly_fields = ["document", "sha256"]
    fields = [
        "number", "claim", "version", "status", "document", "sha256", "error",
        ("attempts", "next_try_at"), "created_at",
    ]  # fmt: skip
    actions = ["retry_selected"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("snapshot")

    def get_object(self, request, object_id, from_field=None):
        agreement = super().get_object(request, object_id, from_field)
        if agreement is not None:
            agreement.reader_id = request.user.pk
        return agreement

    @display(description="SHA-256")
    def sha256(self, agreement):
        return agreement.file.sha256 if agreement.status == AgreementStatus.READY else "-"

    @display(description="文件")
    def document(self, agreement):
        """The reader's own link of ten minutes, as the parties get it."""
        if agreement.status != AgreementStatus.READY:
            return "-"
        address = agreement_url(agreement.pk, user_id=agreement.reader_id)
        return format_html('<a href="{}" target="_blank" rel="noopener">查看 PDF</a>', address)

    @action(description="重新尝试生成所选协议", permissions=["renew"])
    def retry_selected(self, request, queryset):
        self.call_each(request, queryset, retry_agreement)

    def has_renew_permission(self, request):
        return request.user.has_perm("farm.renew_claimagreement")
