from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display

from commerce.admin.decisions import Deciding, Decision
from commerce.admin.money import RemarkActionForm, remark_of
from commerce.admin.pictures import PictureInline
from commerce.models import (
    MerchantInvitation,
    MerchantMember,
    Product,
    ProductImage,
    ProductStatus,
    StockMovement,
)
from commerce.services.products import approve_product, reject_product
from config.admin import BackOfficeAdmin, ReadOnly, yuan


class ProductImageInline(PictureInline):
    model = ProductImage


@admin.register(Product)
class ProductAdmin(Deciding, ReadOnly, BackOfficeAdmin):
    """The queue of goods to look at, and all that are sold."""

    action_form = RemarkActionForm
    list_display = [
        "name", "merchant", "category", "status", "price", "stock", "held", "sold",
        "submitted_at", "reviewed_at",
    ]  # fmt: skip
    list_filter = [
        "status", ("merchant", AutocompleteSelectFilter), "submitted_at", "reviewed_at",
        ("archived_at", admin.EmptyFieldListFilter),
    ]  # fmt: skip
    list_select_related = ["merchant"]
    search_fields = ["name", "merchant__business_name"]
    search_help_text = "商品名称或商户名称"
    readonly_fields = ["cost"]
    fields = [
        "name", "merchant", "category", "status", "cost", "description", "image_url",
        "stock", "held", "sold", "total", "max_per_order", "needs_address",
        "submitted_at", "reviewed_at", "reviewed_by", "review_note", "created_at", "archived_at",
    ]  # fmt: skip
    inlines = [ProductImageInline]
    actions = ["approve", "reject"]
    decisions = {
        "approve": Decision("通过", ProductStatus.ON_SALE, approve_product),
        "reject": Decision("驳回或下架", ProductStatus.REJECTED, reject_product, "reason"),
    }

    @display(description="价格")
    def cost(self, product):
        return yuan(product.price)

    @action(description="通过所选商品", permissions=["review"])
    def approve(self, request, queryset):
        self.call_each(request, queryset, approve_product)

    @action(description="驳回或下架所选商品（请填写说明）", permissions=["review"])
    def reject(self, request, queryset):
        self.call_each(request, queryset, reject_product, reason=remark_of(request))

    def has_review_permission(self, request, object_id=None):
        return request.user.has_perm("commerce.review_product")


@admin.register(MerchantMember)
class MerchantMemberAdmin(ReadOnly, BackOfficeAdmin):
    """Who works for whom; merchants decide that themselves."""

    list_display = ["merchant", "user", "role", "invited_by", "created_at"]
    list_display_links = ["user"]
    list_filter = ["role", ("merchant", AutocompleteSelectFilter), "created_at"]
    list_select_related = ["merchant", "user", "invited_by"]
    search_fields = ["merchant__business_name", "user__username__exact", "user__phone__exact"]
    search_help_text = "商户名称，或完整的用户名、手机号"
    fields = ["merchant", "user", "role", "invited_by", "created_at"]


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnly, BackOfficeAdmin):
    list_display = ["product", "movement", "quantity", "order", "actor", "note", "created_at"]
    list_filter = ["movement", ("product", AutocompleteSelectFilter), "created_at"]
    list_select_related = ["product", "order_item__order", "actor"]
    search_fields = ["product__name", "order_item__order__number__exact"]
    search_help_text = "商品名称，或完整的订单编号"
    fields = ["product", "movement", "quantity", "order", "actor", "note", "created_at"]
    readonly_fields = ["order"]

    @display(description="订单")
    def order(self, row):
        return row.order_item.order.number if row.order_item else "-"


@admin.register(MerchantInvitation)
class MerchantInvitationAdmin(ReadOnly, BackOfficeAdmin):
    """Who was asked to work for a merchant; only their own yes makes them a member."""

    list_display = [
        "merchant", "user", "role", "status", "invited_by", "created_at", "expires_at",
        "decided_at",
    ]  # fmt: skip
    list_filter = ["status", "role", ("merchant", AutocompleteSelectFilter), "created_at"]
    list_select_related = ["merchant", "user", "invited_by"]
    search_fields = ["merchant__business_name", "user__username__exact"]
    search_help_text = "商户名称，或完整的用户名"
    fields = [
        "merchant", "user", "role", "status", "invited_by", "created_at", "expires_at",
        "decided_at",
    ]  # fmt: skip
