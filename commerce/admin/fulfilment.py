from django.contrib import admin
from unfold.decorators import action, display

from commerce.models import Shipment, ShippingReport
from commerce.services.reports import retry_report
from config.admin import BackOfficeAdmin, ReadOnly


@admin.register(Shipment)
class ShipmentAdmin(ReadOnly, BackOfficeAdmin):
    """Parcels, to find an order by what is printed on the box."""

    list_display = [
        "tracking_number", "carrier", "order", "merchant", "order_status", "shipped_at",
        "shipped_by", "wrong_number",
    ]  # fmt: skip
    list_filter = ["carrier", "order__status", "shipped_at"]
    list_select_related = ["order__merchant", "shipped_by"]
    search_fields = ["tracking_number__exact", "order__number__exact"]
    search_help_text = "运单号或订单编号（完整输入）"
    fields = [
        "order", "merchant", "carrier", "tracking_number", "wrong_number", "shipped_at",
        "shipped_by",
    ]  # fmt: skip
    readonly_fields = ["merchant"]

    @display(description="商户")
    def merchant(self, shipment):
        return shipment.order.merchant or "—"

    @display(description="订单状态")
    def order_status(self, shipment):
        return shipment.order.get_status_display()


@admin.register(ShippingReport)
class ShippingReportAdmin(ReadOnly, BackOfficeAdmin):
    """What WeChat has to hear before it settles; what it refused is tried again here."""

    list_display = [
        "order", "merchant", "status", "attempts", "next_try_at", "uploads", "uploaded_at",
        "settled_at", "errcode", "error",
    ]  # fmt: skip
    list_filter = ["status", "order__fulfilment", "created_at", "uploaded_at"]
    list_select_related = ["order__merchant"]
    search_fields = ["order__number__exact", "order__paid_by__transaction_id__exact"]
    search_help_text = "订单编号或微信支付单号（完整输入）"
    fields = [*list_display, "unsure", "created_at"]
    readonly_fields = ["merchant"]
    actions = ["upload_again"]

    @display(description="商户")
    def merchant(self, report):
        return report.order.merchant or "—"

    @action(description="重新上传", permissions=["retry"])
    def upload_again(self, request, queryset):
        self.call_each(request, queryset, retry_report)

    def has_retry_permission(self, request):
        return request.user.has_perm("commerce.retry_shippingreport")
