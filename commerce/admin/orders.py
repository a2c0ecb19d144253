from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef
from unfold.contrib.filters.admin import RangeNumericFilter
from unfold.decorators import action, display

from accounts.admin.exports import Exportable
from commerce.admin.by_hand import ByHand
from commerce.admin.exporting import FROM_LIST
from commerce.admin.ledger import lines_of
from commerce.admin.order_analysis import OrderAnalysis
from commerce.admin.story import WithStory
from commerce.models import (
    LedgerTransaction,
    Order,
    OrderItem,
    Payment,
    PaymentMethod,
    Refund,
)
from commerce.payables import kind_labels
from commerce.services.offline import receive_offline
from commerce.services.orders import cancel_order
from config.admin import BackOfficeAdmin, ReadOnly, ReadOnlyInline, masked, yuan
from config.masking import mask_phone


class KindFilter(SimpleListFilter):
    """By what is sold; the kinds are those of settings, not those of every line ever sold."""

    title, parameter_name = "类型", "kind"

    def lookups(self, request, model_admin):
        return kind_labels().items()

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        return queryset.filter(
            Exists(OrderItem.objects.filter(order=OuterRef("pk"), kind=self.value()))
        )


class MethodFilter(SimpleListFilter):
    """By how its buyer paid, or tried to."""

    title, parameter_name = "支付方式", "method"

    def lookups(self, request, model_admin):
        return PaymentMethod.choices

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        return queryset.filter(
            Exists(Payment.objects.filter(order=OuterRef("pk"), method=self.value()))
        )


class OrderItemInline(ReadOnlyInline):
    model = OrderItem
    fields = ["sort", "target_id", "title", "unit_price", "quantity"]

    def has_view_permission(self, request, obj=None):
        return True  # part of the order: who may see that may see these

    @display(description="类型")
    def sort(self, item):
        return kind_labels().get(item.kind, item.kind)


class PaymentInline(ReadOnlyInline):
    model = Payment
    fields = ["number", "method", "amount", "status", "transaction_id", "paid_at"]
    show_change_link = True


class RefundInline(ReadOnlyInline):
    model = Refund
    fields = ["number", "amount", "reason_code", "status", "created_at", "succeeded_at"]
    show_change_link = True


class LedgerInline(ReadOnlyInline):
    """What the order did to the books, for those who may see them."""

    model = LedgerTransaction
    fields = ["created_at", "cause", "lines"]
    ordering = ["pk"]
    show_change_link = True

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("entries")

    @display(description="分录")
    def lines(self, booked):
        return lines_of(booked)


@admin.register(Order)
class OrderAdmin(Exportable, WithStory, OrderAnalysis, ByHand, ReadOnly, BackOfficeAdmin):
    """Orders are read here and moved by the actions, never edited field by field."""

    list_display = [
        "number", "buyer", "phone", "titles", "status", "total_amount", "refunded_amount",
        "created_at", "paid_at",
    ]  # fmt: skip
    list_filter = [
        "status", KindFilter, MethodFilter, "fulfilment", ("total_amount", RangeNumericFilter),
        "created_at", "paid_at",
    ]  # fmt: skip
    list_select_related = ["user"]
    search_fields = [
        "number__exact", "user__phone__exact", "payments__number__exact",
        "payments__transaction_id__exact",
    ]  # fmt: skip
    search_help_text = "订单编号、用户手机号、商户单号或渠道流水号（完整输入）"
    readonly_fields = ["phone", "total", "refunded"]
    phone = masked("user__phone", "手机号", mask_phone)
    fields = [
        "number", "status", "user", "phone", "total", "refunded", "created_at", "expires_at",
        "paid_at", "paid_by", "completed_at", "settles_at", "on_hold", "commission_percent",
    ]  # fmt: skip
    inlines = [OrderItemInline, PaymentInline, RefundInline, LedgerInline]
    actions = ["cancel_orders", "export_chosen"]
    step_up = frozenset({"export_chosen"})
    action_permissions = ByHand.action_permissions | {"export": "accounts.export_data"}
    export_of, from_list = "order", FROM_LIST
    by_hand_title, by_hand_amount = "线下收款", "total_amount"
    by_hand_service = staticmethod(receive_offline)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("items")

    @display(description="用户", ordering="user")
    def buyer(self, order):
        return order.user.display_name

    @display(description="内容")
    def titles(self, order):
        return "、".join(item.title for item in order.items.all())

    @display(description="总金额")
    def total(self, order):
        return yuan(order.total_amount)

    @display(description="已退金额")
    def refunded(self, order):
        return yuan(order.refunded_amount)

    @action(description="取消所选订单（仅限未支付）", permissions=["cancel"])
    def cancel_orders(self, request, queryset):
        self.call_each(request, queryset, cancel_order)

    def has_cancel_permission(self, request):
        return request.user.has_perm("commerce.cancel_order")
